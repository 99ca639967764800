//! Clients that go on asking while something else is done.

use crate::{bed::Bed, running::Running};

/// As many as ask at once.
const CLIENTS: usize = 2;

/// A loop of requests inside the machine, each over a connection of its own.
pub struct Asking<'a> {
    bed: &'a Bed,
    loops: Running,
}

impl<'a> Asking<'a> {
    /// Starts asking, and has had answers when it returns.
    #[track_caller]
    pub fn start(bed: &'a Bed) -> Self {
        let client = "while [ ! -e /run/enough ]; do
            curl -sS --max-time 15 -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:8080/services/k3s/status \
                || echo \"failed: $?\"
        done >/run/answers.$1 2>&1";
        bed.sh(&format!("rm -f /run/enough /run/answers.*; cat >/run/client <<'EOF'\n{client}\nEOF"));
        let loops = bed.start_instead(&[
            "sh",
            "-c",
            &format!("for n in $(seq {CLIENTS}); do sh /run/client $n & done; wait"),
        ]);
        let asking = Self { bed, loops };
        asking.is_answered();
        asking
    }

    /// Waits until every client has had one more answer.
    #[track_caller]
    pub fn is_answered(&self) {
        for client in 1..=CLIENTS {
            let answers = format!("cat /run/answers.{client} 2>/dev/null | wc -l");
            let before = self.bed.sh(&answers);
            self.bed.wait_until(&format!("[ $({answers}) -gt {} ]", before.trim()));
        }
    }

    /// Stops asking; every single request has been answered with 200. How many there were.
    #[track_caller]
    pub fn were_all_answered(self) -> usize {
        self.is_answered();
        self.bed.sh("touch /run/enough");
        self.loops.ends_with(0);
        let answers = self.bed.sh(&format!("for n in $(seq {CLIENTS}); do cat /run/answers.$n; done"));
        for answer in answers.lines() {
            assert_eq!(answer, "200");
        }
        answers.lines().count()
    }
}
