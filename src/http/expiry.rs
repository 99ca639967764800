//! When the server's certificate stops being valid, and how often the log says so.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;
use x509_cert::{Certificate, der::Decode, time::Time};

/// How often to look at the clock. Not only when a day is over: the clock may be set, and a machine may sleep.
pub(super) const LOOK: Duration = Duration::from_hours(1);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// From so long before its end on, a certificate is worth a warning.
const NOTICE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The dates of a chain: the latest beginning and the earliest end of its certificates, since clients check each.
#[derive(Debug)]
pub(super) struct Expiry {
    path: PathBuf,
    from: Timestamp,
    until: Timestamp,
    said: Option<Timestamp>,
}

impl Expiry {
    /// Of the chain that was read from this file.
    pub(super) fn of(path: &Path, chain: &[CertificateDer<'_>]) -> Option<Self> {
        let certificates = chain.iter().filter_map(|der| Certificate::from_der(der).ok());
        let dates = certificates.map(|one| *one.tbs_certificate().validity());
        let dates = dates.map(|one| (timestamp(one.not_before), timestamp(one.not_after)));
        let (from, until) = dates.reduce(|(from, until), one| (from.max(one.0), until.min(one.1)))?;
        Some(Self { path: path.to_owned(), from, until, said: None })
    }

    /// When it expires.
    pub(super) fn until(&self) -> Timestamp {
        self.until
    }

    /// What to say at this moment: at most once a day, whichever way the clock was set meanwhile.
    pub(super) fn warning(&mut self, now: Timestamp) -> Option<String> {
        if self.said.is_some_and(|said| said.duration_until(now).abs() < DAY) {
            return None;
        }
        let (path, from, until) = (self.path.display(), self.from, self.until);
        let left = now.duration_until(until);
        let warning = if !left.is_positive() {
            format!(
                "the certificate in `{path}` expired at {until:.0}; the clock says {now:.0}; replace it and send SIGHUP"
            )
        } else if from > now {
            format!("the certificate in `{path}` is not valid before {from:.0}; the clock says {now:.0}")
        } else if left <= NOTICE {
            let left = approximately(left);
            format!(
                "the certificate in `{path}` expires in {left}, at {until:.0}; replace it and send SIGHUP"
            )
        } else {
            return None;
        };
        self.said = Some(now);
        Some(warning)
    }
}

fn timestamp(time: Time) -> Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

fn approximately(left: SignedDuration) -> String {
    match left.as_hours() {
        0 => "less than an hour".to_owned(),
        hours @ 1..48 => format!("{hours} h"),
        hours => format!("{} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;
    const END: i64 = 1_800_000_000;

    fn expiry() -> Expiry {
        let at = |second| Timestamp::from_second(second).unwrap_or_default();
        Expiry { path: "a.pem".into(), from: at(END - 90 * 24 * HOUR), until: at(END), said: None }
    }

    /// What is said in an hour that is so far from the end.
    fn said(expiry: &mut Expiry, hour: i64) -> Option<String> {
        expiry.warning(Timestamp::from_second(END + hour * HOUR).unwrap_or_default())
    }

    #[test]
    fn a_certificate_is_a_warning_once_a_day_in_its_last_fourteen() {
        let mut expiry = expiry();
        let hours: Vec<i64> = (-30 * 24..48).filter(|hour| said(&mut expiry, *hour).is_some()).collect();
        let days: Vec<i64> = (-14..2).map(|day| day * 24).collect();
        assert_eq!(hours, days);
    }

    #[test]
    fn a_clock_that_is_set_silences_nothing() {
        let mut expiry = expiry();
        assert!(said(&mut expiry, 1000).is_some());
        assert!(said(&mut expiry, -100).is_some());
        assert!(said(&mut expiry, -99).is_none());
        assert!(said(&mut expiry, -15 * 24).is_none());
        assert!(said(&mut expiry, -10).is_some());
    }

    #[test]
    fn what_is_said_names_the_time_that_is_left() {
        fn case(hour: i64, expected: &str) {
            assert_eq!(said(&mut expiry(), hour).as_deref(), Some(expected));
        }
        case(
            -100 * 24,
            "the certificate in `a.pem` is not valid before 2026-10-17T08:00:00Z; the clock says 2026-10-07T08:00:00Z",
        );
        case(
            -14 * 24,
            "the certificate in `a.pem` expires in 14 days, at 2027-01-15T08:00:00Z; replace it and send SIGHUP",
        );
        case(
            -48,
            "the certificate in `a.pem` expires in 2 days, at 2027-01-15T08:00:00Z; replace it and send SIGHUP",
        );
        case(
            -47,
            "the certificate in `a.pem` expires in 47 h, at 2027-01-15T08:00:00Z; replace it and send SIGHUP",
        );
        case(
            0,
            "the certificate in `a.pem` expired at 2027-01-15T08:00:00Z; the clock says 2027-01-15T08:00:00Z; replace it and send SIGHUP",
        );
        assert_eq!(said(&mut expiry(), -14 * 24 - 1), None);
        assert_eq!(approximately(SignedDuration::from_secs(3599)), "less than an hour");
    }
}
