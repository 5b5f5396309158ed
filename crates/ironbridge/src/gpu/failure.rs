//! What is said when NVML is not there, does not start, or does not answer.

use std::{
    error::Error as _,
    ffi::{OsStr, OsString},
};

use nvml_wrapper::error::NvmlError;

use super::library::LIBRARY;
use crate::error::{Error, ErrorKind, Report};

fn device(report: Report) -> Error {
    Error::report(ErrorKind::Device, report)
}

/// No library could be loaded.
pub(super) fn of_loading(tried: &[(OsString, NvmlError)]) -> Error {
    let lines: Vec<String> = tried
        .iter()
        .map(|(path, error)| format!("{}: {}", path.display(), words(error)))
        .collect();
    let named = std::env::var_os(LIBRARY).is_some_and(|path| !path.is_empty());
    let (summary, help) = if named {
        (
            format!("GPUs cannot be read: the library that {LIBRARY} names cannot be loaded"),
            format!("name an NVML library by {LIBRARY}, or unset it to load the driver's own"),
        )
    } else {
        (
            "GPUs cannot be read: NVIDIA's driver is not here".to_owned(),
            format!(
                "install the driver, so that `nvidia-smi` runs; start a container with its GPUs (`docker run --gpus \
                 all`); or name the library by {LIBRARY}"
            ),
        )
    };
    device(
        Report::new(summary)
            .detail("tried", lines.join("\n"))
            .help(help),
    )
}

/// The words of the loader, which the wrapper keeps under its own.
fn words(error: &NvmlError) -> String {
    match error {
        NvmlError::LibloadingError(loading) => match loading.source() {
            Some(source) => source.to_string(),
            None => loading.to_string(),
        },
        NvmlError::FailedToLoadSymbol(why) => format!("it is no NVML library: {why}"),
        other => other.to_string(),
    }
}

/// A library was loaded and does not start.
pub(super) fn of_start(path: &OsStr, error: NvmlError) -> Error {
    let help = match &error {
        NvmlError::DriverNotLoaded => {
            "load the driver's kernel module (`sudo modprobe nvidia`), so that `nvidia-smi` runs"
        }
        NvmlError::LibRmVersionMismatch => {
            "the driver was updated while the old one runs: restart the machine"
        }
        NvmlError::NoPermission | NvmlError::OperatingSystem => {
            "let this user open /dev/nvidia*; start a container with its GPUs (`docker run --gpus all`)"
        }
        _ => "see what `nvidia-smi` says",
    };
    device(
        Report::new(format!(
            "GPUs cannot be read: NVIDIA's driver does not start: {error}"
        ))
        .detail("library", path.display().to_string())
        .help(help)
        .caused_by(error),
    )
}

/// A call failed.
pub(super) fn of_call(what: &str, error: NvmlError) -> Error {
    let report = Report::new(format!("{what} cannot be read: {error}"));
    let report = match &error {
        NvmlError::GpuLost | NvmlError::ResetRequired => report.help(
            "the card does not answer until it is reset or the machine restarts; the system's log says why (`dmesg | \
             grep NVRM`)",
        ),
        NvmlError::NotSupported => report.help("this card does not report it"),
        _ => report,
    };
    device(report.caused_by(error))
}

pub(super) fn no_index(index: u32, count: u32) -> Error {
    device(
        Report::new(format!("there is no gpu {index}"))
            .detail("cards", count.to_string())
            .help("indices begin at 0, in the order of `nvidia-smi`"),
    )
}

pub(super) fn no_uuid(uuid: &str, uuids: &[String]) -> Error {
    let there = if uuids.is_empty() {
        "none".to_owned()
    } else {
        uuids.join("\n")
    };
    device(
        Report::new(format!("there is no gpu {uuid}"))
            .detail("cards", there)
            .help("`nvidia-smi -L` lists the UUIDs"),
    )
}

pub(super) fn not_told(index: u32) -> Error {
    device(
        Report::new(format!(
            "the driver does not tell what this process has of gpu {index}"
        ))
        .help("compare `memory::read` before and after"),
    )
}
