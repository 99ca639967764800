//! What the machine gives to every program: deadlines, signals, privileges, the files of journald. Knows
//! nothing of what is asked.

pub mod deadline;
mod journal_files;
mod prerequisites;
pub mod privilege;
mod signals;
mod wait;

pub(crate) use self::wait::Wait;
pub use self::{
    deadline::Deadline,
    journal_files::{JOURNAL_PATH, JournalFiles},
    prerequisites::{GpuNodes, Prerequisites, SYSTEM_BUS},
    signals::{Hangup, Interrupt},
};
