//! The privileges that each subcommand needs, which are present, and how to grant the others.

use std::{io, net::SocketAddr, path::Path};

use serde::Serialize;

use super::{Note, NoteKind};
use crate::{
    error::{Error, Said},
    system::{
        GpuNodes, JournalFiles, Prerequisites, SYSTEM_BUS,
        privilege::{Capability, Identity, JOURNAL_GROUP, Reduced, VIDEO_GROUP},
    },
};

/// `{"user","uid","groups","capabilities","started_as_root","no_new_privileges","subcommands":[…]}`
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "they are the names in the document")]
pub(crate) struct Privileges {
    /// The user of the process, after it has dropped privileges.
    pub user: String,
    /// Its user id.
    pub uid: u32,
    pub groups: Vec<String>,
    /// Which of the two useful capabilities it was granted.
    pub capabilities: Vec<&'static str>,
    /// It was started as root, and has dropped that.
    pub started_as_root: bool,
    /// No child of it can gain privileges.
    pub no_new_privileges: bool,
    /// Each subcommand with its needs.
    pub subcommands: Vec<Subcommand>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Subcommand {
    /// Its name.
    pub subcommand: &'static str,
    /// What it needs; may be empty.
    pub needs: Vec<Need>,
}

#[derive(Debug, Clone, Serialize)]
#[expect(clippy::struct_field_names, reason = "they are the names in the document")]
pub(crate) struct Need {
    pub need: Needed,
    /// Whether it is present; null if the machine has nothing of the kind, which no privilege would change.
    pub present: Option<bool>,
    pub found: String,
    /// Ways to grant it, any one of which is enough; empty unless it is missing.
    pub grant: Vec<String>,
}

/// What a subcommand may need of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Needed {
    /// The bus on which systemctl asks systemd.
    SystemBus,
    /// The files of the journal.
    Journal,
    /// The device nodes of the GPUs.
    GpuDevices,
    /// A port that only privileged processes may listen on.
    LowPort,
}

impl Need {
    fn present(need: Needed, found: String) -> Self {
        Self { need, present: Some(true), found, grant: Vec::new() }
    }

    fn absent(need: Needed, found: &str) -> Self {
        Self { need, present: None, found: found.to_owned(), grant: Vec::new() }
    }

    fn missing(need: Needed, found: String, grant: Vec<String>) -> Self {
        Self { need, present: Some(false), found, grant }
    }
}

impl Privileges {
    /// Assembles the report. `subcommands` are their names and needs, `tried` is the result of reading
    /// the journal, `port` the address of `serve` if it is a privileged one, and `binary` the path of this binary.
    pub(crate) fn of(
        subcommands: impl Iterator<Item = (&'static str, &'static [Needed])>,
        identity: Identity,
        reduced: &Reduced,
        prerequisites: &Prerequisites,
        tried: Result<Vec<Note>, Error>,
        port: Option<SocketAddr>,
        binary: &Path,
    ) -> Self {
        let user = &identity.user;
        let bus = bus(&prerequisites.bus);
        let journal = journal(prerequisites, tried, reduced, user, binary);
        let gpus = gpus(&prerequisites.gpus, user);
        let port = port.map(|address| low_port(address, reduced, binary));
        let need = |needed: &Needed| match needed {
            Needed::SystemBus => Some(bus.clone()),
            Needed::Journal => Some(journal.clone()),
            Needed::GpuDevices => Some(gpus.clone()),
            Needed::LowPort => port.clone(),
        };
        let subcommand = |(subcommand, needs): (_, &[Needed])| Subcommand {
            subcommand,
            needs: needs.iter().filter_map(need).collect(),
        };
        Self {
            subcommands: subcommands.map(subcommand).collect(),
            user: identity.user,
            uid: identity.uid,
            groups: identity.groups,
            capabilities: Capability::ALL
                .into_iter()
                .filter(|one| !reduced.start().is_root() && reduced.start().has(*one))
                .map(Capability::name)
                .collect(),
            started_as_root: reduced.start().is_root(),
            no_new_privileges: identity.no_new_privileges,
        }
    }

