use proptest::prelude::*;

use super::*;

fn on(text: &str) -> String {
    Redaction::On.text(text.to_owned())
}

#[track_caller]
fn gone(text: &str, expected: &str) {
    assert_eq!(on(text), expected, "of {text}");
    assert_eq!(on(expected), expected, "twice");
    assert_eq!(count(expected), 1, "{expected}");
}

#[track_caller]
fn stays(text: &str) {
    assert_eq!(on(text), text);
}

// None of these is or was in use: they are put together here, so that nothing that looks for secrets finds one in the code.
fn jwt() -> String {
    format!(
        "eyJ{}.eyJ{}.{}",
        "hbGciOiJSUzI1NiIsImtpZCI6IiJ9", "pc3MiOiJrdWJlcm5ldGVzIn0", "c2lnbmF0dXJl-_AAAA"
    )
}

fn k3s() -> String {
    format!("K10{}::server:{}", "a1".repeat(32), "0f".repeat(16))
}

#[test]
fn tokens_of_known_issuers_are_taken_out() {
    gone(&format!("using {}", jwt()), "using [redacted:jwt]");
    gone(&format!("{}, expired", jwt()), "[redacted:jwt], expired");
    gone(&format!("join with {} now", k3s()), "join with [redacted:k3s-token] now");
    gone("token abcdef.0123456789abcdef is valid", "token [redacted:kubeadm-token] is valid");
    gone("kubeadm join --token abcdef.0123456789abcdef", "kubeadm join --token [redacted:kubeadm-token]");
    gone(&format!("AGE-SECRET-KEY-1{}", "QZ3".repeat(19)), "[redacted:age-key]");
    gone(&format!("key AKIA{} used", "IOSFODNN7EXAMPLE"), "key [redacted:aws-key] used");
    gone(&format!("hf_{}", "aB3".repeat(11)), "[redacted:hugging-face]");
    gone(&format!("cloning with ghp_{}.", "aB3".repeat(12)), "cloning with [redacted:github].");
    gone(&format!("github_pat_{}", "11AB_cd3".repeat(5)), "[redacted:github]");
    gone(&format!("glpat-{}", "aB3-".repeat(5)), "[redacted:gitlab]");
    gone(&format!("x-api-key sk-ant-api03-{}", "aB3_".repeat(10)), "x-api-key [redacted:anthropic]");
    gone(&format!("sk-proj-{}", "aB3".repeat(12)), "[redacted:openai]");
    gone(&format!("sk-{}", "aB3".repeat(12)), "[redacted:openai]");
}

#[test]
fn credentials_of_http_and_urls_are_taken_out() {
    gone("Authorization: Bearer abc123def456", "Authorization: Bearer [redacted:authorization]");
    gone("authorization=Basic dXNlcjpwYXNz", "authorization=Basic [redacted:authorization]");
    gone(
        r#"{"Authorization":"Bearer abc123def456"}"#,
        r#"{"Authorization":"Bearer [redacted:authorization]"}"#,
    );
    gone("map[Authorization:[Bearer abc123def456]]", "map[Authorization:[Bearer [redacted:authorization]]]");
    gone("Authorization: s3cr3tvalue", "Authorization: [redacted:authorization]");
    gone("sent Bearer 0123456789abcdefghij, got 401", "sent Bearer [redacted:authorization], got 401");
    gone("curl -H 'Basic dXNlcjpwYXNzd29yZA=='", "curl -H 'Basic [redacted:authorization]'");
    gone("postgres://app:hunter2@db:5432/x", "postgres://app:[redacted:url-password]@db:5432/x");
    gone("https://u:p@ss:w@host/", "https://u:[redacted:url-password]@host/");
    gone("proxy=http://:s3cret@proxy:3128", "proxy=http://:[redacted:url-password]@proxy:3128");
}

#[test]
fn private_keys_are_taken_out() {
    for label in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "] {
        for end in ["\n", "\\n"] {
            let key = format!(
                "-----BEGIN {label}PRIVATE KEY-----{end}MIIEvQIBADANBgkqhkiG{end}AbC={end}-----END {label}PRIVATE KEY-----"
            );
            gone(&format!("key {key} read"), "key [redacted:private-key] read");
        }
    }
    gone(
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nMIIEvQIBADANBgkq",
        "[redacted:private-key]",
    );
    gone("AbC=\n-----END PRIVATE KEY-----\nthen this", "[redacted:private-key]\nthen this");
}

#[test]
fn seed_phrases_are_taken_out() {
    let twelve = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    gone(&format!("mnemonic: {twelve}"), "mnemonic: [redacted:seed]");
    gone(&format!("seed phrase is \"{twelve}\" stored"), "seed phrase is \"[redacted:seed]\" stored");
    gone(&format!("SEED={twelve} {twelve}"), "SEED=[redacted:seed]");
    stays("seed: the controller has been seeded from the kernel and the other sources with success");
    stays("random seed 42 used for shuffling");
    stays("seed: one two three");
}

