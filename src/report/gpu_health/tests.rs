use super::*;

const HEAD: &str = "\
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 570.172.08             Driver Version: 570.172.08     CUDA Version: 12.8     |
|-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
|=========================================+========================+======================|
";

fn gpu(index: u16, first: [&str; 2], second: [&str; 3]) -> String {
    let [name, ecc] = first;
    let [readings, memory, busy] = second;
    format!(
        "|   {index}  {name} |   00000000:1{index}:00.0 Off | {ecc} |\n| N/A  {readings} | {memory} | {busy}  Default |\n|   |   | Disabled |\n+---+---+---+\n"
    )
}

fn well(index: u16) -> String {
    gpu(index, ["NVIDIA H100 On", "0"], ["57C P0 548W / 700W", "74862MiB / 81559MiB", "97%"])
}

#[track_caller]
fn finds(text: &str, expected: &[(Option<u16>, Code, &str)]) {
    let found = findings(text, Extent::All { expected: None, before: 0 });
    let found: Vec<_> =
        found.iter().map(|finding| (finding.gpu, finding.code, finding.text.as_str())).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn each_sign_is_found_on_its_gpu_and_nowhere_else() {
    let with = |three: String| format!("{HEAD}{}{}{three}{}", well(0), well(2), well(4));
    finds(&with(well(3)), &[]);
    let h100 = ["NVIDIA H100 On", "0"];
    let err = ["ERR! P0 ERR! / 700W", "GPU is lost", "ERR!"];
    finds(
        &with(gpu(3, ["NVIDIA H100 On", "ERR!"], err)),
        &[(Some(3), Code::GpuLost, "has fallen off the bus")],
    );
    let reset = ["ERR! P0 ERR! / 700W", "GPU requires reset", "ERR!"];
    finds(&with(gpu(3, h100, reset)), &[(Some(3), Code::ResetRequired, "requires a reset")]);
    let xid = ["ERR! ERR! ERR! / ERR!", "23025MiB / 24576MiB", "ERR!"];
    finds(&with(gpu(3, ["ERR! Off", "ERR!"], xid)), &[(Some(3), Code::GpuUnreadable, "cannot be read")]);
    let one = ["57C P0 ERR! / 700W", "1MiB / 2MiB", "0%"];
    finds(&with(gpu(3, h100, one)), &[(Some(3), Code::CellUnreadable, "a reading failed or is impossible")]);
    let odd = ["57C P0 3720564W / 700W", "1MiB / 2MiB", "0%"];
    finds(&with(gpu(3, h100, odd)), &[(Some(3), Code::CellUnreadable, "a reading failed or is impossible")]);
    let fine = ["57C P0 548W / 700W", "1MiB / 2MiB", "0%"];
    finds(
        &with(gpu(3, ["NVIDIA H100 Off", "2"], fine)),
        &[
            (Some(3), Code::EccUncorrected, "2 uncorrected ECC errors since the driver was loaded"),
            (Some(3), Code::PersistenceOff, "persistence mode is off"),
        ],
    );
    for unknown in ["N/A", "Off", "On"] {
        finds(&with(gpu(3, ["NVIDIA H100 On", unknown], ["N/A P0 N/A / N/A", "N/A", "N/A"])), &[]);
    }
}

#[test]
fn lines_beside_the_tables_are_findings() {
    finds("No devices were found\n", &[(None, Code::NoDevices, "nvidia-smi found no GPU")]);
    finds("", &[(None, Code::NoDevices, "nvidia-smi lists no GPU")]);
    finds("what is this\n", &[(None, Code::Unknown, "the answer of nvidia-smi could not be judged")]);
    let handle = "Unable to determine the device handle for";
    finds(
        &format!("{handle} GPU0000:61:00.0: GPU is lost.  Reboot the system to recover this GPU\n"),
        &[(None, Code::GpuLost, "has fallen off the bus (PCI 0000:61:00.0)")],
    );
    finds(
        &format!("{handle} GPU1: 0000:34:00.0: Unknown Error\n{HEAD}{}", well(0)),
        &[(Some(1), Code::GpuUnreadable, "cannot be read (PCI 0000:34:00.0)")],
    );
    finds(
        &format!("{handle} GPU 0000:61:00.0: A GPU reset must occur before this GPU can be used again.\n"),
        &[(None, Code::ResetRequired, "requires a reset (PCI 0000:61:00.0)")],
    );
    finds(
        &format!("{HEAD}{}WARNING: infoROM is corrupted at gpu 0000:61:00.0\n", well(0)),
        &[(None, Code::Inforom, "its infoROM is corrupted (PCI 0000:61:00.0)")],
    );
}

#[test]
fn gpus_that_are_expected_are_missed() {
    let text = format!("{HEAD}{}{}", well(0), well(1));
    assert_eq!(findings(&text, Extent::All { expected: Some(2), before: 2 }), []);
    let found = findings(&text, Extent::All { expected: Some(9), before: 8 });
    assert_eq!((found[0].code, found[0].text.as_str()), (Code::GpusMissing, "nvidia-smi lists 2 of 9 GPUs"));
    assert_eq!(findings(&text, Extent::Some), [], "only one was asked for");
}

#[test]
fn fewer_gpus_than_before_are_a_warning() {
    let found = findings(&format!("{HEAD}{}", well(0)), Extent::All { expected: None, before: 8 });
    assert_eq!((found[0].severity, found[0].code), (Severity::Warning, Code::GpusFewer));
    assert_eq!(found[0].text, "nvidia-smi lists 1 GPU, and listed 8 before");
}

#[test]
fn a_star_is_a_change_that_waits_for_a_reset() {
    let fine = ["57C P0 548W / 700W", "1MiB / 2MiB", "0%"];
    let banner =
        |ecc, mig| format!("{HEAD}{}", gpu(3, ["NVIDIA H100 On", ecc], fine)).replace("Disabled |", mig);
    let case = |ecc, mig, text| finds(&banner(ecc, mig), &[(Some(3), Code::PendingChange, text)]);
    case("0*", "Disabled |", "a change of its ECC mode waits for a reset");
    case("Off*", "N/A |", "a change of its ECC mode waits for a reset");
    case("0", "Enabled* |", "a change of its MIG mode waits for a reset");
    case("0*", "Disabled* |", "changes of its ECC and MIG modes wait for a reset");
    finds(&banner("0", "Enabled |"), &[]);
}

#[test]
fn text_beyond_the_output_limit_could_not_be_judged() {
    let text = format!("{HEAD}{}", well(0));
    let found: Vec<_> = findings(&text, Extent::Truncated).iter().map(|finding| finding.code).collect();
    assert_eq!(found, [Code::Unknown]);
    let lost = gpu(1, ["NVIDIA H100 On", "ERR!"], ["ERR! P0 ERR! / 700W", "GPU is lost", "ERR!"]);
    let found = findings(&format!("{text}{lost}"), Extent::Truncated);
    assert_eq!((found[0].code, found[1].code), (Code::GpuLost, Code::Unknown), "what is there is judged");
}
