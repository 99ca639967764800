//! Deadlines.

use std::time::{Duration, Instant};

/// The deadline of a whole answer, with the limit that it was made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    limit: Duration,
    at: Instant,
}

impl Deadline {
    /// `limit` from now.
    pub(crate) fn after(limit: Duration) -> Self {
        Self { limit, at: Instant::now() + limit }
    }

    /// This one, or `limit` from now if that is sooner.
    pub(crate) fn or_in(self, limit: Duration) -> Self {
        if self.left() > limit { Self::after(limit) } else { self }
    }

    /// This one or the other, whichever passes first.
    pub(crate) fn or_sooner(self, other: Self) -> Self {
        if other.at < self.at { other } else { self }
    }

    /// An earlier one of the same limit: this share of the time that is left.
    pub(crate) fn share(self, numerator: u32, denominator: u32) -> Self {
        Self { at: Instant::now() + self.left() * numerator / denominator, ..self }
    }

    /// The limit that it was made from.
    pub(crate) fn limit(self) -> Duration {
        self.limit
    }

    /// The time left; zero when it has passed.
    pub(crate) fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// The time left with this much added.
    pub(crate) fn left_with(self, slack: Duration) -> Duration {
        (self.at + slack).saturating_duration_since(Instant::now())
    }

    pub(crate) fn passed(self) -> bool {
        self.left().is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sooner_of_two_deadlines_counts() {
        let (long, short) = (Duration::from_secs(100), Duration::from_secs(10));
        assert_eq!(Deadline::after(long).or_in(short).limit(), short);
        assert_eq!(Deadline::after(short).or_in(long).limit(), short);
        assert_eq!(Deadline::after(long).or_sooner(Deadline::after(short)).limit(), short);
        assert_eq!(Deadline::after(short).or_sooner(Deadline::after(long)).limit(), short);
    }

    #[test]
    fn slack_is_added_to_the_time_left() {
        let passed = Deadline::after(Duration::ZERO);
        assert!(passed.passed());
        assert!(passed.left_with(Duration::from_secs(10)) > Duration::from_secs(5));
    }
}
