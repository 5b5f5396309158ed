//! The errors of models: what was asked, what was found, who has what, and what to do.

use std::fmt::Write as _;
use std::io;
use std::time::{Duration, Instant};

use bytesize::ByteSize;

use super::loading::Progress;
use super::model::Spec;
use super::state::{Entry, Failure, Phase, State, Told};
use crate::error::{Error, ErrorKind, Report};
use crate::memory::Device;

pub(super) fn unknown(name: &str, state: &State) -> Error {
    let mut known: Vec<_> = state.entries.iter().map(|e| e.name().to_string()).collect();
    known.sort();
    let known = match known.as_slice() {
        [] => "none".to_owned(),
        known => known.join(", "),
    };
    let report = Report::new(format!("there is no model `{name}`")).detail("models", known);
    Error::report(ErrorKind::Model, report.help("add it with `Models::add`"))
}

pub(super) fn wrong_type(spec: &Spec, wanted: &str) -> Error {
    let (name, found) = (&spec.name, spec.handle_name);
    let report = Report::new(format!(
        "the model `{name}` is a `{found}`, not a `{wanted}`"
    ));
    let help = "name its type, or use the `ModelId` that `Models::add` gave";
    Error::report(ErrorKind::Model, report.help(help))
}

/// A model that cannot be added.
pub(super) fn not_added(name: &str, why: &str) -> Error {
    Error::report(
        ErrorKind::Model,
        Report::new(format!("the model `{name}` was not added: {why}")),
    )
}

pub(super) fn closed(name: &str, why: &str) -> Error {
    Error::report(
        ErrorKind::Cancelled,
        Report::new(format!("the model `{name}` is not to be had: {why}")),
    )
}

/// For a loader: nobody waits.
pub(super) fn stopped(name: &str) -> Error {
    Error::report(
        ErrorKind::Cancelled,
        Report::new(format!(
            "the load of `{name}` was cancelled: nobody waits for it, or its time is over"
        )),
    )
}

pub(super) fn no_thread(error: &io::Error) -> Error {
    Error::start(Report::new("no thread could be made").detail("cause", error.to_string()))
}

pub(super) fn panicked(what: &str, text: &str) -> Error {
    Error::report(
        ErrorKind::Exception,
        Report::new(format!("{what} panicked: {text}")),
    )
}

pub(super) fn not_measured(name: &str, device: Device, error: Error) -> Error {
    let kind = error.kind();
    let report = Report::new(format!(
        "what `{name}` takes of {device} cannot be measured, and it does not say"
    ));
    Error::report(
        kind,
        report
            .caused_by(error)
            .help("say its size with `Model::needs`"),
    )
}

/// The load failed, now or before.
pub(super) fn refused(entry: &Entry, failure: &Failure, now: Instant) -> Error {
    let name = entry.name();
    let Told { error, story } = &failure.told;
    let mut report = Report::new(format!("the model `{name}` could not be loaded: {error}"));
    if **story != *error.to_string() {
        report = report.detail("story", &**story);
    }
    if failure.in_a_row > 0 {
        report = report.detail("failed", format!("{} time(s) in a row", failure.in_a_row));
        let wait = failure
            .until
            .map(|until| until.saturating_duration_since(now));
        report = match (entry.abandoned.first(), wait) {
            (Some(load), _) => report
                .detail(
                    "next attempt",
                    format!(
                        "when the thread of the last one has ended, which has run for {:.1?}",
                        load.run.began.elapsed()
                    ),
                )
                .help("it is interrupted where it runs Python code; `Models::retry_now` does not wait for it"),
            (None, Some(Duration::ZERO)) => report.detail("next attempt", "allowed now"),
            (None, Some(wait)) => report
                .detail("next attempt", format!("allowed in {wait:.1?}"))
                .help("`Models::retry_now` allows it at once"),
            (None, None) => report,
        };
    }
    Error::report(error.kind(), report.caused_by(Error::shared(error)))
}

pub(super) fn load_timed_out(name: &str, given: Duration, progress: Option<&Progress>) -> Error {
    let mut report = Report::new(format!(
        "loading `{name}` took longer than the {given:?} it was given"
    ));
    if let Some(progress) = progress {
        let text = format!("{progress}, after {:.1?}", progress.after);
        report = report.detail("last progress", text);
    }
    let help = "allow more with `Model::load_timeout`; have the loader tell its progress";
    Error::report(ErrorKind::Timeout, report.help(help))
}

pub(super) fn too_big(name: &str, device: Device, size: u64, budget: u64, pinned: u64) -> Error {
    let (size, budget) = (ByteSize::b(size), ByteSize::b(budget));
    let mut report = Report::new(format!(
        "`{name}` needs {size} of {device}, whose budget is {budget}"
    ));
    if pinned > 0 {
        let pinned = ByteSize::b(pinned);
        report = report.detail("pinned", format!("{pinned} of it are pinned models'"));
    }
    let help = "raise the budget, or unload what is pinned";
    Error::report(ErrorKind::OutOfMemory, report.help(help))
}

