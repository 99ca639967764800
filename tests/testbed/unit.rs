//! The packaged units, as a package would install them.

use std::net::TcpListener;

use crate::{bed::Bed, http};

/// What is packaged, and where it goes.
pub const FILES: &[(&str, &str)] = &[
    (
        include_str!("../../packaging/systemd/sek8s-status.service"),
        "/lib/systemd/system/sek8s-status.service",
    ),
    (include_str!("../../packaging/systemd/sek8s-status.socket"), "/lib/systemd/system/sek8s-status.socket"),
    (include_str!("../../packaging/systemd/sek8s-status.sysusers"), "/usr/lib/sysusers.d/sek8s-status.conf"),
    (include_str!("../../packaging/systemd/sek8s-status.tmpfiles"), "/usr/lib/tmpfiles.d/sek8s-status.conf"),
    (include_str!("../../packaging/systemd/sek8s-status.env"), "/etc/sek8s-status/sek8s-status.env"),
];

/// Where a package puts the binary.
pub const BINARY: &str = "/usr/bin/sek8s-status";

/// The service as it is packaged.
pub const SERVICE: &str = FILES[0].0;

/// For the service that listens by itself.
pub const LISTEN: &str = include_str!("../../packaging/systemd/drop-ins/listen.conf");

/// For the service that has a capability instead of the journal's group.
pub const JOURNAL_CAPABILITY: &str = include_str!("../../packaging/systemd/drop-ins/journal-capability.conf");

/// The units and all that belongs to them; gone when it is dropped.
pub struct Unit<'a> {
    bed: &'a Bed,
    /// Where the socket listens, or is told to by [`Unit::drop_in`].
    pub port: u16,
}

impl<'a> Unit<'a> {
    /// Installs them, with a socket on a port that is free here and one at `/run/passed.sock`.
    pub fn install(bed: &'a Bed) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let files: String =
            FILES.iter().map(|(text, path)| format!("put {path} <<'EOF'\n{text}EOF\n")).collect();
        bed.sh(&format!(
            "put() {{ install -D -m 644 /dev/stdin $1; }}
            install -m 755 {} {BINARY}
            {files}
            systemd-sysusers sek8s-status.conf && systemd-tmpfiles --create sek8s-status.conf",
            bed.binary()
        ));
        let unit = Self { bed, port };
        unit.change(
            "socket",
            "here",
            &format!(
                "[Socket]\nListenStream=\nListenStream=127.0.0.1:{port}\n\
            ListenStream=/run/passed.sock\n"
            ),
        );
        unit
    }

    /// A drop-in for the service.
    pub fn drop_in(&self, name: &str, text: &str) {
        self.change("service", name, text);
    }

    fn change(&self, kind: &str, name: &str, text: &str) {
        self.bed.sh(&format!(
            "install -D -m 644 /dev/stdin /etc/systemd/system/sek8s-status.{kind}.d/{name}.conf <<'EOF'\n{text}\nEOF
            systemctl daemon-reload"
        ));
    }

    /// One answer over TCP.
    pub fn get(&self, path: &str) -> std::io::Result<String> {
        http::over_tcp(("127.0.0.1", self.port), path)
    }

    /// A property of the service.
    pub fn property(&self, name: &str) -> String {
        self.bed.sh(&format!("systemctl show -P {name} sek8s-status.service")).trim().to_owned()
    }
}

impl Drop for Unit<'_> {
    fn drop(&mut self) {
        self.bed.sh("systemctl unmask -q sek8s-status.socket
            systemctl stop sek8s-status.socket sek8s-status.service 2>/dev/null || :
            rm -rf /etc/systemd/system/sek8s-status.* /lib/systemd/system/sek8s-status.* /run/passed.sock \\
                /usr/lib/sysusers.d/sek8s-status.conf /usr/lib/tmpfiles.d/sek8s-status.conf /etc/sek8s-status \\
                /usr/bin/sek8s-status
            userdel chutes
            systemctl daemon-reload; systemctl reset-failed");
    }
}
