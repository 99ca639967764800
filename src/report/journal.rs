//! One entry of the journal, from a line of `journalctl --output=json`.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{SeqAccess, Visitor},
};

use super::timestamp;
use crate::redact::{Place, Redaction};

/// Stands for a message that is null or missing.
const NO_MESSAGE: &str = "[no message]";

/// One entry, as documents show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    /// RFC 3339; `None` only for an entry that was too long to be read.
    pub timestamp: Option<String>,
    /// 0 (emergency) to 7 (debug).
    pub priority: Option<u8>,
    /// Who logged it.
    pub identifier: Option<String>,
    /// The process that logged it.
    pub pid: Option<u64>,
    /// All of its text.
    pub message: String,
    #[serde(skip)]
    pub(super) host: Option<String>,
    /// Its part of a private key that was logged line by line.
    #[serde(skip)]
    pub(super) place: Place,
}

impl Entry {
    /// `2026-11-22T00:49:03.223601Z host ident[pid]: message`; newlines stay inside.
    pub(crate) fn line(&self) -> String {
        format!("{}{}", self.prefix(), self.message)
    }

    /// How many bytes of a message an overview shows.
    pub(super) const SHORT: usize = 512;

    /// The same with the beginning of its message.
    pub(super) fn short(mut self) -> Self {
        self.message.truncate(self.message.floor_char_boundary(Self::SHORT));
        self.message.shrink_to_fit();
        self
    }

    /// How many bytes [`Entry::line`] has.
    pub(super) fn length(&self) -> usize {
        self.prefix().len() + self.message.len()
    }

    /// What stands before the message in [`Entry::line`].
    pub(crate) fn prefix(&self) -> String {
        let Some(timestamp) = &self.timestamp else { return String::new() };
        // `-` is what RFC 5424 writes for a host that is not known.
        let host = self.host.as_deref().unwrap_or("-");
        let identifier = self.identifier.as_deref().unwrap_or("unknown");
        match self.pid {
            Some(pid) => format!("{timestamp} {host} {identifier}[{pid}]: "),
            None => format!("{timestamp} {host} {identifier}: "),
        }
    }

    /// Whether its message says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.message.trim().is_empty() || self.message == NO_MESSAGE
    }

    /// Whether systemd (PID 1) logged it, and not the unit itself.
    pub(super) fn is_of_systemd(&self) -> bool {
        self.pid == Some(1)
    }

    /// Stands for an entry of that many bytes that was too long to be read.
    pub(super) fn left_out(bytes: u64) -> Self {
        Self {
            timestamp: None,
            priority: None,
            identifier: None,
            pid: None,
            message: format!("[entry of {bytes} bytes left out]"),
            host: None,
            place: Place::default(),
        }
    }

    /// Reads one line; `None` when it is no journal entry. Pure.
    pub(super) fn parse(line: &[u8], redaction: Redaction) -> Option<Self> {
        // A struct can be read from an array, too; an entry is an object.
        if line.first() != Some(&b'{') {
            return None;
        }
        let record: Record<'_> = serde_json::from_slice(line).ok()?;
        let timestamp = timestamp::of_journal(&record.timestamp?.0?)?;
        let text = |field: Option<Field<'_>>| field?.0.map(Cow::into_owned);
        let number = |field: Option<Field<'_>>| text(field)?.parse().ok();
        let message = text(record.message).unwrap_or_else(|| NO_MESSAGE.to_owned());
        let place = if redaction == Redaction::On { Place::of(message.as_bytes()) } else { Place::default() };
        let identifier = text(record.identifier).or_else(|| text(record.command));
        Some(Self {
            timestamp: Some(timestamp::rfc_3339(timestamp)),
            priority: text(record.priority)
                .and_then(|priority| priority.parse().ok())
                .filter(|priority| *priority <= 7),
            identifier: identifier.map(|identifier| redaction.text(identifier)),
            pid: number(record.pid).or_else(|| number(record.syslog_pid)),
            message: redaction.text(message),
            host: text(record.host),
            place,
        })
    }
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default, rename = "__REALTIME_TIMESTAMP")]
    timestamp: Option<Field<'a>>,
    #[serde(borrow, default, rename = "MESSAGE")]
    message: Option<Field<'a>>,
    #[serde(borrow, default, rename = "PRIORITY")]
    priority: Option<Field<'a>>,
    #[serde(borrow, default, rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<Field<'a>>,
    #[serde(borrow, default, rename = "_COMM")]
    command: Option<Field<'a>>,
    #[serde(borrow, default, rename = "SYSLOG_PID")]
    syslog_pid: Option<Field<'a>>,
    #[serde(borrow, default, rename = "_PID")]
    pid: Option<Field<'a>>,
    #[serde(borrow, default, rename = "_HOSTNAME")]
    host: Option<Field<'a>>,
}

