use std::{ops::ControlFlow, time::Duration};

use super::*;
use crate::{
    exec::{Columns, Detail, Gpu, Head},
    limits::{Limits, Lines},
    service::{self, Service},
};

/// Keeps everything, and breaks off once it has so many lines.
struct Taken {
    text: String,
    lines: usize,
}

impl Sink for Taken {
    fn feed(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        self.text.push_str(std::str::from_utf8(bytes).unwrap_or("\u{fffd}"));
        if self.text.lines().count() < self.lines {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}

/// The list of the driver in the demo.
const FULL: Columns = Columns::From565;

fn demo() -> Replay {
    Replay::demo().unwrap()
}

fn recorded_at() -> Timestamp {
    demo().recorded_at()
}

fn run(invocation: &Invocation) -> (String, i32) {
    let mut taken = Taken { text: String::new(), lines: usize::MAX };
    let exit = demo().run(invocation, Duration::ZERO, &mut taken, &mut Head::new(0));
    (taken.text, exit.unwrap().code())
}

#[track_caller]
fn answer(invocation: &Invocation) -> String {
    let (text, code) = run(invocation);
    assert_eq!(code, 0, "{:?}", invocation.command());
    text
}

fn lines(n: i64) -> Lines {
    Lines::new(Some(n), &Limits::default())
}

fn journal(service: &'static Service, n: i64, since: Option<u64>) -> Invocation {
    Invocation::Journal { service, lines: lines(n), priority: None, since }
}

fn times(journal: &str) -> Vec<i64> {
    let time = |line: &str| {
        let record: serde_json::Value = serde_json::from_str(line).ok()?;
        record["__REALTIME_TIMESTAMP"].as_str()?.parse().ok()
    };
    journal.lines().map(|line| time(line).unwrap_or_default()).collect()
}

fn rows(columns: Columns, gpu: Gpu) -> Vec<Vec<String>> {
    let csv = answer(&Invocation::Query { columns, gpu });
    csv.lines().map(|row| row.split(", ").map(str::to_owned).collect()).collect()
}

#[test]
fn everything_that_can_be_asked_has_an_answer() {
    for invocation in Invocation::closed_list() {
        let command = invocation.command();
        if let Invocation::Query { columns, .. } = invocation
            && ![FULL, Columns::Recorded, Columns::Minimal].contains(&columns)
        {
            let (text, code) = run(&invocation);
            assert_eq!(code, 2, "{command:?}");
            assert!(text.ends_with("\" is not a valid field to query.\n\n"), "{text}");
            continue;
        }
        // Nothing in the recordings is as grave as an emergency.
        let is_of_emergencies = command.iter().any(|argument| argument == "--priority=0");
        assert_eq!(answer(&invocation).ends_with('\n'), !is_of_emergencies, "{command:?}");
    }
}

#[test]
fn units_are_shown_in_the_asked_order_and_one_has_failed() {
    let show = answer(&Invocation::Show(service::all().iter().rev().collect()));
    let blocks: Vec<&str> = show.trim_end().split("\n\n").collect();
    assert_eq!(blocks.len(), service::all().len());
    for (block, service) in blocks.iter().zip(service::all().iter().rev()) {
        let has = |line: &str| block.lines().any(|found| found == line);
        assert!(has(&format!("Id={}", service.unit())));
        assert_eq!(has("ActiveState=failed"), service.id() == "attestation-service", "{block}");
        assert_eq!(has("ExecMainStatus=0"), service.id() != "attestation-service", "{block}");
        assert_eq!(has("SubState=exited"), service.id() == "infiniband-config", "{block}");
    }
    assert!(!show.ends_with("\n\n"));
}

#[test]
fn every_journal_is_newest_first_and_older_than_now() {
    let now = recorded_at().as_microsecond();
    for service in service::all() {
        let times = times(&answer(&journal(service, 1000, None)));
        assert!((15..=80).contains(&times.len()), "{}: {}", service.id(), times.len());
        assert!(times.is_sorted_by(|newer, older| newer >= older) && times[0] < now, "{}", service.id());
    }
}

#[test]
fn lines_and_since_are_honoured() {
    let service = &service::all()[0];
    let all = answer(&journal(service, 1000, None));
    let newest = answer(&journal(service, 3, None));
    assert_eq!(newest.lines().collect::<Vec<_>>(), all.lines().take(3).collect::<Vec<_>>());
    let mut oldest_first: Vec<&str> = newest.lines().collect();
    oldest_first.reverse();
    let follow = answer(&Invocation::Follow { service, lines: lines(3), priority: None });
    assert_eq!(follow.lines().collect::<Vec<_>>(), oldest_first);

    let middle = u64::try_from(times(&all)[10] / 1_000_000).unwrap_or_default();
    let since = answer(&journal(service, 1000, Some(middle)));
    let count = since.lines().count();
    assert!((11..all.lines().count()).contains(&count), "{count}");
    assert!(all.starts_with(&since));
    assert_eq!(answer(&journal(service, 1000, Some(middle + 86400))), "");
}

#[test]
fn following_ends_with_the_sink_or_the_last_entry() {
    let service = &service::all()[0];
    let follow = |enough| {
        let mut taken = Taken { text: String::new(), lines: enough };
        let follow = Invocation::Follow { service, lines: lines(5), priority: None };
        let end = demo().follow(&follow, &mut taken, &mut Head::new(0));
        assert_eq!(end, Ok(Followed::Stopped));
        taken.text.lines().count()
    };
    assert_eq!(follow(2), 2);
    assert_eq!(follow(100), 5);
}

#[test]
fn only_the_asked_gpu_is_printed() {
    let all: Vec<usize> = (0..8).collect();
    let three = Gpu::Index(3);
    for (gpu, expected) in [(Gpu::All, all.as_slice()), (three, &[3])] {
        let banner = answer(&Invocation::Smi { detail: Detail::Summary, gpu });
        let report = answer(&Invocation::Smi { detail: Detail::Full, gpu });
        let names = FULL.names().len();
        let rows = rows(FULL, gpu);
        assert!(rows.iter().all(|row| row.len() == names));
        assert_eq!(rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>(), texts(expected));
        assert_eq!(banner.matches("NVIDIA H100").count(), expected.len());
        assert_eq!(banner.matches("N/A  N/A").count(), expected.len(), "a process each");
        assert_eq!(banner.lines().count(), 15 + 5 * expected.len(), "{banner}");
        assert_eq!(report.matches("\nGPU 00000000:").count(), expected.len());
        for index in expected {
            assert_eq!(banner.matches(&format!("|   {index}  NVIDIA")).count(), 1);
            assert_eq!(banner.matches(&format!("|    {index}   N/A  N/A")).count(), 1);
            assert!(report.contains(&format!("    Minor Number                          : {index}\n")));
        }
    }
}

fn texts(numbers: &[usize]) -> Vec<String> {
    numbers.iter().map(ToString::to_string).collect()
}

#[test]
fn a_gpu_that_is_not_there_is_said_as_nvidia_smi_says_it() {
    let gpu = Gpu::Index(8);
    for invocation in [
        Invocation::Smi { detail: Detail::Summary, gpu },
        Invocation::Smi { detail: Detail::Full, gpu },
        Invocation::Query { columns: Columns::Minimal, gpu },
    ] {
        assert_eq!(run(&invocation), ("No devices were found\n".to_owned(), 6));
    }
}

#[test]
fn the_minimal_rows_are_the_full_ones_with_less() {
    let full = rows(FULL, Gpu::Index(5)).remove(0);
    let minimal = rows(Columns::Minimal, Gpu::Index(5)).remove(0);
    let kept = |name: &&&str| Columns::Minimal.names().contains(*name);
    let expected: Vec<&String> =
        FULL.names().iter().zip(&full).filter(|(name, _)| kept(name)).map(|(_, value)| value).collect();
    assert_eq!(minimal.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn the_three_formats_agree() {
    for (index, row) in (0..).zip(rows(FULL, Gpu::All)) {
        let gpu = Gpu::Index(index);
        let banner = answer(&Invocation::Smi { detail: Detail::Summary, gpu });
        let report = answer(&Invocation::Smi { detail: Detail::Full, gpu });
        let [uuid, driver, heat, power, load, used, total] = [1, 3, 4, 5, 7, 8, 9].map(|at| row[at].as_str());
        for text in [uuid, driver] {
            assert!(report.contains(&format!(": {text}\n")), "{text} is not in the report");
        }
        for text in [
            format!("{heat} C"),
            format!("{power} W"),
            format!("{used} MiB"),
            format!("{total} MiB"),
            format!("{load} %"),
        ] {
            assert!(report.contains(&format!(": {text}\n")), "{text} is not in the report");
        }
        for text in [
            format!(" {heat}C "),
            format!(" {used}MiB /  {total}MiB |"),
            format!(" {load}% "),
            driver.to_owned(),
        ] {
            assert!(banner.contains(&text), "{text} is not in the banner");
        }
    }
}

#[test]
fn nvidia_smi_was_asked_at_the_moment_of_the_recordings() {
    let now = recorded_at().strftime("%a %b %e %H:%M:%S %Y").to_string();
    assert!(answer(&Invocation::Smi { detail: Detail::Summary, gpu: Gpu::All }).starts_with(&now));
    assert!(answer(&Invocation::Smi { detail: Detail::Full, gpu: Gpu::All }).contains(&format!(": {now}\n")));
}
