//! What is counted and logged of models.

use std::fmt::{self, Write as _};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ironbridge::memory::{ByteSize, Device};
use ironbridge::models::{Model, Models};
use ironbridge::{Result, Session};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, span};

use crate::alone;
use crate::support::{number, until};

static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn logged() -> MutexGuard<'static, Vec<String>> {
    LOGGED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has both recorded from now on.
fn record() -> &'static Snapshotter {
    static SNAPSHOTTER: OnceLock<Snapshotter> = OnceLock::new();
    SNAPSHOTTER.get_or_init(|| {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        recorder.install().expect("there is no other recorder");
        tracing::subscriber::set_global_default(Log).expect("there is no other subscriber");
        snapshotter
    })
}

struct Log;

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "ironbridge::models"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = event.metadata().level().to_string();
        event.record(&mut Line(&mut line));
        logged().push(line);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Line<'l>(&'l mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).expect("a string takes it");
    }
}

/// `name{label=value,…}` and its value, of all that was recorded.
fn counted(snapshotter: &Snapshotter) -> Vec<(String, DebugValue)> {
    let all = snapshotter.snapshot().into_vec().into_iter();
    let named = all.map(|(key, _, _, value)| {
        let labels = key.key().labels();
        let labels: Vec<_> = labels
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        let name = format!("{}{{{}}}", key.key().name(), labels.join(","));
        (name, value)
    });
    named.collect()
}

#[test]
#[allow(clippy::float_cmp, reason = "they were set to whole numbers")]
fn loads_failures_and_unloads_are_counted() -> Result<()> {
    let _alone = alone();
    let snapshotter = record();
    let models = Models::builder()
        .budget(Device::Host, ByteSize::mib(4))
        .backoff(Duration::ZERO, Duration::ZERO)
        .build();
    models.add(number("first", 1).needs(Device::Host, ByteSize::mib(3)))?;
    models.add(number("second", 2).needs(Device::Host, ByteSize::mib(2)))?;
    models.add(Model::new("broken").load(|_| Session::new()?.eval::<i64>("1 / 0")))?;
    drop(models.acquire_blocking::<i64>("first")?);
    drop(models.acquire_blocking::<i64>("second")?);
    drop(models.acquire_blocking::<i64>("first")?);
    for _ in 0..2 {
        models.acquire_blocking::<i64>("broken").unwrap_err();
    }

    let seen = counted(snapshotter);
    let value = |name: &str| {
        let found = seen.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("no {name} in {seen:?}")).1
    };
    let counter = |name: &str| match value(name) {
        DebugValue::Counter(n) => *n,
        other => panic!("{name} is {other:?}"),
    };
    let gauge = |name: &str| match value(name) {
        DebugValue::Gauge(n) => n.into_inner(),
        other => panic!("{name} is {other:?}"),
    };
    assert_eq!(counter("ironbridge_model_loads_total{model=first}"), 2);
    assert_eq!(counter("ironbridge_model_loads_total{model=second}"), 1);
    assert_eq!(
        counter("ironbridge_model_load_failures_total{model=broken}"),
        2
    );
    assert_eq!(
        counter("ironbridge_model_unloads_total{model=first,reason=evicted}"),
        1
    );
    assert_eq!(gauge("ironbridge_models_loaded{}"), 1.0);
    assert_eq!(
        gauge("ironbridge_model_bytes{device=host}"),
        f64::from(3 << 20)
    );
    match value("ironbridge_model_load_seconds{model=first}") {
        DebugValue::Histogram(times) => assert_eq!(times.len(), 2),
        other => panic!("the times are {other:?}"),
    }
    Ok(())
}

#[test]
fn what_happens_is_logged_and_what_is_wrong_as_a_warning() -> Result<()> {
    let _alone = alone();
    record();
    logged().clear();
    let models = Models::new();
    let hook = |_: &i64| Session::new()?.run("raise ValueError('the hook')");
    models.add(number("model", 1).unload(hook))?;
    models.add(Model::new("wrong").load(|_| Session::new()?.eval::<i64>("1 / 0")))?;
    drop(models.acquire_blocking::<i64>("model")?);
    models.unload("model").wait()?;
    models.acquire_blocking::<i64>("wrong").unwrap_err();
    until("all is said", || logged().len() >= 8);
    let logged = std::mem::take(&mut *logged());
    let said = |level: &str, text: &str| {
        let mut lines = logged.iter();
        assert!(
            lines.any(|line| line.starts_with(level) && line.contains(text)),
            "no {level} of {text} in {logged:#?}"
        );
    };
    said("DEBUG", r#"message=waits for room model="model""#);
    said("DEBUG", r#"message=loading model="model""#);
    said("INFO", "message=loaded in");
    said("INFO", "message=unloading: asked for");
    said("WARN", "its hook failed: ValueError: the hook");
    said(
        "WARN",
        "message=failed: ZeroDivisionError: division by zero",
    );
    Ok(())
}
