//! Certificates that are about to expire.

use std::path::PathBuf;

use super::*;

/// A server whose certificate is good for so many hours more.
fn serve_for(dates: Dates) -> (Test, Pki) {
    let (test, pki) = with_tls(serve(""));
    renew(&pki, test.programs().path(), dates);
    (test, pki)
}

fn renew(pki: &Pki, folder: &Path, dates: Dates) {
    pki.server_of("server", dates);
    hand_over(&folder.join("server.key"));
}

fn warnings(server: &Server) -> usize {
    server.said().matches("the certificate in `").count()
}

#[test]
fn a_certificate_in_its_last_fourteen_days_is_a_warning_at_the_start() {
    for (hours, said) in [(14 * 24 - 1, "expires in 13 days, at 20"), (30, "expires in 29 h, at 20")] {
        let server = Server::start(serve_for(Dates::Hours(hours)).0);
        assert!(server.said().contains(said), "{}", server.said());
        assert_eq!(warnings(&server), 1);
    }
    assert_eq!(warnings(&Server::start(serve_for(Dates::Hours(15 * 24)).0)), 0);
    // Also where another one of the chain ends first, and where it is only looked at.
    let (test, pki) = serve_for(Dates::Now);
    pki.server_of("other", Dates::Hours(30));
    let folder = test.programs().path().to_owned();
    let chain =
        ["server.pem", "other.pem"].map(|name| fs::read_to_string(folder.join(name)).unwrap()).concat();
    fs::write(folder.join("server.pem"), chain).unwrap();
    assert!(Server::start(test).said().contains("expires in 29 h, at 20"));
    serve_for(Dates::Hours(30))
        .0
        .argument("--check")
        .any_stdout()
        .stderr_holds("expires in 29 h, at 20")
        .status(0);
}

#[test]
fn a_certificate_that_sighup_brings_is_a_warning_when_it_is_about_to_expire() {
    let (test, pki) = serve_for(Dates::Now);
    let folder = test.programs().path().to_owned();
    let server = Server::start(test);
    for (round, dates, all) in [(1, Dates::Hours(100), 1), (2, Dates::Hours(200), 2), (3, Dates::Now, 2)] {
        renew(&pki, &folder, dates);
        server.signal("HUP");
        eventually("it was read", || server.said().matches("certificates reloaded").count() == round);
        assert_eq!(warnings(&server), all, "{}", server.said());
    }
    // One that cannot be used is not in force, and its dates are nothing to the log.
    pki.server_of("other", Dates::Hours(100));
    fs::copy(folder.join("other.pem"), folder.join("server.pem")).unwrap();
    server.signal("HUP");
    eventually("it was refused", || {
        server.said().contains("reload failed, keeping the previous certificates: ")
    });
    assert_eq!(warnings(&server), 2, "{}", server.said());
}

/// What makes a program see another time, if it is installed (Debian: faketime).
fn faketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?;
    let files = folders.flatten().map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let mut found = files.filter(|file| file.exists());
    found.next()
}

#[test]
fn a_certificate_is_a_warning_again_each_day() {
    let Some(faketime) = faketime() else { return crate::clients::left_out("libfaketime") };
    let (test, pki) = serve_for(Dates::Hours(16 * 24));
    let folder = test.programs().path().to_owned();
    let clock = folder.join("clock");
    let set = |days: u64| {
        fs::write(folder.join("clock.new"), format!("+{days}d\n")).unwrap();
        fs::rename(folder.join("clock.new"), &clock).unwrap();
    };
    set(0);
    let test = test
        .environment("LD_PRELOAD", faketime.to_str().unwrap())
        .environment("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap())
        .environment("FAKETIME_NO_CACHE", "1")
        .environment("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        // Makes its main loop come round ten times a second, and not once an hour.
        .environment("WATCHDOG_USEC", "200000");
    let server = Server::start(test);
    assert_eq!(warnings(&server), 0);
    for (day, all, said) in [
        (3, 1, "expires in 12 days"),
        (4, 2, "expires in 11 days"),
        (15, 3, "expires in 23 h"),
        (17, 4, "expired at"),
        (18, 5, "expired at"),
    ] {
        set(day);
        eventually("it is said", || warnings(&server) == all);
        assert!(server.said().lines().last().unwrap().contains(said), "day {day}: {}", server.said());
    }
    // A new one ends it.
    pki.server_of("server", Dates::Hours(2000));
    hand_over(&folder.join("server.key"));
    for round in 1..=2 {
        server.signal("HUP");
        eventually("it was read", || server.said().matches("certificates reloaded").count() == round);
        set(19);
    }
    assert_eq!(warnings(&server), 5, "{}", server.said());
}
