//! An answer of the server.

use serde_json::Value;

use crate::{described, test::document};

/// An answer whose head is as every head has to be.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub fn of_head(head: String) -> Self {
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split(' ').next()?.parse().ok());
        let answer = Self { status: status.expect("a status line"), head, body: Vec::new() };
        let types = ["application/json", "text/plain; version=0.0.4; charset=utf-8"];
        assert!(types.map(Some).contains(&answer.header("Content-Type")), "{}", answer.head);
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{}", answer.head);
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{}", answer.head);
        for (name, _) in answer.headers() {
            let name = name.to_ascii_lowercase();
            let known = [
                "content-type",
                "cache-control",
                "x-content-type-options",
                "content-length",
                "date",
                "connection",
                "allow",
                "retry-after",
                "www-authenticate",
            ];
            assert!(known.contains(&name.as_str()), "{name} has no place in {}", answer.head);
        }
        answer
    }

    fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.lines().skip(1).filter(|line| !line.is_empty()).map(|line| line.split_once(": ").unwrap())
    }

    /// A header, which must not be there twice.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers().filter(|(given, _)| given.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value);
        assert!(values.next().is_none(), "{name} is there twice: {}", self.head);
        value
    }

    /// The length it announces.
    #[track_caller]
    pub fn length(&self) -> usize {
        self.header("Content-Length").expect("a length").parse().unwrap()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        document(&self.body)
    }

    /// Whether docs/openapi.json describes it: as an answer to that target, or to any.
    #[track_caller]
    pub fn is_described(&self, target: Option<&str>) {
        if self.header("Content-Type") == Some("application/json") {
            described::holds(target, self.status, &self.json());
        }
    }

    /// What an error document says, behind the status it comes with.
    #[track_caller]
    pub fn error(&self) -> (u16, Value) {
        let mut document = self.json();
        let detail = document["detail"].take();
        assert!(detail["message"].as_str().is_some_and(|message| !message.is_empty()), "{detail}");
        (self.status, detail)
    }

    /// The head without what differs from one moment to the next.
    pub fn head_without_date(&self) -> String {
        self.head.lines().filter(|line| !line.starts_with("Date: ")).collect::<Vec<_>>().join("\n")
    }
}