#[test]
fn values_of_names_that_say_so_are_taken_out() {
    gone("password=correcthorse", "password=[redacted:secret]");
    gone("DB_PASSWORD=hunter2hunter2 next", "DB_PASSWORD=[redacted:secret] next");
    gone("--token=0123456789abcdef", "--token=[redacted:secret]");
    gone("api_key='abcdefgh'; done", "api_key='[redacted:secret]'; done");
    gone("?token=abcdefgh12&user=x", "?token=[redacted:secret]&user=x");
    gone("password=p@ss&w0rd,1234 x", "password=[redacted:secret] x");
    gone("user=a,passwd=abcdefgh,host=x", "user=a,passwd=[redacted:secret],host=x");
    gone("{secret=abcdefgh}", "{secret=[redacted:secret]}");
    gone("aws_secret_access_key=abcdefgh", "aws_secret_access_key=[redacted:secret]");
    gone("password = hunter2hunter2", "password = [redacted:secret]");
    gone("token: 0123abcd4567", "token: [redacted:secret]");
    gone("secret: \"correcthorse\"", "secret: \"[redacted:secret]\"");
    gone(r#"{"password":"correcthorse"}"#, r#"{"password":"[redacted:secret]"}"#);
    gone(r#"msg="{\"token\":\"correcthorse\"}""#, r#"msg="{\"token\":\"[redacted:secret]\"}""#);
    gone("password=żółtażaba", "password=[redacted:secret]");
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "failed to parse token: signature is invalid",
        "failed to list *v1.Secret: Unauthorized",
        "4e1243bd22c66e76c2ba9eddc1f91394e57f9f83",
        "sha256:9b2a28eb47540823042a2ba401386845089bb7b62a9637d55816132c4c3c36eb",
        "550e8400-e29b-41d4-a716-446655440000",
        "10.43.0.1:443 [fe80::1ff:fe23:4567:890a]:6443",
        "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
        "token=/var/lib/rancher/k3s/server/token",
        "--token-file=/run/token --password=$PASSWORD --secret=${SECRET}",
        "token=true password=false secret=null api_key=none",
        "secret=\"kube-system/k3s-serving\"",
        "token: kube-system/node-0123abcd",
        "password: required, token: expired",
        "password=required token=\"missing\"",
        "password=******** secret=xxxxxxxxxx",
        "token: fe80::1ff:fe23:4567:890a",
        "token: https://10.43.0.1:6443/cacerts1",
        "token = next()",
        "no Bearer authentication configured, WWW-Authenticate: Bearer realm=kubernetes",
        "Basic authentication is disabled; basic functionality",
        "Authorization: denied for the user",
        "http://10.0.0.1:8080/a@b https://host:443/x?y=z@w",
        "postgres://app:$PGPASSWORD@db/x https://u:xxxxx@host/",
        "risk-free-and-low-maintenance sk-learn-compatible-pipeline-of-steps",
        "hf_transfer_enabled_for_all_downloads_of_models",
        "eyJ is how a token begins",
        "AKIDS and AKIASHORT, ASIA",
        "K10 is a prefix, K1000 a number",
        "Skipping AppWindowToken{df0798e token=Token{78af589 ActivityRecord{3b04890}}}",
        "Bad activity token: android.os.BinderProxy@2bd79ce",
        "tokens=123456789 max_tokens: 4096abcd",
        "token id abcdef, version 1.2.3",
    ] {
        stays(text);
    }
}

#[test]
fn nothing_is_taken_out_when_it_is_off() {
    let text = format!("password=correcthorse {}", jwt());
    assert_eq!(Redaction::Off.text(text.clone()), text);
}

/// Pieces of which texts are put together that come close to secrets.
const PIECES: [&str; 44] = [
    "password",
    "token",
    "secret",
    "Authorization",
    "Bearer",
    "Basic",
    "seed",
    "mnemonic",
    "=",
    ":",
    ": ",
    " ",
    "\"",
    "\\\"",
    "'",
    ",",
    "&",
    "://",
    "user:",
    "@",
    "/",
    "eyJhbGciOiJSUzI1",
    ".",
    "K10",
    "::",
    "abcdef",
    "0123456789abcdef",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "\n",
    "\\n",
    "ghp_",
    "sk-",
    "sk-ant-",
    "AKIA",
    "legal winner thank year ",
    "é",
    "[redacted:",
    "[redacted:jwt]",
    "]",
    "hf_",
    "dXNlcjpwYXNzd29yZA==",
    "A1b2C3d4",
    "%20",
];

proptest! {
    #[test]
    fn redacting_twice_changes_nothing_and_little_is_added(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40)) {
        let text = pieces.concat();
        let once = on(&text);
        prop_assert_eq!(on(&once), once.clone());
        prop_assert!(once.len() as u64 <= text.len() as u64 + 24 * count(&once).max(1));
    }

    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let once = Redaction::On.bytes(&bytes).into_owned();
        prop_assert_eq!(Redaction::On.bytes(&once).into_owned(), once.clone());
    }
}

#[test]
fn a_long_line_costs_no_more_than_its_length() {
    let pieces =
        PIECES.iter().flat_map(|piece| [(*piece).to_owned(), format!("{piece}x"), format!("{piece} ")]);
    for piece in pieces.chain([
        "password=\"password='".to_owned(),
        "token=/".to_owned(),
        "a,a=".to_owned(),
        "eyJa.".to_owned(),
        "secret=a,".to_owned(),
    ]) {
        let line = piece.repeat(1_000_000 / piece.len());
        let begin = std::time::Instant::now();
        let hits = scan::hits(line.as_bytes()).len();
        let took = begin.elapsed();
        // Not optimised. What an optimised build takes is a figure of benches/figures.
        assert!(took < std::time::Duration::from_secs(2), "{piece:?}: {took:?} for {hits} hits");
    }
}
