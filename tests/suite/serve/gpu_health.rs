//! What a server remembers of the GPUs.

use std::fs;

use serde_json::json;

use super::serve;
use crate::{
    eight_gpus::{LOST, bad_third, eight, found, rows},
    server::Server,
    stub::Stub,
    test::eventually,
};

#[test]
fn a_server_asks_for_the_health_once_and_for_each_gpu_once() {
    let asked = |server: &Server, with: &str| {
        let asked = server.programs().asked();
        asked.iter().filter(|command| command.join(" ").contains(with)).count()
    };
    let start = |stub: &Stub| Server::start(serve("--max-age 0").nvidia_smi(stub));
    let server = start(&eight(&rows(&[])));
    let mut age = 0;
    for _ in 0..20 {
        age = server.get("/overview").json()["gpu"]["health_age_ms"].as_u64().unwrap();
    }
    assert!(age > 0);
    assert_eq!((asked(&server, "--query-gpu"), asked(&server, "-i ")), (1, 0));
    // Without rows, the same answer stands beside the banner.
    let plain = server.get("/gpu/nvidia-smi").json();
    assert!(plain["health_age_ms"].as_u64().unwrap() >= age && plain.get("gpus").is_none());
    assert_eq!(asked(&server, "--query-gpu"), 1);

    let server = start(&bad_third(&format!("echo '{LOST}'; exit 15")));
    for _ in 0..20 {
        assert_eq!(found(&server.get("/overview").json()).0, [(json!(3), json!("gpu_lost"))]);
    }
    // One about all, and one about each, and one about a GPU that does not exist.
    assert_eq!((asked(&server, "--query-gpu"), asked(&server, "-i ")), (10, 9));
    let plain = server.get("/gpu/nvidia-smi").json();
    assert_eq!((&plain["findings"][0]["gpu"], &plain["health"]), (&json!(3), &json!("fault")));
}

#[test]
fn a_server_confirms_a_new_fault_and_forgets_it_only_by_a_whole_answer() {
    let server = |csv: &str, script: &str| {
        let stub = eight(csv);
        let stub = Stub::acts(&format!("{script}\n{}", stub.script())).files_of(&stub);
        Server::start(serve("--max-age 0 --gpu-health-age 0").nvidia_smi(&stub))
    };
    let bad = rows(&[("ecc.errors.uncorrected.volatile.total", "2")]);
    // The first answer alone has the fault.
    let once = server(
        &rows(&[]),
        &format!(
            "case \"$*\" in *query*) if [ ! -e \"$d/seen\" ]; then : >\"$d/seen\"; echo '{bad}'; exit; fi ;; esac"
        ),
    );
    assert_eq!(once.get("/overview").json()["status"], "ok");

    let server = server(&bad, r#"case "$*" in *query*) [ ! -e "$d/breaks" ] || exit 7 ;; esac"#);
    let file = |name: &str| server.programs().file("nvidia-smi", name);
    let fault = vec![(json!(3), json!("ecc_uncorrected"))];
    assert_eq!(found(&server.get("/overview").json()).0, fault);
    fs::write(file("breaks"), "").unwrap();
    let unknown = server.get("/overview").json();
    assert_eq!(found(&unknown).0, fault, "an unknown reading clears nothing");
    fs::write(file("csv"), rows(&[("ecc.errors.uncorrected.volatile.total", "[N/A]")])).unwrap();
    fs::remove_file(file("breaks")).unwrap();
    assert_eq!(found(&server.get("/overview").json()).0, fault, "the count is not known");
    fs::write(file("csv"), rows(&[])).unwrap();
    eventually("a whole answer clears it", || server.get("/overview").json()["status"] == "ok");
}

#[test]
fn a_gpu_that_the_server_has_seen_before_is_missed() {
    let well = eight(&rows(&[]));
    // From the second run on only the first GPU is in the banner.
    let vanishes = Stub::acts(&format!(
        "case \"$*\" in *query*) ;; *) [ ! -e \"$d/seen\" ] || {{ head -n 3 \"$d/banner\"; exit; }}; : >\"$d/seen\" ;; esac\n{}",
        well.script()
    ));
    let server = Server::start(serve("--max-age 0").nvidia_smi(&vanishes.files_of(&well)));
    let first = server.get("/overview").json();
    assert_eq!((&first["gpu"]["health"], &first["warnings"]), (&json!("ok"), &json!([])));
    for _ in 0..2 {
        let later = server.get("/overview").json();
        assert_eq!((&later["status"], &later["gpu"]["health"]), (&json!("ok"), &json!("warning")));
        let text = "nvidia-smi lists 1 GPU, and listed 8 before";
        let warning =
            json!({"subject": "gpu", "code": "gpus_fewer", "gpu": null, "text": text, "last_log": null});
        assert_eq!(later["warnings"], json!([warning]));
    }
}
