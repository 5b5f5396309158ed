//! Tasks without a runtime.

/// Runs a future that needs no runtime: polled here first, then wherever it is woken. Dropping the task cancels it;
/// [`detach`](async_task::Task::detach) lets it run on.
///
/// Only for futures whose polls are short and neither attach nor wait: those of Python calls, of timers and channels.
#[must_use = "a task that is dropped is cancelled"]
#[allow(dead_code, reason = "batching and models run on it")]
pub(crate) fn spawn<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> async_task::Task<T> {
    let (runnable, task) = async_task::spawn(future, |runnable: async_task::Runnable| {
        runnable.run();
    });
    runnable.run();
    task
}
