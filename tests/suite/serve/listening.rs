//! Where the server listens.

use std::{
    fs,
    io::Read,
    net::TcpListener,
    os::unix::{
        fs::{FileTypeExt, MetadataExt},
        net::UnixListener,
    },
    process::{Command, Stdio},
};

use super::{in_a_folder, refuses, serve, serve_on};
use crate::{
    connection::connect,
    server::Server,
    stub::folder,
    test::{BINARY, Test, eventually, signal},
};

#[test]
fn a_unix_socket_has_its_mode_answers_and_goes_away() {
    for (flags, environment, mode) in [
        ("--uds-mode 0600", "", 0o600),
        ("--uds-mode 0606", "0640", 0o606),
        ("", "0640", 0o640),
        ("", "", 0o660),
    ] {
        let (_folder, path) = in_a_folder("http.sock");
        let test = flags.split_ascii_whitespace().fold(serve_on(&path), Test::argument);
        let server = Server::start(test.environment("UDS_MODE", environment));
        assert_eq!(server.name(), format!("unix:{}", path.display()));
        let meta = fs::symlink_metadata(&path).unwrap();
        assert!(meta.file_type().is_socket());
        assert_eq!(meta.mode() & 0o7777, mode);
        assert_eq!(server.get("/health").status, 200);
        assert_eq!(server.get("/overview").json()["status"], "ok");
        server.signal("TERM");
        assert_eq!(server.wait().code, Some(0));
        assert!(fs::symlink_metadata(&path).is_err(), "the file is gone");
    }
}

#[test]
fn a_socket_on_which_nobody_answers_is_replaced_and_nothing_else() {
    let (folder, path) = in_a_folder("http.sock");
    drop(UnixListener::bind(&path).unwrap());
    let server = Server::start(serve_on(&path));
    assert_eq!(server.get("/health").status, 200);

    let taken = format!("`listen` is `unix:{}`: address already in use", path.display());
    refuses(serve_on(&path), &taken);
    assert_eq!(server.get("/health").status, 200, "the first one is still there");

    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    refuses(
        serve_on(&file),
        &format!("`listen` is `unix:{}`: a file that is not a socket already exists there", file.display()),
    );
    assert_eq!(fs::read(&file).unwrap(), b"mine");

    let nowhere = folder.path().join("missing/http.sock");
    refuses(
        serve_on(&nowhere),
        &format!("`--uds` is `{}`: it must be a path in an existing directory", nowhere.display()),
    );
}

#[test]
fn an_address_in_use_is_refused_by_its_name() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let said = format!("`listen` is `http://{address}`: address already in use");
    refuses(Test::new(&format!("serve --listen {address}")), &said);
    refuses(
        Test::new("serve")
            .environment("BIND_ADDRESS", "127.0.0.1")
            .environment("PORT", &address.port().to_string()),
        &said,
    );
    refuses(
        Test::new("serve --listen 192.0.2.1:80"),
        "`listen` is `http://192.0.2.1:80`: this machine does not have this address",
    );
}

#[test]
fn where_it_listens_comes_from_the_flag_then_the_environment_then_the_default() {
    fn case(flags: &str, environment: &[(&str, &str)], expected: &str) {
        let test = Test::new(&format!("serve {flags}"));
        let test = environment.iter().fold(test, |test, (name, value)| test.environment(name, value));
        let server = Server::start(test);
        assert!(server.name().starts_with(expected), "{flags} {environment:?}: {}", server.name());
        assert_eq!(server.get("/health").status, 200);
    }
    let (_folder, path) = in_a_folder("http.sock");
    let path = path.to_str().unwrap();
    let name = format!("unix:{path}");
    case("", &[("UDS_PATH", path)], &name);
    case("", &[("UDS_PATH", path), ("BIND_ADDRESS", "127.0.0.2"), ("PORT", "0")], &name);
    case(&format!("--uds {path}"), &[("UDS_PATH", "/nowhere/x"), ("PORT", "0")], &name);
    case("", &[("BIND_ADDRESS", "127.0.0.2"), ("PORT", "0")], "http://127.0.0.2:");
    case("", &[("PORT", "0")], "http://127.0.0.1:");
    case("", &[("UDS_PATH", " "), ("BIND_ADDRESS", ""), ("PORT", "0")], "http://127.0.0.1:");
    case("--listen 127.0.0.3:0", &[("BIND_ADDRESS", "127.0.0.2"), ("PORT", "1")], "http://127.0.0.3:");
    case("--listen 127.0.0.3:0", &[("UDS_PATH", path)], "http://127.0.0.3:");
}

#[test]
fn a_machine_without_a_folder_for_its_private_socket_is_told_what_is_missing() {
    for (variable, folder) in [("TMPDIR", "/nowhere"), ("RUNTIME_DIRECTORY", "/nowhere/else")] {
        serve("")
            .environment(variable, folder)
            .stderr_holds(&format!("server failed: cannot create the private socket in `{folder}`: No such"))
            .status(2);
    }
}

#[test]
fn the_other_protocol_of_the_internet_is_served_too() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("left out: there is no IPv6 here");
        return;
    }
    let server = Server::start(Test::new("serve --listen [::1]:0"));
    assert!(server.name().starts_with("http://[::1]:"));
    assert_eq!(server.get("/overview").status, 200);
}

#[test]
fn thirty_restarts_on_one_port_find_it_free() {
    let port = Server::start(serve("")).name().rsplit_once(':').unwrap().1.to_owned();
    for _ in 0..30 {
        let server = Server::start(Test::new(&format!("serve --listen 127.0.0.1:{port}")));
        assert_eq!(server.get("/health").status, 200);
        server.signal("TERM");
        assert_eq!(server.wait().code, Some(0));
    }
}

#[test]
fn sockets_that_are_passed_come_first_and_both_kinds_are_served() {
    let Ok(activate) = Command::new("systemd-socket-activate").arg("--version").output() else {
        eprintln!("left out: there is no systemd-socket-activate here");
        return;
    };
    assert!(activate.status.success());
    let folder = folder();
    let socket = folder.path().join("passed.sock");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut child = Command::new("systemd-socket-activate")
        .args(["--listen", &free.to_string(), "--listen", socket.to_str().unwrap(), "--fdname=web:local"])
        .args([BINARY, "serve", "--demo", "--uds", "/tmp/never-used.sock"])
        .stderr(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    eventually("it listens", || socket.exists());
    for name in [format!("http://{free}"), format!("unix:{}", socket.display())] {
        let mut connection = connect(&name).unwrap();
        connection.request("GET", "/overview");
        assert_eq!(connection.answer().json()["demo"], true);
    }
    signal(child.id(), "TERM");
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    assert!(said.contains("(socket web)") && said.contains("(socket local)"), "{said}");
    assert!(!said.contains("listening on unix:/tmp/never-used"), "{said}");
}
