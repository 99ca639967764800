//! The server as a unit: ready, alive, and behind its socket.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use crate::{Test, bed::Bed, http, running::PATIENCE, unit::Unit};

pub const TESTS: &[Test] = &[
    ("the unit is started once it answers, and stops well", notifies),
    ("the watchdog leaves a living server alone and restarts a stopped one", watchdog),
    ("the socket starts the server, over TCP and a Unix socket", activation),
    ("a server that serves its own log does not write into it about that", own_log),
    ("20 restarts behind the socket refuse no connection", restarts),
];

fn notifies(bed: &Bed) {
    let unit = Unit::install(bed);
    bed.sh("systemctl start sek8s-status.service");
    assert!(unit.get("/health").unwrap().starts_with("HTTP/1.1 200"));
    assert_eq!(unit.property("ActiveState"), "active");
    assert!(unit.property("StatusText").starts_with("serving; "), "{}", unit.property("StatusText"));
    assert_eq!(bed.sh("stat -c %a /run/sek8s-status").trim(), "700");
    assert_eq!(bed.sh("ls -A /run/sek8s-status").trim(), "", "nobody can reach the way to tiny_http");
    bed.sh("systemctl stop sek8s-status.service");
    assert_eq!(
        (unit.property("Result").as_str(), unit.property("ExecMainStatus").as_str()),
        ("success", "0")
    );
}

fn watchdog(bed: &Bed) {
    let unit = Unit::install(bed);
    unit.drop_in("watchdog", "[Service]\nWatchdogSec=4");
    bed.sh("systemctl start sek8s-status.service");
    // Longer than the watchdog would wait for a sign of life.
    let until = Instant::now() + Duration::from_secs(9);
    while Instant::now() < until {
        assert_eq!(
            (unit.property("ActiveState").as_str(), unit.property("NRestarts").as_str()),
            ("active", "0")
        );
    }
    bed.sh("kill -STOP $(systemctl show -P MainPID sek8s-status.service)");
    bed.wait_until("[ $(systemctl show -P NRestarts sek8s-status.service) = 1 ]");
    bed.wait_until("systemctl is-active -q sek8s-status.service");
    assert!(unit.get("/overview").unwrap().contains("\"status\":\"ok\""));
    let said = bed.sh("journalctl -u sek8s-status.service --no-pager -o cat");
    assert!(said.contains("Watchdog timeout"), "{said}");
}

fn activation(bed: &Bed) {
    let unit = Unit::install(bed);
    bed.sh("systemctl start sek8s-status.socket");
    assert_eq!(unit.property("ActiveState"), "inactive");
    let overview = unit.get("/overview").unwrap();
    assert!(overview.contains("\"status\":\"ok\""), "{overview}");
    assert!(unit.get("/services/k3s/logs?lines=1").unwrap().contains("\"returned_lines\":1"));
    assert_eq!(unit.property("ActiveState"), "active");
    let socket = bed.reach("/run/passed.sock");
    let health = http::over_unix(&socket, "/health").unwrap();
    assert!(health.ends_with("\r\n\r\n{\"status\":\"ok\"}\n"), "{health}");
    // Its peer is known, and a user that the unit's namespace does not know would be called so.
    // Asked from inside: a process out here has no number in there.
    bed.sh("perl -MIO::Socket::UNIX -e '$to = IO::Socket::UNIX->new(shift) or die; \
        print $to \"GET /nothing HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n\"; print <$to>' /run/passed.sock");
    bed.wait_until("journalctl -u sek8s-status.service -o cat | grep -q 'uid=0,pid=.* GET - 404'");
}

fn own_log(bed: &Bed) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let binary = bed.binary();
    bed.sh(&format!(
        "mkdir -p /etc/systemd/system/system-manager.service.d
        printf '[Service]\\nExecStart=\\nExecStart={binary} serve --listen 127.0.0.1:{port} --log-level debug\\n' \\
            >/etc/systemd/system/system-manager.service.d/here.conf
        systemctl daemon-reload; systemctl restart system-manager"
    ));
    let get = |id: &str| {
        let path = format!("/services/{id}/logs?lines=1");
        let until = Instant::now() + PATIENCE;
        while !http::over_tcp(("127.0.0.1", port), &path)
            .is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
        {
            assert!(Instant::now() < until, "in vain waited for {path}");
        }
    };
    get("system-manager");
    get("system-manager");
    get("k3s");
    bed.wait_until("journalctl -u system-manager -o cat | grep -q '/logs 200'");
    assert_eq!(
        bed.sh("journalctl --sync; journalctl -u system-manager -o cat | grep -c '/logs 200'").trim(),
        "1"
    );
}

fn restarts(bed: &Bed) {
    let unit = Unit::install(bed);
    bed.sh("systemctl start sek8s-status.socket sek8s-status.service");
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut answered = 0;
            while !done.load(std::sync::atomic::Ordering::SeqCst) {
                let answer = unit.get("/health").unwrap();
                assert!(answer.starts_with("HTTP/1.1 200"), "after {answered}: {answer:?}");
                answered += 1;
            }
            answered
        });
        for _ in 0..20 {
            bed.sh("systemctl restart sek8s-status.service; systemctl reset-failed sek8s-status.service");
        }
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        let answered = asking.join().unwrap();
        assert!(answered > 20, "{answered}");
        println!("{answered} requests were answered during 20 restarts");
    });
}
