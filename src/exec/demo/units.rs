//! The recorded answer of `systemctl show`.

/// All seven units, in the order of the allowlist.
const SHOW: &str = include_str!("recordings/show.txt");

/// The blocks of the asked units, in the asked order.
pub fn show(arguments: &[String]) -> String {
    let asked = arguments.iter().skip_while(|argument| *argument != "--").skip(1);
    let blocks: Vec<&str> = asked.filter_map(|unit| block(unit)).collect();
    format!("{}\n", blocks.join("\n\n"))
}

fn block(unit: &str) -> Option<&'static str> {
    SHOW.trim_end()
        .split("\n\n")
        .find(|block| block.lines().any(|line| line.strip_prefix("Id=") == Some(unit)))
}