/// A caller's own time is over.
pub(super) fn timed_out(state: &State, index: usize, given: Duration, took: Duration) -> Error {
    let entry = &state.entries[index];
    let name = entry.name();
    let report = Report::new(format!("`{name}` was not to be had within {given:?}"))
        .detail("after", format!("{took:.1?}"));
    let report = match &entry.phase {
        Phase::Queued { since } => {
            let report = report.detail(
                "found",
                format!("it waits for room since {:.1?}", since.elapsed()),
            );
            let devices = entry.spec.devices();
            let rooms: Vec<_> = devices.map(|device| room(state, device)).collect();
            report
                .detail("room", rooms.join("\n"))
                .help("return leases earlier, wait longer, or raise the budget")
        }
        Phase::Loading(load) => {
            let mut found = format!("it is loading since {:.1?}", load.run.began.elapsed());
            if let Some(progress) = &entry.progress {
                // Writing to a string does not fail.
                let _ = write!(found, ": {progress}");
            }
            report.detail("found", found)
        }
        Phase::Unloading(_) => {
            report.detail("found", "it is being unloaded before it is loaded again")
        }
        Phase::Loaded(_) if !entry.unloads.is_empty() => report
            .detail("found", "it is to be unloaded, and waits for its leases")
            .detail("leased", holders(entry)),
        Phase::Loaded(_) | Phase::Absent => match entry.abandoned.first() {
            Some(load) => report.detail(
                "found",
                format!(
                    "an earlier load of it still runs since {:.1?}",
                    load.run.began.elapsed()
                ),
            ),
            None => report,
        },
    };
    Error::report(ErrorKind::Timeout, report)
}

/// Who takes what of a device.
fn room(state: &State, device: Device) -> String {
    let taken = ByteSize::b(state.taken(device));
    let mut text = match state.budgets.get(&device) {
        Some(budget) => format!("{device}: {taken} of {} taken", ByteSize::b(*budget)),
        None => format!("{device}: {taken} taken, no budget"),
    };
    for entry in &state.entries {
        let bytes = entry.bytes_on(device);
        if bytes == 0 {
            continue;
        }
        let how = match &entry.phase {
            Phase::Loading(_) => "loading".to_owned(),
            Phase::Unloading(_) => "unloading".to_owned(),
            _ if !entry.leases.is_empty() => format!("leased {}", holders(entry)),
            _ if entry.pinned => "pinned".to_owned(),
            Phase::Loaded(_) => "idle".to_owned(),
            _ => "a load that does not end".to_owned(),
        };
        let _ = write!(text, "\n{}: {}, {how}", entry.name(), ByteSize::b(bytes));
    }
    text
}

/// `at src/main.rs:10:5 for 3.1s, …`
fn holders(entry: &Entry) -> String {
    const MOST: usize = 5;

    let leases = entry.leases.values();
    let mut holders: Vec<_> = leases
        .take(MOST)
        .map(|holder| format!("at {} for {:.1?}", holder.at, holder.since.elapsed()))
        .collect();
    if entry.leases.len() > MOST {
        holders.push(format!("{} more", entry.leases.len() - MOST));
    }
    holders.join(", ")
}

pub(super) fn not_unloaded(entry: &Entry, given: Duration, took: Duration) -> Error {
    let report = Report::new(format!(
        "`{}` was not unloaded within {given:?}",
        entry.name()
    ))
    .detail("after", format!("{took:.1?}"));
    let report = match &entry.phase {
        Phase::Unloading(_) => report.detail("found", "its hook, or what it drops, has not ended"),
        Phase::Loading(_) => report.detail("found", "it is loading"),
        _ => report.detail("leased", holders(entry)),
    };
    Error::report(ErrorKind::Timeout, report)
}

/// What is left at shutdown.
pub(super) fn left(state: &State, grace: Duration) -> Error {
    let left = state.left();
    let summary = format!(
        "{} model(s) were left {grace:?} after shutdown began",
        left.len()
    );
    let report = Report::new(summary)
        .detail("left", left.join("\n"))
        .help("return leases before; a load or a hook in C code, or in Rust that does not look, cannot be interrupted");
    Error::report(ErrorKind::Timeout, report)
}

impl State {
    pub(super) fn is_empty(&self) -> bool {
        self.entries
            .iter()
            .all(|entry| matches!(entry.phase, Phase::Absent) && entry.abandoned.is_empty())
    }

    /// What is not unloaded, in words.
    pub(super) fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        for entry in &self.entries {
            let name = entry.name();
            match &entry.phase {
                Phase::Absent | Phase::Queued { .. } => {}
                Phase::Loading(load) => left.push(format!(
                    "{name}: its load has run for {:.1?}",
                    load.run.began.elapsed()
                )),
                Phase::Loaded(_) if entry.leases.is_empty() => left.push(format!("{name}: loaded")),
                Phase::Loaded(_) => left.push(format!("{name}: leased {}", holders(entry))),
                Phase::Unloading(unload) => left.push(format!(
                    "{name}: its unloading has run for {:.1?}",
                    unload.run.began.elapsed()
                )),
            }
            left.extend(entry.abandoned.iter().map(|load| {
                let ran = load.run.began.elapsed();
                format!("{name}: a load that was given up still runs, for {ran:.1?}")
            }));
        }
        left
    }
}
