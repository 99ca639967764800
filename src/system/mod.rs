//! What the machine gives to every program: deadlines, signals, privileges, the files of journald. Knows
//! nothing of what is asked.

pub(crate) mod deadline;
mod journal_files;
mod machine;
mod own_process;
mod prerequisites;
pub(crate) mod privilege;
mod signals;
mod wait;

pub(crate) use self::wait::Wait;

/// Locks a mutex. A panic elsewhere leaves what it guards as it was: every change is made in one step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use self::{
    deadline::Deadline,
    journal_files::{JOURNAL_PATH, JournalFiles},
    machine::{driver_version, gpus_of_driver, host_name, kernel_release, machine_id, systemd_version},
    own_process::OwnProcess,
    prerequisites::{GpuNodes, Prerequisites, SYSTEM_BUS},
    signals::{Hangup, Interrupt},
};
