//! An entry of the journal as a recording has it.

use jiff::Timestamp;
use serde::Serialize;

use super::Entry;

/// The entry as journalctl prints it, with nothing but the fields that are read again.
pub(super) fn record(entry: &Entry) -> String {
    let timestamp = entry.timestamp.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
    let record = Written {
        timestamp: timestamp.map(|timestamp| timestamp.as_microsecond().to_string()),
        priority: entry.priority.map(|priority| priority.to_string()),
        identifier: entry.identifier.as_deref(),
        pid: entry.pid.map(|pid| pid.to_string()),
        host: entry.host.as_deref(),
        message: &entry.message,
    };
    // Text and nothing else, so this cannot fail.
    serde_json::to_string(&record).unwrap_or_default()
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    timestamp: Option<String>,
    #[serde(rename = "PRIORITY")]
    priority: Option<String>,
    #[serde(rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<&'a str>,
    #[serde(rename = "_PID")]
    pid: Option<String>,
    #[serde(rename = "_HOSTNAME")]
    host: Option<&'a str>,
    #[serde(rename = "MESSAGE")]
    message: &'a str,
}
