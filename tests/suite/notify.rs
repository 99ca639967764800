//! What systemd hears from the server (sd_notify(3)).

use std::{
    fs,
    os::unix::{fs::PermissionsExt, net::UnixDatagram},
    time::Duration,
};

use crate::{
    server::Server,
    stub::folder,
    test::{Test, eventually},
};

#[test]
fn systemd_hears_of_readiness_and_that_the_watchdog_is_fed() {
    let folder = folder();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    // The user that root becomes writes to it.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let test = Test::new("serve --listen 127.0.0.1:0")
        .environment("NOTIFY_SOCKET", path.to_str().unwrap())
        .environment("WATCHDOG_USEC", "200000");
    let server = Server::start(test);
    let mut heard = String::new();
    let mut next = || {
        let mut message = [0; 4096];
        let length = socket.recv(&mut message).expect("systemd hears something");
        heard.push_str(std::str::from_utf8(&message[..length]).unwrap());
        heard.push('\n');
        heard.clone()
    };
    assert!(next().starts_with("READY=1"));
    eventually("the watchdog is fed twice", || next().matches("WATCHDOG=1").count() == 2);
    server.signal("TERM");
    let mut all = String::new();
    eventually("the end is announced", || {
        all = next();
        all.contains("STOPPING=1")
    });
    assert!(all.contains("STATUS=serving; 0 requests\n"), "{all}");
}
