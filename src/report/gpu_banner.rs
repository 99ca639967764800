//! What the banner of nvidia-smi says of each GPU.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BannerGpu {
    pub index: u16,
    /// Its product name, as far as the banner has room for it.
    pub name: String,
    /// Degrees Celsius.
    pub temperature_c: Option<u16>,
    /// Percent of the time in which a kernel ran.
    pub busy_percent: Option<u16>,
}

/// Reads the banner: of each GPU a row with its index, name and bus id, and below it one with its readings. The columns
/// have been the same since driver 390; what nvidia-smi prints around them is left out. Pure.
pub(crate) fn parse(banner: &str) -> Vec<BannerGpu> {
    let mut gpus: Vec<BannerGpu> = Vec::new();
    let mut has_readings = true;
    for line in banner.lines() {
        let Some(cells) = line.trim_end().strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            continue;
        };
        let cells: Vec<&str> = cells.split('|').collect();
        if let Some(gpu) = first_row(&cells) {
            gpus.push(gpu);
            has_readings = false;
        } else if let Some(gpu) = gpus.last_mut()
            && !has_readings
            && let [first, _, third] = cells[..]
        {
            gpu.temperature_c = reading(first, "C");
            gpu.busy_percent = reading(third, "%");
            has_readings = true;
        }
    }
    gpus
}

/// `|   0  NVIDIA H100 80GB HBM3          On  |   00000000:1B:00.0 Off |                    0 |`
fn first_row(cells: &[&str]) -> Option<BannerGpu> {
    let [first, second, _] = cells else { return None };
    let bus_id = second.split_ascii_whitespace().next()?;
    if bus_id.matches(':').count() != 2 {
        return None;
    }
    let words: Vec<&str> = first.split_ascii_whitespace().collect();
    // Last comes the persistence mode, on Windows the driver model.
    let (index, [name @ .., _mode]) = words.split_first()? else { return None };
    Some(BannerGpu {
        index: index.parse().ok()?,
        name: name.join(" "),
        temperature_c: None,
        busy_percent: None,
    })
}

fn reading(cell: &str, unit: &str) -> Option<u16> {
    cell.split_ascii_whitespace().find_map(|word| word.strip_suffix(unit)?.parse().ok())
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
        let gpu = |index, temperature_c, busy_percent| BannerGpu {
            index,
            name: "NVIDIA H100 80GB HBM3".to_owned(),
            temperature_c,
            busy_percent,
        };
        assert_eq!(parse(banner), [gpu(0, Some(57), Some(97)), gpu(11, None, None)]);
        assert_eq!(parse("No devices were found\n"), []);
        assert_eq!(parse("|\n||\n| | | |\n|a|b:c:d|e|\n"), []);
    }
}
