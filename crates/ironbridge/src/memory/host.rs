//! The host's memory, within what the process may have of it.

use bytesize::ByteSize;
use sysinfo::{MemoryRefreshKind, ProcessRefreshKind, ProcessesToUpdate, System};

use super::Memory;
use crate::error::{Error, ErrorKind, Report, Result};

pub(super) fn read() -> Result<Memory> {
    let mut system = system()?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let (total, available) = (system.total_memory(), system.available_memory());
    if total == 0 {
        return Err(unknown("the host's memory cannot be read"));
    }
    #[cfg(target_os = "linux")]
    let (total, available) = super::cgroup::within_limits(total, available);
    Ok(Memory {
        total: ByteSize(total),
        used: ByteSize(total.saturating_sub(available)),
        free: ByteSize(available.min(total)),
    })
}

/// The resident set of this process.
pub(super) fn resident() -> Result<ByteSize> {
    let process = sysinfo::get_current_pid()
        .map_err(|error| unknown(format!("this process has no id: {error}")))?;
    let mut system = system()?;
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[process]),
        false,
        ProcessRefreshKind::nothing().with_memory().without_tasks(),
    );
    match system.process(process) {
        Some(process) => Ok(ByteSize(process.memory())),
        None => Err(unknown("the memory of this process cannot be read")),
    }
}

fn system() -> Result<System> {
    System::new().map_err(|error| unknown(format!("the host cannot be read: {error}")))
}

fn unknown(summary: impl Into<String>) -> Error {
    let report = Report::new(summary);
    #[cfg(target_os = "linux")]
    let report = report.help("it is read from /proc: see that it is mounted");
    Error::report(ErrorKind::Device, report)
}
