//! What an installed service answers.

use serde_json::Value;

use crate::{bed::Bed, process::Status};

/// Asks the socket as it is packaged, with curl and these flags of it; status and body.
#[track_caller]
pub fn curl(bed: &Bed, flags: &str, path: &str) -> (u16, String) {
    let address = if flags.contains("--cacert") { "https://localhost" } else { "http://127.0.0.1" };
    let printed =
        bed.sh(&format!("curl -sS --max-time 20 -w '\\n%{{http_code}}' {flags} '{address}:8080{path}'"));
    let (body, status) = printed.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

/// The document that is answered with 200.
#[track_caller]
pub fn document(bed: &Bed, path: &str) -> Value {
    let (status, body) = curl(bed, "", path);
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap_or_else(|_| panic!("{path}: {body}"))
}

/// Every path answers with what is really so on this machine, and the service is who it has to be.
#[track_caller]
pub fn has_real_answers(bed: &Bed) {
    answers_with_what_is_so(bed);
    for thread in Status::of(bed, "systemctl show -P MainPID sek8s-status.service") {
        thread.is(bed, "chutes", &["chutes", "systemd-journal", "video"]);
        thread.has_nothing();
    }
}

/// Every path answers with what is really so on this machine.
#[track_caller]
pub fn answers_with_what_is_so(bed: &Bed) {
    assert_eq!(document(bed, "/health"), serde_json::json!({"status": "ok"}));
    let services = document(bed, "/services");
    let services = services["services"].as_array().unwrap();
    assert_eq!(services.len(), 7);
    for service in services {
        let id = service["id"].as_str().unwrap();
        let status = document(bed, &format!("/services/{id}/status"));
        assert_eq!(status["healthy"], true, "{status}");
        let real = bed.sh(&format!("systemctl show -P InvocationID {id}.service"));
        assert_eq!(status["status"]["invocation_id"], real.trim(), "{id}");
        let logs = document(bed, &format!("/services/{id}/logs?lines=3"));
        assert_eq!(logs["returned_lines"], 3, "{logs}");
    }
    let gpu = document(bed, "/gpu/nvidia-smi");
    assert_eq!(gpu["exit_code"], 0, "{gpu}");
    assert_eq!(gpu["stdout"], bed.sh("cat /run/fake-nvidia-smi/table"));
    assert_eq!(document(bed, "/overview")["status"], "ok");
}

/// A property of a unit.
#[track_caller]
pub fn property(bed: &Bed, unit: &str, name: &str) -> String {
    bed.sh(&format!("systemctl show -P {name} {unit}")).trim().to_owned()
}

/// Nothing of it is enabled or runs.
#[track_caller]
pub fn is_off(bed: &Bed) {
    for unit in ["sek8s-status.socket", "sek8s-status.service"] {
        assert_eq!(property(bed, unit, "ActiveState"), "inactive", "{unit}");
        assert_ne!(property(bed, unit, "UnitFileState"), "enabled", "{unit}");
    }
}
