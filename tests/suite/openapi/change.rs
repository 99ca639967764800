//! What a change of the description takes away from clients of the last release.

use serde_json::{Value, json};

use crate::described::DOCUMENT;

/// Sentences for people, and what shows rather than promises.
const FREE: [&str; 6] = ["description", "summary", "title", "example", "examples", "info"];

/// What `after` no longer promises, each as a place and a sentence.
fn breaks(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(place: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (name, value) in before.iter().filter(|(name, value)| {
                // A field may have the name of a sentence; then it is a schema.
                !FREE.contains(&name.as_str()) || (value.is_object() && place.ends_with("/properties"))
            }) {
                match after.get(name) {
                    Some(now) => compare(&format!("{place}/{name}"), value, now, found),
                    None => found.push(format!("{place}/{name} was removed")),
                }
            }
            // A limit on what clients may send.
            for limit in ["minimum", "maximum", "pattern", "enum", "const"] {
                let is_new = after.contains_key(limit) && !before.contains_key(limit);
                if is_new && before.contains_key("type") {
                    found.push(format!("{place}/{limit} is new"));
                }
            }
        }
        (Value::Array(before), Value::Array(after)) => lists(place, before, after, found),
        _ if before != after => found.push(format!("{place} was {before} and is {after}")),
        _ => {}
    }
}

fn lists(place: &str, before: &[Value], after: &[Value], found: &mut Vec<String>) {
    if place.ends_with("/parameters") {
        let name = |one: &Value| (one["name"].clone(), one["$ref"].clone());
        for one in before {
            match after.iter().find(|now| name(now) == name(one)) {
                Some(now) => compare(&format!("{place}/{}", one["name"]), one, now, found),
                None => found.push(format!("{place}: {} was removed", one["name"])),
            }
        }
        let is_new = |now: &&Value| !before.iter().any(|one| name(one) == name(now));
        for now in after.iter().filter(is_new).filter(|now| now["required"] == true) {
            found.push(format!("{place}: {} is newly required", now["name"]));
        }
    } else if place.ends_with("/enum") || place.ends_with("/required") || place.ends_with("/security") {
        for one in before.iter().filter(|one| !after.contains(one)) {
            found.push(format!("{place}: {one} was removed"));
        }
    } else if before.len() == after.len() {
        for (index, (one, now)) in before.iter().zip(after).enumerate() {
            compare(&format!("{place}/{index}"), one, now, found);
        }
    } else {
        found.push(format!("{place} has another length"));
    }
}

#[test]
fn nothing_that_the_last_release_promised_is_gone() {
    let base: Value = serde_json::from_str(include_str!("../../../docs/openapi.base.json")).unwrap();
    assert_eq!(breaks(&base, &DOCUMENT), [""; 0]);
}

#[test]
fn what_is_removed_retyped_or_newly_required_is_refused_and_more_is_not() {
    let changed = |place: &str, change: &dyn Fn(&mut Value)| {
        let mut after = DOCUMENT.clone();
        change(after.pointer_mut(place).unwrap_or_else(|| panic!("{place}")));
        breaks(&DOCUMENT, &after)
    };
    let removed =
        |name: &'static str| move |value: &mut Value| drop(value.as_object_mut().unwrap().remove(name));
    let set = |name: &'static str, to: Value| move |value: &mut Value| value[name] = to.clone();
    let push = |to: Value| move |value: &mut Value| value.as_array_mut().unwrap().push(to.clone());
    let pop = |value: &mut Value| drop(value.as_array_mut().unwrap().pop());
    let (logs, gpu) = ("/paths/~1services~1{id}~1logs/get", "/components/schemas/Gpu");
    for (place, change) in [
        ("/paths", &removed("/overview") as &dyn Fn(&mut Value)),
        ("/components/schemas/Gpu/properties", &removed("stdout")),
        ("/components/schemas/LogEntry/properties", &removed("message")),
        ("/components/schemas/Service/properties", &removed("description")),
        ("/components/schemas/Gpu/properties/stdout", &set("type", json!(["string", "null"]))),
        ("/components/schemas/Gpu/properties/exit_code", &set("type", json!("integer"))),
        ("/components/schemas/Gpu/required", &pop),
        ("/components/schemas/Error/properties/error/enum", &pop),
        (&format!("{logs}/parameters"), &pop),
        (&format!("{logs}/parameters/1"), &set("required", json!(true))),
        (&format!("{logs}/parameters"), &push(json!({ "name": "new", "in": "query", "required": true }))),
        (&format!("{logs}/parameters/1/schema"), &set("maximum", json!(10))),
        (&format!("{logs}/responses"), &removed("422")),
        ("/components/responses", &removed("504")),
    ] {
        assert_eq!(changed(place, change).len(), 1, "{place}: {:?}", changed(place, change));
    }
    for (place, change) in [
        ("/paths", &set("/new", json!({ "get": {} })) as &dyn Fn(&mut Value)),
        (&format!("{gpu}/properties"), &set("new", json!({ "type": "string" }))),
        (&format!("{gpu}/required"), &push(json!("new"))),
        (&format!("{gpu}/properties/stdout"), &set("description", json!("Other words."))),
        ("/components/schemas/Error/properties/error/enum", &push(json!("new"))),
        (&format!("{logs}/parameters"), &push(json!({ "name": "new", "in": "query", "required": false }))),
        ("/info", &set("version", json!("9.9.9"))),
    ] {
        assert_eq!(changed(place, change), [""; 0], "{place}");
    }
}
