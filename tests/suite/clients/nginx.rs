//! nginx, in front of the server.

use super::*;

/// nginx with these locations: its port, and one that speaks HTTP/2.
#[track_caller]
fn start(locations: &str) -> Option<(Running, u16, u16)> {
    let program = find("nginx")?;
    let folder = stub::folder();
    let (first, second) = (free_port(), free_port());
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {}/{name};\n", folder.path().display()))
        .concat();
    // One process, which is easily ended.
    let configuration = format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\nevents {{}}\n\
         http {{\naccess_log off;\n{paths}server {{\nlisten 127.0.0.1:{first};\nlisten 127.0.0.1:{second} http2;\n{locations}}}\n}}\n"
    );
    let file = folder.path().join("nginx.conf");
    fs::write(&file, configuration).unwrap();
    let prefix = folder.path().to_owned();
    let mut command = Command::new(program);
    command.arg("-e").arg("stderr").arg("-p").arg(prefix).arg("-c").arg(file);
    Some((Running::start(folder, &mut command, first), first, second))
}

fn address(port: u16, path: &str) -> String {
    format!("http://127.0.0.1:{port}{path}")
}

#[test]
fn nginx_hands_requests_on_without_a_body_and_the_log_has_its_address() {
    let server = well();
    let location = set_up(block("nginx", "proxy_pass http://"), &server);
    let lines = "    proxy_pass_request_body off;\n    proxy_set_header Content-Length \"\";\n";
    assert!(location.contains(lines));
    // What the page warns of.
    let bodies = location.replace("/vm-01/", "/bodies/").replace(lines, "");
    let chunks = bodies.replace("/bodies/", "/chunks/").replace('}', "    proxy_request_buffering off;\n}");
    let Some((_nginx, first, second)) = start(&[location, bodies, chunks].concat()) else {
        return left_out("nginx");
    };

    let (status, overview) = curl(&["--interface", "127.0.0.2", &address(first, "/vm-01/overview")]);
    assert_eq!((status, overview.starts_with("{\"status\":\"ok\"")), (200, true));
    eventually("it is logged", || server.said().contains(" GET /overview 200 "));
    assert!(!server.said().contains("127.0.0.2"), "{}", server.said());
    let logs = curl(&[&address(first, "/vm-01/services/k3s/logs?lines=3&since_minutes=0")]);
    assert!(logs.0 == 200 && logs.1.contains("\"requested_lines\":3"), "{logs:?}");
    assert_eq!(curl(&[&address(first, "/vm-01/services/sshd/status")]).0, 404);
    assert_eq!(curl(&["-I", &address(first, "/vm-01/health")]).0, 200);

    let ask =
        |place: &str, how: &[&str]| curl(&[how, &[&address(second, &format!("/{place}/health"))]].concat()).0;
    for (place, empty, of_a_byte) in
        [("vm-01", true, true), ("bodies", true, false), ("chunks", false, false)]
    {
        assert_eq!(ask(place, &["--http2-prior-knowledge"]), 200, "{place}");
        assert_eq!(OPEN_ENDED.map(|how| ask(place, how) == 200), [empty, of_a_byte], "{place}");
    }
}

#[test]
fn nginx_asks_over_tls_and_hands_tokens_on() {
    let server = Server::start(guarded());
    let location = set_up(block("nginx", "proxy_pass https://"), &server);
    let wrong = location
        .replace("/vm-01/", "/wrong/")
        .replace("proxy_ssl_name localhost", "proxy_ssl_name vm-02.example");
    let Some((_nginx, port, _)) = start(&(location + &wrong)) else { return left_out("nginx") };
    let token = format!("Authorization: Bearer {TOKEN}");
    let ask = |path: &str| curl(&["-H", &token, &address(port, path)]).0;
    assert_eq!(ask("/vm-01/overview"), 200);
    assert_eq!(curl(&[&address(port, "/vm-01/overview")]).0, 401);
    // Of another name than was asked for.
    assert_eq!(ask("/wrong/overview"), 502);
}
