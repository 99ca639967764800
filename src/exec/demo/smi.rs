//! The answers of `nvidia-smi`: eight GPUs, in its three formats.

use crate::exec::{Columns, Detail, Gpu};

const BANNER: &str = include_str!("recordings/nvidia-smi.txt");
const REPORT: &str = include_str!("recordings/nvidia-smi-q.txt");

/// The rows of [`Columns::Full`], the line number being the index.
const ROWS: &str = include_str!("recordings/nvidia-smi.csv");

/// A GPU's block in the banner: two lines of values, one for MIG and one that closes it.
const BANNER_LINES: usize = 4;

/// The banner or the long report, and the exit code.
pub(super) fn text(detail: Detail, gpu: Gpu) -> (String, i32) {
    answer(gpu, |gpu| match detail {
        Detail::Summary => banner(gpu),
        Detail::Full => report(gpu),
    })
}

/// The rows, and the exit code.
pub(super) fn rows(columns: Columns, gpu: Gpu) -> (String, i32) {
    let position = |column| Columns::Full.names().iter().position(|name| name == column);
    let positions: Vec<usize> = columns.names().iter().filter_map(position).collect();
    answer(gpu, |gpu| {
        let rows = ROWS.lines().filter(|row| is_of(gpu, row.split(", ").next()));
        rows.map(|row| {
            let values: Vec<&str> = row.split(", ").collect();
            let asked: Vec<&str> =
                positions.iter().filter_map(|position| values.get(*position).copied()).collect();
            format!("{}\n", asked.join(", "))
        })
        .collect()
    })
}

fn answer(gpu: Gpu, text: impl Fn(Option<&str>) -> String) -> (String, i32) {
    let index = match gpu {
        Gpu::All => None,
        Gpu::Index(index) => Some(index.to_string()),
    };
    if index.as_deref().is_some_and(|index| row(index).is_none()) {
        return ("No devices were found\n".to_owned(), 6);
    }
    (text(index.as_deref()), 0)
}

fn row(index: &str) -> Option<&'static str> {
    ROWS.lines().find(|row| row.split(", ").next() == Some(index))
}

fn report(gpu: Option<&str>) -> String {
    let mut text = String::new();
    // Nothing before the first GPU belongs to one.
    let mut is_asked = true;
    let mut indices = ROWS.lines().map(|row| row.split(", ").next());
    for line in REPORT.split_inclusive('\n') {
        if line.starts_with("GPU ") {
            is_asked = is_of(gpu, indices.next().flatten());
        }
        if is_asked {
            text.push_str(line);
        }
    }
    text
}

fn banner(gpu: Option<&str>) -> String {
    let mut text = String::new();
    let mut hidden = 0;
    for line in BANNER.split_inclusive('\n') {
        // A row of either table begins with its GPU's index; the rows of the first have more lines.
        let mut words = line.split_ascii_whitespace().skip(1);
        let index = words.next().filter(|word| row(word).is_some());
        if index.is_some() && !is_of(gpu, index) {
            hidden = if words.next() == Some("NVIDIA") { BANNER_LINES } else { 1 };
        }
        if hidden > 0 {
            hidden -= 1;
        } else {
            text.push_str(line);
        }
    }
    text
}

/// Whether what has this index is asked for.
fn is_of(gpu: Option<&str>, index: Option<&str>) -> bool {
    gpu.is_none() || gpu == index
}
