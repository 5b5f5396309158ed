//! A batch function that tests open and close.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::future::poll_fn;
use ironbridge::Result;
use ironbridge::batch::Batcher;

/// What a batch function waits for, and what it was given.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    passes: usize,
    wakers: Vec<Waker>,
    seen: Vec<Vec<i64>>,
    dropped: usize,
}

impl Gate {
    /// Lets so many calls through.
    pub(crate) fn open(&self, passes: usize) {
        let wakers = {
            let mut inside = self.0.lock().expect("no failure");
            inside.passes += passes;
            std::mem::take(&mut inside.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let mut inside = self.0.lock().expect("no failure");
        if inside.passes == 0 {
            inside.wakers.push(context.waker().clone());
            return Poll::Pending;
        }
        inside.passes -= 1;
        Poll::Ready(())
    }

    /// What the calls were given so far, in their order.
    pub(crate) fn seen(&self) -> Vec<Vec<i64>> {
        self.0.lock().expect("no failure").seen.clone()
    }

    /// Calls whose futures were dropped before they were let through.
    pub(crate) fn dropped(&self) -> usize {
        self.0.lock().expect("no failure").dropped
    }

    /// Gives each number's double, once it is let through.
    pub(crate) async fn double(self, numbers: Vec<i64>) -> Result<Vec<i64>> {
        self.0
            .lock()
            .expect("no failure")
            .seen
            .push(numbers.clone());
        let mut guard = CountDrop(Some(self.clone()));
        poll_fn(|context| self.poll(context)).await;
        guard.0 = None;
        Ok(numbers.into_iter().map(|number| 2 * number).collect())
    }
}

struct CountDrop(Option<Gate>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        if let Some(gate) = &self.0 {
            gate.0.lock().expect("no failure").dropped += 1;
        }
    }
}

/// Waits until something holds; a test that waits in vain fails.
#[track_caller]
pub(crate) fn eventually(holds: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("it never came to be");
}

/// Waits until so many items wait and so many batches are under way.
#[track_caller]
pub(crate) fn settled<I, O>(batcher: &Batcher<I, O>, queued: usize, in_flight: usize) {
    eventually(|| {
        let stats = batcher.stats();
        (stats.queued, stats.in_flight) == (queued, in_flight)
    });
}
