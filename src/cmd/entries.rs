//! Log entries for people.

use std::fmt::Write as _;

use jiff::{Timestamp, tz::TimeZone};

use super::{style::Style, table::STACKED};
use crate::{escape, report::Entry};

/// The most columns that the name of a logger takes, so that one long name does not push all messages aside.
const WIDEST: usize = 28;

/// How entries are laid out beneath each other.
pub(super) struct Layout {
    zone: TimeZone,
    date: &'static str,
    source: usize,
    /// Some entry has a priority that is worth a word.
    has_words: bool,
    /// There is no room for the process, and none for fractions of seconds.
    is_narrow: bool,
}

impl Layout {
    /// For these entries, with times of this zone.
    pub(super) fn of(entries: &[Entry], zone: TimeZone, now: Timestamp, width: Option<u16>) -> Self {
        let year = zone.to_datetime(now).year();
        let is_of_this_year =
            |entry: &Entry| time(entry).is_none_or(|time| zone.to_datetime(time).year() == year);
        let is_narrow = width.is_some_and(|width| width < STACKED);
        let source = if is_narrow { name } else { source };
        Self {
            is_narrow,
            date: if entries.iter().all(is_of_this_year) { "%b %d" } else { "%Y-%m-%d" },
            source: entries.iter().map(|entry| source(entry).chars().count()).max().unwrap_or(0).min(WIDEST),
            has_words: entries.iter().any(|entry| !word(entry.priority).is_empty()),
            zone,
        }
    }

    /// For entries that are not known yet.
    pub(super) fn to_follow(zone: TimeZone) -> Self {
        Self { date: "%b %d", source: 20, has_words: true, is_narrow: false, zone }
    }

    /// The zone, told once above the entries.
    pub(super) fn title(&self) -> String {
        let name = match self.zone.iana_name() {
            Some(name) => name.to_owned(),
            None if self.zone == TimeZone::UTC => "UTC".to_owned(),
            None => "local time".to_owned(),
        };
        format!("{}\n", Style::Dim.of(&format!("times are {}", escape::line(&name))))
    }

    /// One entry: harmless, the lines of its message indented so that none can pass for an entry; errors and
    /// warnings have a word and a colour.
    pub(super) fn line(&self, entry: &Entry) -> String {
        let (fraction, source) = if self.is_narrow { ("", name(entry)) } else { ("%.3f", source(entry)) };
        let time = self.time(entry, &format!("{} %H:%M:%S{fraction}", self.date));
        let mut head = format!("{time} {source:<width$} ", width = self.source);
        if self.has_words {
            let _ = write!(head, "{:<6}", word(entry.priority));
        }
        if entry.timestamp.is_none() {
            head.clear();
        }
        let mut text = String::new();
        for (number, part) in entry.message.split('\n').enumerate() {
            text.push_str(if number == 0 { &head } else { "    " });
            let part = escape::line(part);
            match style(entry.priority) {
                Some(style) if !part.is_empty() => text.push_str(&style.of(&part)),
                _ => text.push_str(&part),
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }

    /// The entries in a line each, with no more than their logger and time of day, cut to what fits.
    pub(super) fn short(&self, entries: &[Entry], unit: &str, now: Timestamp, width: Option<u16>) -> String {
        let today = self.zone.to_datetime(now).date();
        let is_today =
            |entry: &Entry| time(entry).is_none_or(|time| self.zone.to_datetime(time).date() == today);
        let format = if entries.iter().all(is_today) { "%H:%M:%S" } else { "%b %d %H:%M:%S" };
        let names = entries.iter().map(|entry| name(entry).chars().count()).max().unwrap_or(0).min(WIDEST);
        let mut text = String::new();
        for entry in entries {
            let message = entry.message.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            // systemd begins its messages with the unit, which is known here.
            let message = message.trim();
            let message =
                message.strip_prefix(unit).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message);
            let message = escape::line(message);
            let word = if self.has_words { format!("{:<6}", word(entry.priority)) } else { String::new() };
            let mut line = format!("  {} {:<names$}  {word}{message}", self.time(entry, format), name(entry));
            if let Some(width) = width.map(usize::from)
                && line.chars().count() > width
            {
                line = line.chars().take(width.saturating_sub(1)).chain(['…']).collect();
            }
            let line = style(entry.priority).map_or_else(|| line.clone(), |style| style.of(&line));
            text.push_str(&format!("{}\n", line.trim_end()));
        }
        text
    }

    fn time(&self, entry: &Entry, format: &str) -> String {
        time(entry).map_or("-".to_owned(), |time| self.zone.to_datetime(time).strftime(format).to_string())
    }
}

fn time(entry: &Entry) -> Option<Timestamp> {
    entry.timestamp.as_deref()?.parse().ok()
}

fn name(entry: &Entry) -> String {
    escape::line(entry.identifier.as_deref().unwrap_or("unknown"))
}

fn source(entry: &Entry) -> String {
    match entry.pid {
        Some(pid) => format!("{}[{pid}]", name(entry)),
        None => name(entry),
    }
}

fn style(priority: Option<u8>) -> Option<Style> {
    match priority? {
        0..=3 => Some(Style::Bad),
        4 => Some(Style::Warning),
        7 => Some(Style::Dim),
        _ => None,
    }
}

/// The word of syslog(3) for a priority that stands out.
fn word(priority: Option<u8>) -> &'static str {
    match priority {
        Some(0) => "emerg",
        Some(1) => "alert",
        Some(2) => "crit",
        Some(3) => "err",
        Some(4) => "warn",
        Some(7) => "debug",
        _ => "",
    }
}
