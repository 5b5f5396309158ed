//! What is counted of models and logged, as `metrics` and `tracing`.
//!
//! Made of the events, which come in order and outside of all locks: a recorder may do anything.

use super::event::ModelEvent;
use super::inner::Inner;

#[cfg_attr(
    not(all(feature = "metrics", feature = "tracing")),
    allow(unused_variables, reason = "each recorder wants its own")
)]
pub(super) fn record(inner: &Inner, event: &ModelEvent) {
    #[cfg(feature = "metrics")]
    count(inner, event);
    #[cfg(feature = "tracing")]
    log(event);
}

#[cfg(feature = "metrics")]
fn count(inner: &Inner, event: &ModelEvent) {
    use super::event::Change;
    use super::report::Reason;
    use super::state::Phase;

    let model = event.model.to_string();
    match &event.change {
        Change::Loaded { took, .. } => {
            metrics::counter!("ironbridge_model_loads_total", "model" => model.clone())
                .increment(1);
            metrics::histogram!("ironbridge_model_load_seconds", "model" => model).record(*took);
        }
        Change::Failed { .. } => {
            metrics::counter!("ironbridge_model_load_failures_total", "model" => model)
                .increment(1);
        }
        Change::Unloaded(unloaded) => {
            let reason = match unloaded.reason {
                Reason::KeepAlive => "keep_alive",
                Reason::Evicted { .. } | Reason::OverBudget => "evicted",
                Reason::OutOfMemory => "out_of_memory",
                Reason::Asked => "asked",
                Reason::Unwanted => "unwanted",
                Reason::Shutdown => "shutdown",
            };
            let unloads = metrics::counter!("ironbridge_model_unloads_total", "model" => model, "reason" => reason);
            unloads.increment(1);
        }
        _ => return,
    }
    let (loaded, bytes) = inner.look(|state| {
        let entries = state.entries.iter();
        let loaded = entries
            .filter(|entry| matches!(entry.phase, Phase::Loaded(_)))
            .count();
        let devices = state.entries.iter().flat_map(|entry| entry.spec.devices());
        let devices: std::collections::BTreeSet<_> = devices.collect();
        let bytes: Vec<_> = devices
            .into_iter()
            .map(|device| (device.to_string(), state.taken(device)))
            .collect();
        (loaded, bytes)
    });
    #[allow(clippy::cast_precision_loss, reason = "gauges are floats")]
    {
        metrics::gauge!("ironbridge_models_loaded").set(loaded as f64);
        for (device, bytes) in bytes {
            metrics::gauge!("ironbridge_model_bytes", "device" => device).set(bytes as f64);
        }
    }
}

#[cfg(feature = "tracing")]
fn log(event: &ModelEvent) {
    use super::event::Change;

    let model = &*event.model;
    let text = &event.change;
    match text {
        Change::Failed { .. } | Change::OverBudget { .. } => {
            tracing::warn!(target: "ironbridge::models", model, "{text}");
        }
        Change::Unloaded(unloaded) if unloaded.left.is_some() || unloaded.hook_error.is_some() => {
            tracing::warn!(target: "ironbridge::models", model, "{text}");
        }
        Change::Queued | Change::Loading | Change::Progress(_) => {
            tracing::debug!(target: "ironbridge::models", model, "{text}");
        }
        _ => tracing::info!(target: "ironbridge::models", model, "{text}"),
    }
}
