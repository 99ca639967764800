//! What docs/openapi.json describes, made strict: a field that it does not describe is an error.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use jsonschema::Validator;
use serde_json::{Value, json};

/// The description, as it is kept.
pub static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap());

static STRICT: LazyLock<Value> = LazyLock::new(|| {
    let mut components = json!({ "schemas": DOCUMENT["components"]["schemas"] });
    close(&mut components);
    components
});

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// No object may have fields that its schema does not name.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.contains_key("properties") && fields.get("type") == Some(&json!("object")) {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// The described path that a target has, if any.
pub fn template(target: &str) -> Option<&'static str> {
    let path = target.split('?').next().unwrap();
    let path = path.strip_prefix("/status/").map_or_else(|| path.to_owned(), |rest| format!("/{rest}"));
    let segments: Vec<_> = path.split('/').collect();
    DOCUMENT["paths"].as_object().unwrap().keys().map(String::as_str).find(|template| {
        let parts: Vec<_> = template.split('/').collect();
        parts.len() == segments.len()
            && parts.iter().zip(&segments).all(|(part, segment)| part.starts_with('{') || part == segment)
    })
}

/// The schema of a response in JSON.
fn response(template: Option<&str>, status: u16) -> Value {
    let responses = match template {
        Some(template) => &DOCUMENT["paths"][template]["get"]["responses"],
        // Refused before anything of the path is known, or read from a connection that the test holds itself.
        None if status != 200 => &DOCUMENT["components"]["responses"],
        None => {
            let paths = DOCUMENT["paths"].as_object().unwrap().values();
            let schemas =
                paths.map(|path| &path["get"]["responses"]["200"]["content"]["application/json"]["schema"]);
            let schemas: Vec<_> = schemas.filter(|schema| !schema.is_null()).collect();
            return json!({ "anyOf": schemas });
        }
    };
    let response = &responses[status.to_string()];
    assert!(!response.is_null(), "{template:?} has no response {status} in docs/openapi.json");
    let response = match response["$ref"].as_str() {
        Some(place) => DOCUMENT.pointer(place.trim_start_matches('#')).unwrap(),
        None => response,
    };
    response["content"]["application/json"]["schema"].clone()
}

/// What is wrong with a document under a schema, in lines; nothing if it holds.
fn complaints(name: String, schema: impl FnOnce() -> Value, document: &Value) -> String {
    // Not held while anything is judged, which can panic: many threads receive answers.
    let known = VALIDATORS.lock().unwrap().get(&name).cloned();
    let validator = known.unwrap_or_else(|| {
        let mut schema = schema();
        schema["components"] = STRICT.clone();
        let validator = Arc::new(jsonschema::options().should_validate_formats(true).build(&schema).unwrap());
        VALIDATORS.lock().unwrap().insert(name, Arc::clone(&validator));
        validator
    });
    validator.iter_errors(document).map(|error| format!("{}: {error}\n", error.instance_path())).collect()
}

/// Holds an answer against the description of the target's path, or of any if the target is not known.
#[track_caller]
pub fn holds(target: Option<&str>, status: u16, document: &Value) {
    // Behind a prefix that is not set there is no path.
    let is_nowhere = document["detail"]["error"] == "not_found";
    let template = target.filter(|_| !is_nowhere).and_then(template);
    let complaints = complaints(format!("{template:?} {status}"), || response(template, status), document);
    assert!(complaints.is_empty(), "{target:?}, {status}: {complaints}{document:#}");
}

#[test]
fn what_is_not_described_does_not_hold() {
    let ok = json!({ "status": "ok" });
    let schema = |template| move || response(Some(template), 200);
    assert_eq!(complaints("health".to_owned(), schema("/health"), &ok), "");
    for bad in [json!({ "status": "ok", "more": 1 }), json!({}), json!({ "status": 1 }), json!([])] {
        assert_ne!(complaints("health".to_owned(), schema("/health"), &bad), "", "{bad}");
    }
    let refused = json!({ "detail": { "error": "not_found", "message": "no such path" } });
    let schema = |status| move || response(None, status);
    assert_eq!(complaints("404".to_owned(), schema(404), &refused), "");
    assert_ne!(complaints("405".to_owned(), schema(405), &refused), "", "the code of another status");
}
