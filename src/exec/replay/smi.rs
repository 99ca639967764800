//! One GPU of the recorded answers of `nvidia-smi` about all of them.

/// The rows with these columns of those that were recorded, of one GPU or of all.
pub(super) fn rows(text: &str, recorded: &[String], asked: &[&str], gpu: Option<&str>) -> String {
    let position = |column: &&str| recorded.iter().position(|name| name.as_str() == *column);
    let positions: Vec<usize> = asked.iter().filter_map(position).collect();
    let index = position(&"index");
    let mut text_of_rows = String::new();
    for row in text.lines() {
        let values: Vec<&str> = row.split(", ").collect();
        let is_asked = gpu.is_none_or(|gpu| index.and_then(|index| values.get(index)) == Some(&gpu));
        if is_asked {
            let found: Vec<&str> = positions.iter().filter_map(|at| values.get(*at).copied()).collect();
            text_of_rows.push_str(&found.join(", "));
            text_of_rows.push('\n');
        }
    }
    text_of_rows
}

/// The long report of one GPU, if there are as many sections as GPUs: they have the order of the rows, and `at` says
/// which one is asked for.
pub(super) fn report(text: &str, index: &str, count: usize) -> Option<String> {
    let begins = |line: &str| line.starts_with("GPU 0");
    let asked: usize = index.parse().ok()?;
    if text.lines().filter(|line| begins(line)).count() != count {
        return None;
    }
    let mut found = String::new();
    let mut sections = 0;
    for line in text.split_inclusive('\n') {
        sections += usize::from(begins(line));
        // Nothing before the first section belongs to a GPU.
        if sections == 0 || sections == asked + 1 {
            found.push_str(line);
        }
    }
    Some(found)
}

/// The banner of one GPU, if its tables have the usual form: the block of a GPU begins with its index and ends with a
/// line of `+---`, and each row of the table of processes begins with one.
pub(super) fn banner(text: &str, index: &str) -> Option<String> {
    let mut found = String::new();
    let (mut in_processes, mut is_hidden, mut is_found) = (false, false, false);
    for line in text.split_inclusive('\n') {
        in_processes |= line.contains("Processes:");
        let word = line.strip_prefix('|').and_then(|rest| rest.split_ascii_whitespace().next());
        if let Some(of) = word.filter(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
            if in_processes && of != index {
                continue;
            }
            is_hidden = of != index;
            is_found |= !is_hidden;
        }
        if !is_hidden {
            found.push_str(line);
        } else if line.starts_with('+') {
            is_hidden = false;
        }
    }
    is_found.then_some(found)
}
