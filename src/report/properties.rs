//! What must hold for anything that a program prints.

use proptest::prelude::*;

use super::{Entry, gpu_rows, unit};
use crate::{exec::Columns, redact::Redaction, service};

proptest! {
    #[test]
    fn any_text_is_read_as_units_without_a_panic(text in "(?s)([A-Za-z]{1,12}=\\PC{0,12}\n|\n|\\PC{0,20}){0,20}") {
        for block in unit::parse(&text) {
            for service in service::all() {
                let _ = block.fits(service);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_as_an_entry_without_a_panic(bytes in any::<Vec<u8>>()) {
        let _ = Entry::parse(&bytes, Redaction::On);
    }

    #[test]
    fn any_message_comes_through_whole(message in any::<String>(), pid in any::<u32>()) {
        let record = serde_json::json!({
            "__REALTIME_TIMESTAMP": "1795310091508359", "MESSAGE": message, "_PID": pid.to_string(),
        });
        let entry = Entry::parse(record.to_string().as_bytes(), Redaction::On);
        prop_assert_eq!(entry.as_ref().map(|entry| &entry.message), Some(&message));
        let bytes = serde_json::json!({
            "__REALTIME_TIMESTAMP": "1795310091508359", "MESSAGE": message.as_bytes(), "_PID": pid.to_string(),
        });
        let expected = if message.is_empty() { "[no message]" } else { &message };
        let entry = Entry::parse(bytes.to_string().as_bytes(), Redaction::On);
        prop_assert_eq!(entry.as_ref().map(|entry| entry.message.as_str()), Some(expected));
        prop_assert_eq!(entry.and_then(|entry| entry.pid), Some(u64::from(pid)));
    }

    #[test]
    fn any_json_is_an_entry_or_not_without_a_panic(value in json()) {
        let record = serde_json::json!({
            "__REALTIME_TIMESTAMP": "1795310091508359", "MESSAGE": value, "PRIORITY": value, "_PID": value,
        });
        let _ = Entry::parse(record.to_string().as_bytes(), Redaction::On);
    }

    #[test]
    fn any_text_is_read_as_rows_without_a_panic(csv in "(?s)([0-9a-zA-Z\\[\\]./! -]{0,9}, ?|\n|\\PC{0,9}){0,60}") {
        for columns in Columns::ALL {
            for row in gpu_rows::parse(&columns.names(), &csv).rows {
                prop_assert!(row.index.is_some());
            }
        }
        let _ = gpu_rows::parse_with_header(&csv);
    }

    #[test]
    fn what_is_not_available_and_plain_numbers_are_no_fault(
        cells in prop::collection::vec(prop_oneof![Just("[N/A]".to_owned()), "[0-9]{1,6}(\\.[0-9]{2})?"], 30)
    ) {
        const COUNTERS: [&str; 3] =
            ["ecc.errors.uncorrected.volatile.total", "remapped_rows.failure", "remapped_rows.pending"];
        for columns in Columns::ALL {
            let names = columns.names();
            let cell = |(name, cell): (&&str, &String)| match *name {
                "index" => "0".to_owned(),
                name if COUNTERS.contains(&name) => "0".to_owned(),
                _ => cell.clone(),
            };
            let csv = names.iter().zip(&cells).map(cell).collect::<Vec<_>>().join(", ");
            for (gpu, is_fault, code) in super::gpu_findings(&names, &csv) {
                prop_assert!(!is_fault, "{gpu:?} {code}: {csv}");
            }
        }
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "\\PC{0,9}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::hash_map("[a-z]{1,3}", inner, 0..3)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}
