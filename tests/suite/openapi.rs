//! docs/openapi.json: complete, true, and never with less than before.

mod change;
mod tools;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::{Value, json};

use crate::{
    described::{DOCUMENT, template},
    eight_gpus,
    readme::{code, codes, rows},
    server::Server,
    stub::Stub,
    test::Test,
};

/// The names under a place of the description.
fn words(place: &str) -> BTreeSet<String> {
    let words = DOCUMENT.pointer(place).and_then(Value::as_array).unwrap_or_else(|| panic!("{place}"));
    words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_subcommand_prints_it_byte_for_byte() {
    for arguments in ["openapi", "openapi --json"] {
        let ran = Test::new(arguments).any_stdout().asked_nothing().status(0);
        assert_eq!(ran.stdout(), include_str!("../../docs/openapi.json"));
    }
    assert_eq!(DOCUMENT["info"]["version"], env!("CARGO_PKG_VERSION"));
}

/// docs/http.md is held against the server by tests of its own.
#[test]
fn it_has_the_paths_and_parameters_that_there_are() {
    let mut described = BTreeMap::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let names: BTreeSet<_> = parameters
            .iter()
            .filter(|one| one["in"] == "query")
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect();
        described.insert(path.clone(), names);
    }
    let documented: BTreeMap<_, _> = rows("docs/http.md", "| path | parameters | answer |")
        .iter()
        .map(|row| (code(&row[0])[0].to_owned(), code(&row[1]).into_iter().map(str::to_owned).collect()))
        .collect();
    assert_eq!(described, documented);
    let route = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/route.rs")).unwrap();
    let table = route.split_once("const ROUTES").unwrap().1.split_once("];").unwrap().0;
    for path in described.keys().filter(|path| !["/health", "/metrics"].contains(&path.as_str())) {
        assert!(table.contains(&format!("\"{path}\"")), "{path}");
    }
    assert_eq!(table.matches("Act::").count(), described.len(), "and no more");
}

#[test]
fn it_has_the_codes_that_there_are() {
    let errors = codes(&["src/error.rs", "src/http/refusal.rs"], &["=> "]);
    assert_eq!(words("/components/schemas/Error/properties/error/enum"), errors);
    let own = codes(&["src/error.rs"], &["=> "]);
    let units = codes(&["src/report/trouble.rs", "src/report/reason.rs"], &["=> "]);
    let runs = codes(&["src/report/gpu_reason.rs"], &["=> "]);
    let findings = codes(&["src/report/gpu_health/code.rs"], &["=> "]);
    assert_eq!(words("/components/schemas/Finding/properties/code/enum"), findings);
    assert_eq!(words("/components/schemas/Gpu/properties/reason/anyOf/0/enum"), runs);
    let reasons: BTreeSet<_> = own.into_iter().chain(units).chain(runs).chain(findings).collect();
    assert_eq!(words("/components/schemas/Reason/properties/code/enum"), reasons);

    let mut by_status = BTreeMap::<String, BTreeSet<String>>::new();
    for row in rows("docs/http.md", "| status | error | when | extra fields |") {
        by_status.entry(row[0].clone()).or_default().insert(code(&row[1])[0].to_owned());
    }
    let responses = DOCUMENT["components"]["responses"].as_object().unwrap();
    let described = responses.keys().map(|status| {
        let place = "content/application~1json/schema/allOf/1/properties/detail/properties/error/enum";
        (status.clone(), words(&format!("/components/responses/{status}/{place}")))
    });
    assert_eq!(described.collect::<BTreeMap<_, _>>(), by_status);

    let ids: BTreeSet<_> =
        sek8s_status::service::all().iter().map(|service| service.id().to_owned()).collect();
    assert_eq!(words("/components/schemas/Service/properties/id/enum"), ids);
    assert_eq!(words("/components/parameters/id/schema/enum"), ids);
}

/// What differs from one moment to the next.
fn without_age(mut document: Value) -> Value {
    if let Some(fields) = document.as_object_mut() {
        fields.remove("age_ms");
    }
    document
}

#[test]
fn its_examples_are_the_answers_of_the_demo() {
    let server = Server::start(Test::new("serve --demo --listen 127.0.0.1:0"));
    for target in [
        "/health",
        "/services",
        "/services/k3s/status",
        "/services/k3s/logs?lines=1&entries=true",
        "/gpu/nvidia-smi?gpu=3&parsed=true",
        "/overview",
    ] {
        let path = template(target).unwrap();
        let answer = server.get(target).json();
        let example =
            &DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["example"];
        assert_eq!(without_age(answer), without_age(example.clone()), "{target}");
    }
}

/// Servers in all the states that clients meet, and whether one of their programs fails. The widest window is that of
/// the description: a narrower setting refuses what is described.
fn servers() -> Vec<(Server, bool)> {
    let serve = || Test::new("serve --metrics --log-window 10080 --listen 127.0.0.1:0");
    let demo = Test::new("serve --demo --metrics --log-window 10080 --listen 127.0.0.1:0");
    let failed = Stub::acts("echo 'Failed to connect to bus' >&2; exit 1");
    let unloaded =
        "echo 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.'; exit 9";
    [
        (demo, false),
        (serve(), false),
        (serve().nvidia_smi(&eight_gpus::eight(&eight_gpus::rows(&[]))), false),
        (serve().nvidia_smi(&Stub::acts(unloaded)), false),
        (serve().systemctl(&failed).journalctl(&failed).without("nvidia-smi"), true),
    ]
    .map(|(test, fails)| (Server::start(test), fails))
    .into()
}

/// The existing service describes its answers, and its clients read ours.
#[test]
fn answers_fit_the_description_of_the_existing_service() {
    let folder = std::env::var("SEK8S_RECORDINGS").unwrap_or_else(|_| "../shared/data".to_owned());
    let Ok(text) = fs::read_to_string(Path::new(&folder).join("upstream/openapi.json")) else {
        return eprintln!("left out: there is no upstream/openapi.json beside the recordings");
    };
    let upstream: Value = serde_json::from_str(&text).unwrap();
    for (server, _) in servers() {
        for (target, path) in [
            ("/health", "/health"),
            ("/services", "/services"),
            ("/services/k3s/status", "/services/{service_id}/status"),
            ("/services/k3s/logs?since_minutes=0", "/services/{service_id}/logs"),
            ("/gpu/nvidia-smi?detail=true", "/gpu/nvidia-smi"),
            ("/gpu/nvidia-smi?parsed=true", "/gpu/nvidia-smi"),
            ("/overview", "/overview"),
        ] {
            let answer = server.get(target);
            if answer.status != 200 {
                continue;
            }
            let mut document = answer.json();
            // A deviation by contract: nvidia-smi that could not be asked has no exit code.
            if document.pointer("/gpu/error").is_some_and(|error| !error.is_null()) {
                document["gpu"]["exit_code"] = json!(-1);
            }
            let content = &upstream["paths"][format!("/status{path}")]["get"]["responses"]["200"]["content"];
            let mut schema = content["application/json"]["schema"].clone();
            assert!(schema.is_object(), "{path}");
            schema["components"] = upstream["components"].clone();
            let validator = jsonschema::options().build(&schema).unwrap();
            let complaints: Vec<_> =
                validator.iter_errors(&document).map(|error| error.to_string()).collect();
            assert_eq!(complaints, [""; 0], "{target}");
        }
    }
}