    /// Each missing need once.
    pub(crate) fn missing(&self) -> Vec<&Need> {
        let mut missing: Vec<&Need> = Vec::new();
        for need in self.subcommands.iter().flat_map(|subcommand| &subcommand.needs) {
            if need.present == Some(false) && missing.iter().all(|other| other.need != need.need) {
                missing.push(need);
            }
        }
        missing
    }
}

fn bus(bus: &io::Result<()>) -> Need {
    let name = Needed::SystemBus;
    match bus {
        Ok(()) => Need::present(name, format!("{SYSTEM_BUS} is reachable")),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Need::missing(
            name,
            format!("no permission to open {SYSTEM_BUS}"),
            vec![format!("chmod 0666 {SYSTEM_BUS}, or remove it from InaccessiblePaths= in the unit")],
        ),
        Err(error) => Need::missing(
            name,
            format!("cannot connect to {SYSTEM_BUS}: {error}"),
            vec!["systemctl start dbus.socket".to_owned()],
        ),
    }
}

fn journal(
    prerequisites: &Prerequisites,
    tried: Result<Vec<Note>, Error>,
    reduced: &Reduced,
    user: &str,
    binary: &Path,
) -> Need {
    let name = Needed::Journal;
    match (prerequisites.journal, tried) {
        (JournalFiles::Missing, _) | (_, Err(Error::NoJournal)) => {
            Need::absent(name, "this machine has no journal")
        }
        (JournalFiles::Readable | JournalFiles::Skipped, Ok(notes)) => {
            let how = if prerequisites.lends_journal {
                "CAP_DAC_READ_SEARCH, given to journalctl only"
            } else {
                "its files are readable"
            };
            match notes.iter().map(|note| note.kind).find(|kind| *kind != NoteKind::OnlySystemd) {
                None => Need::present(name, how.to_owned()),
                Some(kind @ NoteKind::FilesSkipped) => Need::present(name, format!("{how}; {kind}")),
                Some(kind) => {
                    let restart = Error::UnreadableJournal { said: Said::default() }.advice();
                    Need::missing(name, kind.to_string(), restart.into_iter().collect())
                }
            }
        }
        // The files are accessible, and journalctl still cannot read them: no privilege would change that.
        (JournalFiles::Readable | JournalFiles::Skipped, Err(error))
            if !matches!(error, Error::JournalPermission) =>
        {
            Need::missing(name, error.to_string(), error.advice().into_iter().collect())
        }
        _ => {
            let found = if reduced.lends_journal() {
                "its files are not readable, and journalctl is writable by users other than root, so it is not given \
                 the capability"
            } else {
                "its files are not readable"
            };
            Need::missing(
                name,
                found.to_owned(),
                vec![
                    format!("usermod -aG {JOURNAL_GROUP} {user}"),
                    "AmbientCapabilities=CAP_DAC_READ_SEARCH in the unit, with PrivateUsers=no".to_owned(),
                    format!("setcap cap_dac_read_search+p {}", binary.display()),
                ],
            )
        }
    }
}

fn gpus(nodes: &GpuNodes, user: &str) -> Need {
    let name = Needed::GpuDevices;
    match (nodes.open.first(), nodes.closed.first()) {
        (None, None) => Need::absent(name, "no GPU device nodes: the driver is not loaded"),
        (_, Some(closed)) => Need::missing(
            name,
            format!("no permission to open {}", closed.display()),
            vec![
                format!("usermod -aG {VIDEO_GROUP} {user}"),
                "DeviceAllow=char-nvidia* rw in the unit".to_owned(),
            ],
        ),
        (Some(open), None) => {
            let others = match nodes.open.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            Need::present(name, format!("{}{others} can be opened", open.display()))
        }
    }
}

fn low_port(address: SocketAddr, reduced: &Reduced, binary: &Path) -> Need {
    let name = Needed::LowPort;
    if reduced.start().is_root() {
        return Need::present(name, format!("{address} is bound before root privileges are dropped"));
    }
    if reduced.start().has(Capability::NetBindService) {
        return Need::present(name, format!("CAP_NET_BIND_SERVICE, until {address} is bound"));
    }
    Need::missing(
        name,
        format!("{address} is a privileged port"),
        vec![
            format!("ListenStream={address} in sek8s-status.socket, which systemd binds"),
            "AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit".to_owned(),
            format!("setcap cap_net_bind_service+p {}", binary.display()),
        ],
    )
}
