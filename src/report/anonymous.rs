//! Stand-ins for what names a machine and its GPUs: host names, machine ids, UUIDs and serial numbers.

use std::collections::BTreeMap;

use crate::{
    exec::recording::Recording,
    system::{host_name, machine_id},
};

/// Each name with its stand-in, which is as wide, so that tables keep their form. The longest come first: a host name may
/// be the beginning of another.
#[derive(Debug)]
pub(super) struct Anonymous(Vec<(String, String)>);

/// How `nvidia-smi -q` names a serial number.
const SERIAL: &str = "Serial Number";

impl Anonymous {
    /// Finds the names in the recorded answers, and those of this machine if they are about it.
    pub(super) fn of(recording: &Recording, is_of_this_machine: bool) -> Self {
        let mut names = Names::default();
        if is_of_this_machine {
            names.host(&host_name().unwrap_or_default());
            names.machine(&machine_id().unwrap_or_default());
        }
        for run in &recording.runs {
            for text in [&run.stdout, &run.stderr] {
                names.find(text);
            }
        }
        let mut pairs: Vec<_> = names.0.into_iter().collect();
        pairs.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self(pairs)
    }

    /// Replaces them in all text.
    pub(super) fn apply(&self, recording: &mut Recording) {
        for run in &mut recording.runs {
            for text in [&mut run.stdout, &mut run.stderr] {
                for (name, stand_in) in &self.0 {
                    *text = replaced(text, name, stand_in);
                }
            }
        }
    }
}

/// Names in the order in which they were found decide the stand-ins.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    fn find(&mut self, text: &str) {
        for line in text.lines() {
            if let Some((_, rest)) = line.split_once("\"_HOSTNAME\":\"") {
                self.host(rest.split('"').next().unwrap_or_default());
            }
            if let Some((name, value)) = line.split_once(" : ")
                && name.trim() == SERIAL
            {
                self.serial(value.trim());
            }
            for word in line.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '-') {
                self.uuid(word);
            }
            if let Some((_, rest)) = line.split_once("/journal/") {
                self.machine(rest.split('/').next().unwrap_or_default());
            }
        }
    }

    fn add(&mut self, name: &str, stand_in: impl Fn(usize) -> String) {
        let number = self.0.len() + 1;
        self.0.entry(name.to_owned()).or_insert_with(|| stand_in(number));
    }

    /// A host name with its domain, and the first part of it.
    fn host(&mut self, name: &str) {
        let is_name = |name: &str| {
            !name.is_empty() && name != "localhost" && !name.bytes().all(|byte| byte.is_ascii_digit())
        };
        let first = name.split('.').next().unwrap_or_default();
        for name in [name, first].into_iter().filter(|name| is_name(name)) {
            self.add(name, |number| widened("host", number, name.len()));
        }
    }

    fn machine(&mut self, id: &str) {
        if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            self.add(id, |number| format!("{number:032}"));
        }
    }

    /// `GPU-` and `MIG-` with the 36 signs of a UUID.
    fn uuid(&mut self, word: &str) {
        let Some(uuid) = word.strip_prefix("GPU-").or_else(|| word.strip_prefix("MIG-")) else { return };
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        if lengths == [8, 4, 4, 4, 12] {
            self.add(uuid, |number| format!("00000000-0000-0000-0000-{number:012}"));
        }
    }

    fn serial(&mut self, value: &str) {
        if value.len() > 3 && value.bytes().any(|byte| byte.is_ascii_digit()) {
            self.add(value, |number| format!("{number:0width$}", width = value.len()));
        }
    }
}

/// A word and a number, of exactly this width.
fn widened(word: &str, number: usize, width: usize) -> String {
    let number = number.to_string();
    let letters: String =
        word.chars().chain(std::iter::repeat('x')).take(width.saturating_sub(number.len())).collect();
    let stand_in = format!("{letters}{number}");
    stand_in.get(..width).unwrap_or(&stand_in).to_owned()
}

/// The text with a name replaced where it stands by itself, and is not part of a longer word.
fn replaced(text: &str, name: &str, stand_in: &str) -> String {
    let is_of_word = |sign: Option<char>| sign.is_some_and(|sign| sign.is_alphanumeric() || sign == '_');
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(name) {
        let last = before.chars().next_back().or_else(|| result.chars().next_back());
        let is_name = !is_of_word(last) && !is_of_word(after.chars().next());
        result.push_str(before);
        result.push_str(if is_name { stand_in } else { name });
        rest = after;
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_where_they_stand_by_themselves() {
        assert_eq!(
            replaced("vm: on vm, not vmlinux or kvm_vm", "vm", "h1"),
            "h1: on h1, not vmlinux or kvm_vm"
        );
        assert_eq!(replaced("vmvm vm", "vm", "h1"), "vmvm h1");
    }

    #[test]
    fn stand_ins_are_as_wide_as_what_they_stand_for() {
        let mut names = Names::default();
        names.find("{\"_HOSTNAME\":\"gpu-node-17.example.com\"}");
        names.find("    Serial Number                         : 1650522003820");
        names.find("GPU 0: NVIDIA H100 (UUID: GPU-2a83b4f0-1d5e-4c3b-9a1f-0c5b6d7e8f90)");
        names.find("Journal file /var/log/journal/0123456789abcdef0123456789abcdef/system.journal corrupted");
        assert_eq!(names.0.len(), 5);
        for (name, stand_in) in &names.0 {
            assert_eq!(name.len(), stand_in.len(), "{name} {stand_in}");
            assert_ne!(name, stand_in);
        }
        assert_eq!(names.0["gpu-node-17"], "hostxxxxxx2");
    }
}
