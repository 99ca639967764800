//! What docs/authentication.md shows.

use super::*;

/// The blocks of the documentation in that language.
fn blocks(language: &str) -> Vec<String> {
    let text = include_str!("../../../docs/authentication.md");
    let fence = format!("```{language}\n");
    let behind = text.split(&fence).skip(1);
    behind.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_set_up_of_the_documentation_works_in_five_lines() {
    let blocks = blocks("sh");
    assert_eq!(blocks.len(), 5);
    let help = Command::new(crate::test::BINARY).args(["serve", "--help"]).output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    for line in blocks.iter().flat_map(|block| block.lines()) {
        assert!(help.contains(line.trim()), "--help has other lines: {line}");
    }
    let folder = crate::stub::folder();
    fs::write(folder.path().join("sign.py"), &self::blocks("python")[0]).unwrap();
    let signer = std::env::var("SEK8S_SIGNER").ok();
    for block in blocks {
        assert!(block.lines().count() <= 5, "{block}");
        if !block.contains("sek8s-status serve") {
            let made =
                Command::new("bash").args(["-ec", &block]).current_dir(folder.path()).output().unwrap();
            assert!(made.status.success(), "{block}: {}", String::from_utf8_lossy(&made.stderr));
            continue;
        }
        if block.contains("sign.py") && signer.is_none() {
            eprintln!("left out: SEK8S_SIGNER names no python with substrate-interface");
            continue;
        }
        let (before, rest) = block.split_once("sek8s-status serve ").unwrap();
        let (flags, after) = rest.split_once(" &\n").unwrap();
        let run = |script: &str| {
            // A failure of curl is one of the script, and an error document one of curl.
            let script = format!("curl() {{ command curl -sS --fail-with-body \"$@\"; }}\n{script}");
            let output =
                Command::new("bash").args(["-ec", &script]).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        run(before);
        let server =
            Server::start_as(Test::new(&format!("serve {flags} --demo --listen 127.0.0.1:0")), |binary| {
                let mut command = Command::new(binary);
                command.current_dir(folder.path());
                command
            });
        let port = server.name().rsplit_once(':').unwrap().1;
        let after = after.replace("localhost:8080", &format!("localhost:{port}"));
        let after = after.replace("python3", signer.as_deref().unwrap_or("python3"));
        assert!(run(&after).starts_with("{\"services\":["), "{block}");
        // Without what it shows, it is refused.
        if flags.contains("auth") || flags.contains("client") || flags.contains("miner") {
            let refused = curl_plainly(&server, folder.path());
            assert!(refused.contains("\"unauthenticated\""), "{refused}");
        }
    }
}

#[test]
fn every_log_line_of_the_documentation_is_written_by_the_code() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let folders = ["auth", "http"].map(|folder| fs::read_dir(source.join(folder)).unwrap());
    let files =
        folders.into_iter().flatten().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let code: String = files.map(|path| fs::read_to_string(path).unwrap()).collect();
    let mut count = 0;
    for head in ["| the log line contains | what to do |", "| the log line contains | meaning |"] {
        for row in crate::readme::rows("docs/authentication.md", head) {
            for words in crate::readme::code(&row[0]) {
                assert!(code.contains(words), "{words}");
                count += 1;
            }
        }
    }
    assert!(count >= 15, "{count}");
}

fn curl_plainly(server: &Server, folder: &Path) -> String {
    let address = server.name().replace("127.0.0.1", "localhost") + "/services";
    let output = Command::new("curl")
        .args(["-sS", "--cacert", "ca.pem", &address])
        .current_dir(folder)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// As Python 3.13 and later verify by themselves.
const STRICT: &str = r#"
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile="ca.pem")
context.verify_flags |= ssl.VERIFY_X509_STRICT
context.load_cert_chain("client.pem", "client.key")
print(urllib.request.urlopen(sys.argv[1], context=context, timeout=20).status)
"#;

#[test]
fn the_certificates_of_the_documentation_are_verified_strictly() {
    let folder = crate::stub::folder();
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(folder.path()).output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (output.status.success(), said)
    };
    let recipe = &blocks("sh")[0];
    let (made, said) = run("bash", &["-ec", recipe]);
    assert!(made, "{said}");
    for (purpose, certificate) in [("sslserver", "vm.pem"), ("sslclient", "client.pem"), ("any", "ca.pem")] {
        let arguments = ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", "ca.pem", certificate];
        let (verified, said) = run("openssl", &arguments);
        assert!(verified, "{certificate}: {said}");
    }
    let flags = "serve --tls-cert vm.pem --tls-key vm.key --client-ca ca.pem --mtls-required --demo --listen 127.0.0.1:0";
    let server = Server::start_as(Test::new(flags), |binary| {
        let mut command = Command::new(binary);
        command.current_dir(folder.path());
        command
    });
    let address = server.name().replace("127.0.0.1", "localhost") + "/services";
    assert_eq!(run("python3", &["-c", STRICT, &address]), (true, "200\n".to_owned()));
}
