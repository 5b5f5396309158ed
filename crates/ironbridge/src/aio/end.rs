//! The end: calls are let finish, or cancelled, and what is left is named.

use std::borrow::Cow;
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::{asyncio, pool};
use crate::error::{Error, ErrorKind, Report};

/// What cancelled calls get to finish in.
const GRACE: Duration = Duration::from_secs(1);
/// How often is looked whether they did.
const LOOK: Duration = Duration::from_millis(2);

/// Takes no more calls, lets those that there are finish within `drain`, and cancels them then. Gives what calls go on
/// nevertheless.
pub(crate) fn end(py: Python<'_>, drain: Duration) -> Vec<Cow<'static, str>> {
    pool::close();
    if !asyncio::close() && pool::left() == (0, Vec::new()) {
        return Vec::new();
    }
    py.detach(|| wait(drain));
    pool::cancel(py);
    asyncio::cancel_all();
    let left = py.detach(|| {
        wait(GRACE);
        let left = left().1;
        pool::give_up();
        asyncio::give_up();
        left
    });
    asyncio::stop(py);
    left
}

/// Whether calls wait, and which are under way.
fn left() -> (usize, Vec<Cow<'static, str>>) {
    let (mut waiting, mut under_way) = pool::left();
    let (more_waiting, more_under_way) = asyncio::left();
    waiting += more_waiting;
    under_way.extend(more_under_way);
    (waiting, under_way)
}

fn wait(most: Duration) {
    let until = Instant::now() + most;
    loop {
        let (waiting, under_way) = left();
        if waiting == 0 && under_way.is_empty() || Instant::now() >= until {
            return;
        }
        thread::sleep(LOOK);
    }
}

/// The error of calls that come too late.
pub(super) fn ended() -> Error {
    Error::report(
        ErrorKind::Cancelled,
        Report::new("Python was shut down: no more calls are made"),
    )
}

/// The error of a call that nothing could end.
pub(super) fn left_behind(what: &str) -> Error {
    let report = Report::new(format!("{what} was given up at the end of Python"));
    let found = "it went on when it was cancelled";
    Error::report(ErrorKind::Cancelled, report.detail("found", found))
}

/// The error of a call that the end interrupted.
pub(super) fn interrupted(what: &str, error: Error) -> Error {
    let report = Report::new(format!("{what} was interrupted at the end of Python"));
    Error::report(ErrorKind::Cancelled, report.caused_by(error))
}