/// A field's text. journalctl writes it as a string; as an array of bytes when it is not
/// printable UTF-8; as an array of either when the entry has the field more than once; and as null
/// when it is too long to be shown without `--all` (the JSON format of systemd.io/JOURNAL_EXPORT_FORMATS).
struct Field<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a journal field")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Field(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Field(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field(None))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Field(Some(Cow::Owned(value.to_string()))))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Field(Some(Cow::Owned(value.to_string()))))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Field(Some(Cow::Owned(value.to_string()))))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Field(Some(Cow::Owned(value.to_string()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut bytes = Vec::new();
        let mut texts = Vec::new();
        while let Some(item) = items.next_element::<Item<'de>>()? {
            match item {
                Item::Byte(byte) => bytes.push(byte),
                Item::Text(Field(text)) => texts.extend(text),
            }
        }
        if !bytes.is_empty() {
            texts.insert(0, Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()));
        }
        Ok(Field(if texts.is_empty() { None } else { Some(Cow::Owned(texts.join("\n"))) }))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Item<'a> {
    Byte(u8),
    #[serde(borrow)]
    Text(Field<'a>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(fields: &str) -> Option<Entry> {
        Entry::parse(
            format!(r#"{{"__REALTIME_TIMESTAMP":"1795310091508359",{fields}}}"#).as_bytes(),
            Redaction::On,
        )
    }

    fn message(fields: &str) -> Option<String> {
        parse(fields).map(|entry| entry.message)
    }

    #[test]
    fn a_message_is_text_bytes_repeated_or_missing() {
        fn case(fields: &str, expected: &str) {
            assert_eq!(message(fields).as_deref(), Some(expected), "{fields}");
        }
        case(r#""MESSAGE":"plain""#, "plain");
        case(r#""MESSAGE":"two\nlines \u00e9""#, "two\nlines é");
        case(r#""MESSAGE":[27,91,109,255]"#, "\u{1b}[m\u{fffd}");
        case(r#""MESSAGE":["one","two"]"#, "one\ntwo");
        case(r#""MESSAGE":[[111,110,101],"two",null]"#, "one\ntwo");
        case(r#""MESSAGE":null"#, "[no message]");
        case(r#""MESSAGE":[]"#, "[no message]");
        case(r#""MESSAGE":"""#, "");
        case(r#""PRIORITY":"6""#, "[no message]");
    }

    #[test]
    fn a_line_names_the_host_the_identifier_and_the_process() {
        fn case(fields: &str, expected: &str) {
            assert_eq!(parse(fields).map(|entry| entry.line()).as_deref(), Some(expected));
        }
        case(
            r#""_HOSTNAME":"vm","SYSLOG_IDENTIFIER":"k3s","_PID":"146","MESSAGE":"up""#,
            "2026-11-22T01:14:51.508359Z vm k3s[146]: up",
        );
        case(r#""_COMM":"cat","SYSLOG_PID":"7","MESSAGE":"up""#, "2026-11-22T01:14:51.508359Z - cat[7]: up");
        case(r#""_PID":"x","MESSAGE":"up""#, "2026-11-22T01:14:51.508359Z - unknown: up");
    }

    #[test]
    fn a_line_that_is_no_entry_is_none() {
        for line in [
            "",
            "-- No entries --",
            "{}",
            "[1]",
            "{\"MESSAGE\":\"no time\"}",
            "{\"__REALTIME_TIMESTAMP\":\"x\"}",
        ] {
            assert_eq!(Entry::parse(line.as_bytes(), Redaction::On), None, "{line:?}");
        }
        assert_eq!(parse(r#""PRIORITY":"9","MESSAGE":"m""#).and_then(|entry| entry.priority), None);
    }
}
