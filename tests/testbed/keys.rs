//! TLS and tokens under the packaged unit: read by its user, or handed over by systemd, and read again.

use crate::{Test, bed::Bed, unit::Unit};

pub const TESTS: &[Test] = &[
    ("a reload reads certificates and tokens again, and the service goes on", reload),
    ("systemd hands over what only root may read, anew with each restart", credentials),
];

/// A pair for this machine in a folder, the key with this group and these rights.
fn pair(bed: &Bed, folder: &str, group: &str, mode: &str) {
    bed.sh(&format!(
        "install -d {folder}; cd {folder}
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=vm \\
            -addext subjectAltName=DNS:localhost -keyout new.key -out new.pem 2>/dev/null
        chgrp {group} new.key; chmod {mode} new.key; mv new.key server.key; mv new.pem server.pem"
    ));
}

/// The certificate that is shown.
fn shown(bed: &Bed, unit: &Unit<'_>) -> String {
    bed.sh(&format!(
        "openssl s_client -connect 127.0.0.1:{} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint",
        unit.port
    ))
}

fn of(bed: &Bed, folder: &str) -> String {
    bed.sh(&format!("openssl x509 -in {folder}/server.pem -noout -fingerprint"))
}

/// What curl gets, with its status behind it.
fn curl(bed: &Bed, unit: &Unit<'_>, path: &str, token: &str) -> String {
    bed.sh(&format!(
        "curl -sk -w ' %{{http_code}}' -H 'Authorization: Bearer {token}' https://localhost:{}{path}",
        unit.port
    ))
}

fn reload(bed: &Bed) {
    let folder = "/etc/sek8s-status";
    let unit = Unit::install(bed);
    let (old, new) = ("o".repeat(40), "n".repeat(40));
    pair(bed, folder, "chutes", "640");
    bed.sh(&format!(
        "cd {folder}; echo {old} >tokens; chgrp chutes tokens; chmod 640 tokens
        printf '%s\\n' TLS_CERT_PATH={folder}/server.pem TLS_KEY_PATH={folder}/server.key \\
            REQUIRE_TLS=true AUTH_TOKEN_FILE={folder}/tokens >>sek8s-status.env
        systemctl start sek8s-status.socket"
    ));
    assert!(curl(bed, &unit, "/overview", &old).ends_with(" 200"));
    assert!(curl(bed, &unit, "/overview", &new).ends_with(" 401"));
    assert_eq!(curl(bed, &unit, "/health", &new), "{\"status\":\"ok\"}\n 200");
    assert_eq!(shown(bed, &unit), of(bed, folder));
    let process = unit.property("MainPID");

    pair(bed, folder, "chutes", "640");
    bed.sh(&format!("echo {new} >{folder}/tokens; systemctl reload sek8s-status.service"));
    assert_eq!(unit.property("ActiveState"), "active");
    bed.wait_until("journalctl -u sek8s-status.service -o cat | grep -q 'tokens reloaded'");
    assert_eq!(shown(bed, &unit), of(bed, folder));
    assert!(curl(bed, &unit, "/overview", &new).ends_with(" 200"));
    assert!(curl(bed, &unit, "/overview", &old).ends_with(" 401"));
    assert_eq!(unit.property("MainPID"), process);
    let said = bed.sh("journalctl -u sek8s-status.service -o cat --no-pager");
    assert!(
        !said.contains("is not readable after dropping privileges")
            && !said.contains(&new)
            && !said.contains(&old),
        "{said}"
    );
}

fn credentials(bed: &Bed) {
    let folder = "/etc/of-root";
    let unit = Unit::install(bed);
    pair(bed, folder, "root", "600");
    unit.drop_in(
        "keys",
        &format!(
            "[Service]\nLoadCredential=server.pem:{folder}/server.pem\nLoadCredential=server.key:{folder}/server.key\n\
            Environment=TLS_CERT_PATH=%d/server.pem TLS_KEY_PATH=%d/server.key"
        ),
    );
    bed.sh("systemctl start sek8s-status.socket");
    assert_eq!(curl(bed, &unit, "/health", ""), "{\"status\":\"ok\"}\n 200");
    let first = of(bed, folder);
    assert_eq!(shown(bed, &unit), first);
    let said = bed.sh("journalctl -u sek8s-status.service -o cat --no-pager");
    assert!(!said.contains("is not readable after dropping privileges"), "{said}");

    // The copies are those of the start.
    pair(bed, folder, "root", "600");
    bed.sh("systemctl reload sek8s-status.service");
    bed.wait_until("journalctl -u sek8s-status.service -o cat | grep -q 'certificates reloaded'");
    assert_eq!(shown(bed, &unit), first);
    // And behind its socket nobody notices a restart.
    let failed = bed.sh(&format!(
        "(for try in $(seq 100); do curl -sk https://localhost:{}/health >/dev/null || echo failed; done) &
        systemctl restart sek8s-status.service; wait",
        unit.port
    ));
    assert_eq!(failed, "");
    assert_eq!(shown(bed, &unit), of(bed, folder));
    bed.sh(&format!("rm -r {folder}"));
}
