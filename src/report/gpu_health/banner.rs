//! The rows of the banner of nvidia-smi, as far as they tell whether a GPU is well.

/// A power draw that no GPU has, in watts.
const WATTS: u32 = 5000;

/// A temperature that no GPU survives, in degrees Celsius.
const CELSIUS: u32 = 150;

/// What the rows of one GPU say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gpu<'a> {
    pub index: u16,
    /// `On`, `Off`, or on Windows the driver model.
    pub persistence: &'a str,
    /// `74862MiB /  81559MiB`, or what stands in its place.
    pub memory: &'a str,
    /// How many cells are `ERR!`, but for the fan: many GPUs have none.
    pub unreadable: usize,
    /// Uncorrected ECC errors, 0 where they are not counted.
    pub uncorrected: u64,
    /// The numbers with their units, such as `57C` and `548W`.
    readings: Vec<&'a str>,
}

impl Gpu<'_> {
    /// Whether every reading is one that a GPU can have.
    pub(super) fn is_possible(&self) -> bool {
        let within = |unit: char, most: u32| {
            self.readings
                .iter()
                .filter_map(|reading| reading.strip_suffix(unit)?.parse::<u32>().ok())
                .all(|value| value <= most)
        };
        within('W', WATTS) && within('C', CELSIUS) && within('%', 100)
    }
}

/// Reads them: a first row with index, name, mode, bus id and ECC errors, a second one with the readings, a third one with
/// the MIG mode. The columns have been the same since driver 390.
pub(super) fn parse(text: &str) -> Vec<Gpu<'_>> {
    let mut gpus: Vec<Gpu<'_>> = Vec::new();
    let mut rows_left = 0;
    for line in text.lines() {
        let Some(row) = line.trim_end().strip_prefix('|').and_then(|row| row.strip_suffix('|')) else {
            rows_left = 0;
            continue;
        };
        let cells: Vec<&str> = row.split('|').collect();
        if let Some(gpu) = first_row(&cells) {
            gpus.push(gpu);
            rows_left = 2;
        } else if let Some(gpu) = gpus.last_mut()
            && let [first, second, third] = cells[..]
            && rows_left > 0
        {
            let is_second = rows_left == 2;
            rows_left -= 1;
            // The fan stands first, `ERR!` or not.
            let words = first.split_ascii_whitespace().skip(usize::from(is_second));
            gpu.unreadable +=
                words.chain(third.split_ascii_whitespace()).filter(|word| *word == "ERR!").count();
            if is_second {
                gpu.memory = second.trim();
                gpu.readings.extend(first.split_ascii_whitespace().chain(third.split_ascii_whitespace()));
            }
        }
    }
    gpus
}

/// `|   0  NVIDIA H100 80GB HBM3          On  |   00000000:1B:00.0 Off |                    0 |`
fn first_row<'a>(cells: &[&'a str]) -> Option<Gpu<'a>> {
    let [first, second, third] = cells else { return None };
    bus_id(second)?;
    let words: Vec<&str> = first.split_ascii_whitespace().collect();
    let (index, [name @ .., mode]) = words.split_first()? else { return None };
    let ecc = third.trim();
    Some(Gpu {
        index: index.parse().ok()?,
        persistence: mode,
        memory: "",
        unreadable: usize::from(name.contains(&"ERR!")) + usize::from(ecc == "ERR!"),
        // `N/A`, `Off`, and `On` under MIG are no numbers; `0*` becomes one at the next start.
        uncorrected: ecc.trim_end_matches('*').parse().unwrap_or(0),
        readings: Vec::new(),
    })
}

/// The PCI address in a text, such as `00000000:1B:00.0` or `0000:61:00.0`.
pub(super) fn bus_id(text: &str) -> Option<&str> {
    let words = text.split(|sign: char| !(sign.is_ascii_hexdigit() || ":.".contains(sign)));
    words.map(|word| word.trim_matches([':', '.'])).find(|word| {
        let parts: Vec<usize> = word.split([':', '.']).map(str::len).collect();
        matches!(parts[..], [4 | 8, 2, 2, 1])
    })
}

/// The index in `gpu1: 0000:34:00.0: unknown error`, as driver 610 has it.
pub(super) fn index_before_bus(rest: &str) -> Option<u16> {
    let (before, after) = rest.trim_start().strip_prefix("gpu")?.split_once(": ")?;
    bus_id(after)?;
    before.trim().parse().ok()
}
