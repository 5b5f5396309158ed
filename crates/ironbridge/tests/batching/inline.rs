//! Executors that poll a task where it is woken.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use futures::FutureExt;
use futures::future::BoxFuture;
use ironbridge::batch::Batcher;

use super::support::{Gate, eventually};

/// A task that is polled by its waker.
struct Inline {
    future: Mutex<Option<BoxFuture<'static, ()>>>,
    is_woken: AtomicBool,
}

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(self.clone());
        self.is_woken.store(true, Ordering::SeqCst);
        // Whoever polls just now looks again afterwards.
        while self.is_woken.load(Ordering::SeqCst) {
            let taken = self.future.lock().expect("no failure").take();
            let Some(mut future) = taken else { return };
            self.is_woken.store(false, Ordering::SeqCst);
            if future
                .poll_unpin(&mut Context::from_waker(&waker))
                .is_pending()
            {
                *self.future.lock().expect("no failure") = Some(future);
            }
        }
    }
}

fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    let task = Inline {
        future: Mutex::new(Some(future.boxed())),
        is_woken: AtomicBool::new(false),
    };
    Arc::new(task).wake();
}

#[test]
fn one_that_waits_for_room_may_be_polled_where_it_is_woken() {
    let gate = Gate::default();
    let inside = gate.clone();
    let batcher = Batcher::builder(move |numbers: Vec<i64>| inside.clone().double(numbers))
        .queue(1)
        .max(1)
        .build();
    let sum = Arc::new(AtomicUsize::new(0));
    for number in 0..20 {
        let (submission, sum) = (batcher.submit(number), sum.clone());
        let next = batcher.clone();
        spawn(async move {
            let doubled = submission.await.expect("a result");
            // In the waker's call: waits for room once more.
            let again = next.submit(doubled).await.expect("a result");
            sum.fetch_add(usize::try_from(again).expect("positive"), Ordering::Relaxed);
        });
    }
    let is_closed = Arc::new(AtomicUsize::new(0));
    gate.open(40);
    eventually(|| sum.load(Ordering::Relaxed) == 4 * (0..20).sum::<usize>());
    let closed = is_closed.clone();
    spawn(async move {
        batcher.close().await;
        closed.store(1, Ordering::Relaxed);
    });
    eventually(|| is_closed.load(Ordering::Relaxed) == 1);
}
