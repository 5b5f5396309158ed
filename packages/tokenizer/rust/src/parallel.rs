//! Work on many things over threads, in their order.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::error::Result;

/// Less than so many bytes are not worth another thread.
const WORTH: usize = 1 << 15;

/// How long whoever called waits between two questions whether to stop.
const WAIT: Duration = Duration::from_millis(5);

/// What `work` gives for each item. The error is that of the first item that has one.
///
/// Items are dealt out in shares of about the same weight, in bytes. `threads` is how many work, the calling one among them; 0 for as many
/// as there are processors. `interrupt` is asked by the calling thread only; `work` gets what it is to ask.
pub(crate) fn map<T: Sync, R: Send>(
    items: &[T],
    weight: impl Fn(&T) -> usize,
    threads: usize,
    interrupt: &dyn Fn() -> bool,
    work: impl Fn(&T, &dyn Fn() -> bool) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let each = |offset: usize, items: &[T], stop: &dyn Fn() -> bool| -> Result<Vec<R>> {
        let results = items.iter().enumerate();
        results
            .map(|(at, item)| work(item, stop).map_err(|error| error.of_item(offset + at)))
            .collect()
    };
    let total: usize = items.iter().map(&weight).sum();
    let threads = match threads {
        0 => thread::available_parallelism().map_or(1, NonZero::get),
        threads => threads,
    };
    let threads = threads.min(total / WORTH + 1).min(items.len().max(1));
    if threads == 1 {
        return each(0, items, interrupt);
    }

    let share = (total / threads / 8).clamp(1, 1 << 20);
    let mut shares = Vec::new();
    let (mut start, mut sum) = (0, 0);
    for (at, item) in items.iter().enumerate() {
        sum += weight(item);
        if sum >= share || at + 1 == items.len() {
            shares.push(start..at + 1);
            (start, sum) = (at + 1, 0);
        }
    }
    let next = AtomicUsize::new(0);
    // Those behind a share that failed need not be done.
    let failed = AtomicUsize::new(usize::MAX);
    let stopped = AtomicBool::new(false);
    let running = AtomicUsize::new(threads - 1);
    let run = |stop: &dyn Fn() -> bool| {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(range) = shares.get(number) else {
                break;
            };
            if number > failed.load(Ordering::Relaxed) {
                break;
            }
            let result = each(range.start, &items[range.clone()], stop);
            if result.is_err() {
                failed.fetch_min(number, Ordering::Relaxed);
            }
            done.push((number, result));
        }
        done
    };
    let caller = thread::current();
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|_| {
                scope.spawn(|| {
                    let _last = Finally(|| {
                        running.fetch_sub(1, Ordering::Release);
                        caller.unpark();
                    });
                    run(&|| stopped.load(Ordering::Relaxed))
                })
            })
            .collect();
        let asked = || {
            let stop = stopped.load(Ordering::Relaxed) || interrupt();
            if stop {
                stopped.store(true, Ordering::Relaxed);
            }
            stop
        };
        let mut done = run(&asked);
        while running.load(Ordering::Acquire) > 0 {
            asked();
            thread::park_timeout(WAIT);
        }
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    let mut all = Vec::with_capacity(items.len());
    for (_, results) in done {
        all.extend(results?);
    }
    Ok(all)
}

/// Does something at the end, even of a panic.
struct Finally<F: Fn()>(F);

impl<F: Fn()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
