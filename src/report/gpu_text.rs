//! What the text of nvidia-smi says, read as it comes: also of text that is too long to be kept.

use std::{collections::VecDeque, ops::ControlFlow};

use super::GpuReason;
use crate::exec::{Head, Line, LineCutter, Sink};

/// How many messages are kept, the last.
const MESSAGES: usize = 4;

/// How much of a line is read, and of a message kept.
const LINE: usize = 1024;

/// nvidia-smi breaks its sentences where they are longer.
const WRAPPED: usize = 40;

/// What the text says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spoken {
    /// Its last messages, the last first.
    pub messages: VecDeque<String>,
    /// The last message that is known to tell a cause.
    pub cause: Option<String>,
    /// What the cause means.
    pub reason: Option<GpuReason>,
    /// Anything was printed at all.
    pub is_anything: bool,
    /// The line before was long enough to go on in the next one.
    goes_on: bool,
    is_long_report: bool,
}

impl Spoken {
    /// Reads the next line. What tables are framed with, dates and values are no messages.
    pub(super) fn take(&mut self, line: &str) {
        self.is_anything |= !line.trim().is_empty();
        self.is_long_report |= line.contains("NVSMI LOG");
        if !self.is_message(line) {
            self.goes_on = false;
            return;
        }
        let line = line.trim();
        let is_continued = self.goes_on && line.starts_with(char::is_lowercase);
        match self.messages.front_mut() {
            Some(message) if is_continued => {
                if message.len() + line.len() < LINE {
                    message.push(' ');
                    message.push_str(line);
                }
            }
            _ => {
                self.messages.push_front(line.to_owned());
                self.messages.truncate(MESSAGES);
            }
        }
        self.goes_on = line.len() >= WRAPPED;
        // A run that has failed may say as its last words that it could not end well either.
        let reason = GpuReason::of_text(line).filter(|_| !line.starts_with("Failed to properly shut down"));
        if reason.is_some() || begins_a_cause(line) {
            self.cause = self.messages.front().cloned();
        } else if is_continued && let Some(cause) = &self.cause {
            // The message of the cause has become longer.
            let message = self.messages.front().filter(|message| message.starts_with(cause.as_str()));
            self.cause = message.cloned().or_else(|| self.cause.clone());
        }
        self.reason = match (self.reason, reason) {
            (Some(first), Some(other)) => Some(first.min(other)),
            (first, other) => first.or(other),
        };
    }

    /// Takes what was said after this.
    pub(super) fn append(&mut self, mut later: Self) {
        later.messages.append(&mut self.messages);
        later.messages.truncate(MESSAGES);
        self.messages = later.messages;
        self.cause = later.cause.or(self.cause.take());
        self.reason = [self.reason, later.reason].into_iter().flatten().min();
        self.is_anything |= later.is_anything;
    }

    /// The message that most likely tells the cause.
    pub(super) fn best(&self) -> Option<&str> {
        self.cause.as_ref().or(self.messages.front()).map(String::as_str)
    }

    fn is_message(&self, line: &str) -> bool {
        let is_framed = line.starts_with(['|', '+']) || line.starts_with("==");
        // `    Product Name                          : NVIDIA H100`, and the headings above, in the long report.
        let is_of_report = self.is_long_report
            && (line.starts_with("    ") || line.contains("  : ") || line.starts_with("GPU 0000"));
        let is_date = {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            matches!(words[..], [day, _, _, time, year]
                if day.len() == 3 && time.contains(':') && year.parse::<u16>().is_ok())
        };
        line.contains(char::is_alphabetic) && !is_framed && !is_of_report && !is_date
    }
}

/// How messages about a cause begin. The last words of a run that has failed already say nothing.
fn begins_a_cause(line: &str) -> bool {
    let begins = ["Failed ", "Unable ", "WARNING", "ERROR", "NVIDIA-SMI has failed", "NVIDIA-SMI couldn't"];
    begins.iter().any(|beginning| line.starts_with(beginning))
        && !line.starts_with("Failed to properly shut down")
}

/// Keeps the beginning of the text, and hears all of it.
pub(super) struct Heard<'a, F: FnMut(Line<'_>) -> ControlFlow<()>> {
    head: &'a mut Head,
    lines: LineCutter<F>,
}

impl<F: FnMut(Line<'_>) -> ControlFlow<()>> Heard<'_, F> {
    /// Reads what came after the last line end.
    pub(super) fn end(self) {
        self.lines.end();
    }
}

impl<F: FnMut(Line<'_>) -> ControlFlow<()>> Sink for Heard<'_, F> {
    fn feed(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        let _ = self.lines.feed(bytes);
        self.head.feed(bytes)
    }
}

/// A sink that keeps what `head` has room for.
pub(super) fn hear<'a>(
    head: &'a mut Head,
    spoken: &'a mut Spoken,
) -> Heard<'a, impl FnMut(Line<'_>) -> ControlFlow<()> + 'a> {
    let lines = LineCutter::new(LINE, |line| {
        match line {
            Line::Whole(bytes) => spoken.take(&String::from_utf8_lossy(bytes)),
            Line::TooLong(_) => spoken.is_anything = true,
        }
        ControlFlow::Continue(())
    });
    Heard { head, lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, best: Option<&str>, messages: &[&str]) {
        let mut spoken = Spoken::default();
        text.lines().for_each(|line| spoken.take(line));
        assert_eq!(spoken.best(), best, "{text}");
        assert_eq!(spoken.messages, messages, "{text}");
    }

    #[test]
    fn a_sentence_over_two_lines_is_one_message() {
        let power = "Unable to communicate with GPU because it is insufficiently powered.";
        let cables = "This may be because not all required cables are attached, or are not seated properly.";
        case(
            &format!(
                "{power}\nThis may be because not all required cables are\nattached, or are not seated properly.\n\n"
            ),
            Some(power),
            &[cables, power],
        );
        let long =
            "Unable to determine the device handle: an issue with GPU interrupts. Consult the README for";
        case(
            &format!("{long}\ndetails and steps."),
            Some(&format!("{long} details and steps.")),
            &[&format!("{long} details and steps.")],
        );
    }

    #[test]
    fn the_cause_is_told_and_not_what_follows_from_it() {
        let mismatch = "Failed to initialize NVML: Driver/library version mismatch";
        case(
            &format!("{mismatch}\nNVML library version: 535.161\n"),
            Some(mismatch),
            &["NVML library version: 535.161", mismatch],
        );
        let versions = "Mismatch in versions between nvidia-smi and NVML.";
        let shut_down = "Failed to properly shut down NVML: Function Not Found";
        let sure = "Are you sure you are using nvidia-smi provided with the driver?";
        case(&format!("{versions}\n{sure}\n{shut_down}"), Some(versions), &[shut_down, sure, versions]);
    }

    #[test]
    fn frames_dates_and_values_are_no_messages() {
        case("Sun Nov 22 01:10:49 2026       \n+---+\n| GPU  Name |\n|===|\n", None, &[]);
        case(
            "==============NVSMI LOG==============\nTimestamp   : Sun\nGPU 00000000:1B:00.0\n    Product Name  : H100\n        Current\n",
            None,
            &[],
        );
        case(
            "    Unable to frobnicate the GPU",
            Some("Unable to frobnicate the GPU"),
            &["Unable to frobnicate the GPU"],
        );
        case("=> GPU 3 lost", Some("=> GPU 3 lost"), &["=> GPU 3 lost"]);
    }
}
