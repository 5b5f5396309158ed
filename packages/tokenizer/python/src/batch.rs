//! Work on many texts or rows of ids, by threads, in their order.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use pyo3::PyResult;
use pyo3::exceptions::PyValueError;

/// Less than so many bytes or ids are not worth another thread.
const WORTH: usize = 1 << 15;

/// How many threads work: as many as there are processors, if nobody says.
pub(crate) fn threads(asked: Option<usize>) -> PyResult<usize> {
    match asked {
        Some(0) => Err(PyValueError::new_err(
            "threads is 0, but at least one must work",
        )),
        Some(threads) => Ok(threads),
        None => Ok(thread::available_parallelism().map_or(1, NonZero::get)),
    }
}

/// What `work` gives for each item; of those that fail, the first one's place and error. `size` is that of an item.
///
/// Called detached.
pub(crate) fn map<T: Sync, R: Send, E: Send>(
    items: &[T],
    size: impl Fn(&T) -> usize,
    threads: usize,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, (usize, E)> {
    let total: usize = items.iter().map(size).sum();
    let threads = threads.min(total / WORTH + 1).min(items.len().max(1));
    let one = |place: usize| work(&items[place]).map_err(|error| (place, error));
    if threads == 1 {
        return (0..items.len()).map(one).collect();
    }
    // Several at a time, so that what is next is asked for seldom.
    let share = (items.len() / threads / 16).clamp(1, 1024);
    let next = AtomicUsize::new(0);
    let has_failed = AtomicBool::new(false);
    let done = Mutex::new(Vec::new());
    let run = || {
        // Shares are taken in order, so whatever fails first was begun before the rest is given up.
        while !has_failed.load(Ordering::Relaxed) {
            let start = next.fetch_add(share, Ordering::Relaxed);
            if start >= items.len() {
                break;
            }
            let places = start..items.len().min(start + share);
            let results: Result<Vec<R>, _> = places.map(one).collect();
            if results.is_err() {
                has_failed.store(true, Ordering::Relaxed);
            }
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((start, results));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(run);
        }
        run();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(start, _)| *start);
    let mut all = Vec::with_capacity(items.len());
    for (_, results) in done {
        all.extend(results?);
    }
    Ok(all)
}
