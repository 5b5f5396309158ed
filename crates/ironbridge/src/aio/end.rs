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
        left().1
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
        Report::new("Python's end was played: no more calls are made"),
    )
}
