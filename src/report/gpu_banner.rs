//! What the banner of nvidia-smi says of each GPU.

/// A power draw that no GPU has, in watts.
pub(super) const WATTS: u32 = 5000;

/// A temperature that no GPU survives, in degrees Celsius.
pub(super) const CELSIUS: u32 = 150;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BannerGpu {
    pub index: u16,
    /// Its PCI address.
    pub bus: String,
    /// Its product name, as far as the banner has room for it.
    pub name: String,
    /// `On`, `Off`, or on Windows the driver model.
    pub persistence: String,
    /// `74862MiB /  81559MiB`, or what stands in its place.
    pub memory: String,
    /// Degrees Celsius.
    pub temperature_c: Option<u16>,
    /// Percent of the time in which a kernel ran.
    pub busy_percent: Option<u16>,
    /// Uncorrected ECC errors, 0 where they are not counted.
    pub uncorrected: u64,
    /// How many cells are `ERR!`, except for the fan: many GPUs have none.
    pub unreadable: usize,
    /// ECC is to be turned on or off by a reset.
    pub is_ecc_changing: bool,
    /// MIG mode is to be turned on or off by a reset.
    pub is_mig_changing: bool,
    /// A reading is one that no GPU can have.
    pub is_impossible: bool,
}

/// The version of the driver, from the frame of the banner or the head of the long report.
pub(crate) fn driver_version(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("Driver Version")?;
    rest.trim_start()
        .strip_prefix(':')?
        .split_ascii_whitespace()
        .next()
        .filter(|word| word.starts_with(|sign: char| sign.is_ascii_digit()))
}

/// Reads the banner: of each GPU a row with its index, name and bus id, below it one with its readings, and one with its
/// MIG mode. The columns have been the same since driver 390; what nvidia-smi prints around them is left out. Pure.
pub(crate) fn parse(banner: &str) -> Vec<BannerGpu> {
    let mut gpus: Vec<BannerGpu> = Vec::new();
    // How many more rows the last GPU has.
    let mut rows_left = 0;
    for line in banner.lines() {
        let Some(cells) = line.trim_end().strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            rows_left = 0;
            continue;
        };
        let cells: Vec<&str> = cells.split('|').collect();
        if let Some(gpu) = first_row(&cells) {
            gpus.push(gpu);
            rows_left = 2;
        } else if let Some(gpu) = gpus.last_mut()
            && let [first, second, third] = cells[..]
            && rows_left > 0
        {
            let readings = || first.split_ascii_whitespace().chain(third.split_ascii_whitespace());
            let mut words = readings();
            if rows_left == 2 {
                // The fan comes first.
                words.next();
                second.trim().clone_into(&mut gpu.memory);
                gpu.temperature_c = reading(first, "C");
                gpu.busy_percent = reading(third, "%");
                gpu.is_impossible = readings().any(is_impossible);
            }
            if rows_left == 1 {
                gpu.is_mig_changing = third.trim().ends_with('*');
            }
            gpu.unreadable += words.filter(|word| *word == "ERR!").count();
            rows_left -= 1;
        }
    }
    gpus
}

/// `|   0  NVIDIA H100 80GB HBM3          On  |   00000000:1B:00.0 Off |                    0 |`
fn first_row(cells: &[&str]) -> Option<BannerGpu> {
    let [first, second, third] = cells else { return None };
    let bus = bus_id(second)?;
    let words: Vec<&str> = first.split_ascii_whitespace().collect();
    let (index, [name @ .., persistence]) = words.split_first()? else { return None };
    let ecc = third.trim();
    Some(BannerGpu {
        index: index.parse().ok()?,
        bus: bus.to_owned(),
        name: name.join(" "),
        persistence: (*persistence).to_owned(),
        // The `*` of `0*`, `Off*` and `Enabled*` marks a change that waits for a reset.
        is_ecc_changing: ecc.ends_with('*'),
        // `N/A`, `Off`, and `On` under MIG are no numbers.
        uncorrected: ecc.trim_end_matches('*').parse().unwrap_or(0),
        unreadable: usize::from(name.contains(&"ERR!")) + usize::from(ecc == "ERR!"),
        ..BannerGpu::default()
    })
}

fn reading(cell: &str, unit: &str) -> Option<u16> {
    cell.split_ascii_whitespace().find_map(|word| word.strip_suffix(unit)?.parse().ok())
}

fn is_impossible(word: &str) -> bool {
    let limits = [('W', WATTS), ('C', CELSIUS), ('%', 100)];
    let exceeds = |(unit, most)| word.strip_suffix(unit).and_then(|number| number.parse().ok()) > Some(most);
    limits.into_iter().any(exceeds)
}

/// The PCI address in a text, such as `00000000:1B:00.0` or `0000:61:00.0`.
pub(super) fn bus_id(text: &str) -> Option<&str> {
    // It may stand behind the address without a space.
    let pieces = text.split("ERR!");
    let words =
        pieces.flat_map(|piece| piece.split(|sign: char| !(sign.is_ascii_hexdigit() || ":.".contains(sign))));
    words.map(|word| word.trim_matches([':', '.'])).find(|word| {
        let parts: Vec<usize> = word.split([':', '.']).map(str::len).collect();
        matches!(parts[..], [4 | 8, 2, 2, 1])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gpu_has_its_name_and_readings() {
        let banner = "\
+-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
|   0  NVIDIA H100 80GB HBM3          On  |   00000000:1B:00.0 Off |                    0 |
| N/A   57C    P0            548W /  700W |   74862MiB /  81559MiB |     97%      Default |
|                                         |                        |             Disabled |
|  11  NVIDIA H100 80GB HBM3          Off |   00000000:43:00.0 Off |                    0 |
| N/A  ERR!    P0            ERR! /  700W |   74318MiB /  81559MiB |     N/A      Default |
+-----------------------------------------+------------------------+----------------------+
|    0   N/A  N/A            1234      C   python3                              74850MiB |
";
        let gpu =
            |index, persistence: &str, memory: &str, temperature_c, busy_percent, unreadable| BannerGpu {
                index,
                bus: format!("00000000:{}:00.0", if index == 0 { "1B" } else { "43" }),
                name: "NVIDIA H100 80GB HBM3".to_owned(),
                persistence: persistence.to_owned(),
                memory: memory.to_owned(),
                temperature_c,
                busy_percent,
                unreadable,
                ..BannerGpu::default()
            };
        let well = gpu(0, "On", "74862MiB /  81559MiB", Some(57), Some(97), 0);
        assert_eq!(parse(banner), [well, gpu(11, "Off", "74318MiB /  81559MiB", None, None, 2)]);
        let lost = "|   3  NVIDIA H100 80G... ERR!  | 00000000:61:00.0ERR! |                 ERR! |\n\
            |ERR!  ERR! ERR!    ERR! / ERR! | GPU is lost          |    ERR!         ERR! |\n";
        let lost = parse(lost).remove(0);
        assert_eq!(
            (lost.index, lost.bus.as_str(), lost.memory.as_str()),
            (3, "00000000:61:00.0", "GPU is lost")
        );
        assert_eq!(parse("No devices were found\n"), []);
        assert_eq!(parse("|\n||\n| | | |\n|a|b:c:d|e|\n"), []);
    }
}
