//! Parameters of the query.

use serde_json::json;

use super::serve;
use crate::server::Server;

#[test]
fn a_bad_parameter_is_named_and_starts_nothing() {
    let server = Server::start(serve(""));
    for (query, parameter) in [
        ("lines=ten", "lines"),
        ("lines=+7", "lines"),
        ("lines=%2B7", "lines"),
        ("lines=1.0", "lines"),
        ("lines=1_0", "lines"),
        ("lines=0x1", "lines"),
        ("lines=%207", "lines"),
        ("lines=", "lines"),
        ("lines", "lines"),
        ("lines=%zz", "lines"),
        ("lines=1&lines=1", "lines"),
        ("lines=1&%6cines=2", "lines"),
        ("since_minutes=-1", "since_minutes"),
        ("since_minutes=1441", "since_minutes"),
        ("since_minutes=99999999999999999999", "since_minutes"),
        ("since_minutes=1h", "since_minutes"),
        ("since_minutes=", "since_minutes"),
        ("entries=maybe", "entries"),
        ("entries=", "entries"),
        ("entries=true&entries=true", "entries"),
    ] {
        let (status, detail) = server.get(&format!("/services/k3s/logs?{query}")).error();
        assert_eq!((status, &detail["error"]), (422, &json!("bad_parameter")), "{query}");
        assert_eq!(detail["parameter"], parameter, "{query}");
    }
    for (query, parameter) in [
        ("detail=2", "detail"),
        ("parsed=", "parsed"),
        ("gpu=0&gpu=1", "gpu"),
        ("detail=1&detail=0", "detail"),
    ] {
        let (status, detail) = server.get(&format!("/gpu/nvidia-smi?{query}")).error();
        assert_eq!((status, &detail["parameter"]), (422, &json!(parameter)), "{query}");
    }
    for gpu in [
        "-1",
        "+1",
        "%2B1",
        "01",
        "1,2",
        "0x1",
        "GPU-aaaa",
        "18446744073709551616",
        "10000",
        "",
        "ALL",
        "%20all",
    ] {
        for more in ["", "&detail=maybe"] {
            let (status, detail) = server.get(&format!("/gpu/nvidia-smi?gpu={gpu}{more}")).error();
            assert_eq!((status, &detail["error"]), (400, &json!("bad_gpu")), "{gpu}{more}");
        }
    }
    assert!(server.programs().asked().is_empty());
}

#[test]
fn parameters_become_arguments_within_their_limits() {
    fn case(server: &Server, path: &str, expected: &str) {
        let before = server.programs().asked();
        assert_eq!(server.get(path).status, 200, "{path}");
        let asked = server.programs().asked();
        let added: Vec<_> = asked.iter().filter(|command| !before.contains(command)).collect();
        assert!(added.iter().any(|command| command.join(" ").contains(expected)), "{path}: {added:?}");
    }
    let server = Server::start(serve("--log-default 33 --log-max 500"));
    case(&server, "/services/k3s/logs", "--lines=33");
    case(&server, "/services/k3s/logs?lines=0&unknown=x&unknown=y", "--lines=1");
    case(&server, "/services/k3s/logs?lines=007", "--lines=7");
    case(&server, "/services/k3s/logs?lines=99999999999999999999", "--lines=500");
    case(&server, "/services/k3s/logs?since_minutes=1440&lines=2", "--lines=2 --since=@");
    case(&server, "/gpu/nvidia-smi?gpu=1", "nvidia-smi -i 1");
    case(&server, "/gpu/nvidia-smi?detail=Yes&gpu=9999", "nvidia-smi -q -i 9999");
    case(&server, "http://any.host:1/gpu/nvidia-smi?detail=on", "nvidia-smi -q");
}
