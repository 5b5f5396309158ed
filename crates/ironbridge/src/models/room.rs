//! Making room when memory has run out: idle models go.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_io::Timer;

use super::inner::Inner;
use super::report::Reason;
use super::state::{Phase, State};

/// Room that has not come by then does not come: a hook hangs where nothing can interrupt it.
const LONGEST: Duration = Duration::from_mins(1);

/// Unloads the idle models of a model's devices. Done when they are gone.
pub(super) struct MakeRoom {
    inner: Arc<Inner>,
    /// Models on their way out, with the numbers of their runs.
    leaving: Vec<(usize, u64)>,
    timer: Timer,
}

impl MakeRoom {
    pub(super) fn for_model(inner: &Arc<Inner>, index: usize) -> Self {
        let leaving = inner.update(|state| {
            let entry = &state.entries[index];
            let devices: Vec<_> = entry.spec.devices().collect();
            let all = 0..state.entries.len();
            let others = all.filter(|other| *other != index);
            let others: Vec<_> = others
                .filter(|other| {
                    let other = &state.entries[*other];
                    // A model that does not say where it lives can be anywhere.
                    devices.is_empty()
                        || other.spec.needs.is_empty()
                        || devices.iter().any(|device| other.is_on(*device))
                })
                .collect();
            for other in &others {
                if !state.entries[*other].pinned {
                    state.unload(*other, Reason::OutOfMemory);
                }
            }
            let leaving = others.into_iter();
            leaving
                .filter_map(|other| Some((other, run_out(state, other)?)))
                .collect()
        });
        Self {
            inner: inner.clone(),
            leaving,
            timer: Timer::after(LONGEST),
        }
    }
}

/// The number of the run that unloads it.
fn run_out(state: &State, index: usize) -> Option<u64> {
    match &state.entries[index].phase {
        Phase::Unloading(unload) => Some(unload.run.number),
        _ => None,
    }
}

impl Future for MakeRoom {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let inner = self.inner.clone();
        let leaving = &mut self.leaving;
        let is_done = inner.update(|state| {
            leaving.retain(|(index, run)| run_out(state, *index) == Some(*run));
            if leaving.is_empty() {
                state.effects.stale.push(waker);
                return true;
            }
            state.watch(waker);
            false
        });
        if is_done {
            return Poll::Ready(());
        }
        Pin::new(&mut self.timer).poll(context).map(drop)
    }
}
