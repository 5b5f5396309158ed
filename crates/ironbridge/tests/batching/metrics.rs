//! What is counted of batches, for operators.

use std::collections::HashMap;

use futures::executor::block_on;
use futures::future::join_all;
use ironbridge::Result;
use ironbridge::batch::Batcher;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use super::support::Gate;

#[test]
fn queue_sizes_waits_and_errors_are_recorded() -> Result<()> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let gate = Gate::default();
    let inside = gate.clone();
    // The instruments are those of the recorder that is there when the batcher is built.
    let batcher = metrics::with_local_recorder(&recorder, || {
        Batcher::builder(move |numbers: Vec<i64>| {
            let gate = inside.clone();
            async move {
                let doubled = gate.double(numbers).await?;
                if doubled.contains(&-2) {
                    ironbridge::Session::new()?.run("raise ValueError('no')")?;
                }
                Ok(doubled)
            }
        })
        .name("doubler")
        .bisect(false)
        .build()
    });
    let snapshot = || -> HashMap<String, DebugValue> {
        let all = snapshotter.snapshot().into_vec().into_iter();
        all.map(|(key, _, _, value)| {
            let labels: Vec<_> = key.key().labels().collect();
            assert_eq!((labels[0].key(), labels[0].value()), ("batcher", "doubler"));
            (key.key().name().to_owned(), value)
        })
        .collect()
    };

    let mut submitted: Vec<_> = (0..6).map(|number| batcher.submit(number)).collect();
    for submission in &mut submitted {
        submission.try_start()?;
    }
    // The first one is under way, five wait for it.
    let waiting = snapshot();
    assert_eq!(
        waiting["ironbridge_batch_queue_depth"],
        DebugValue::Gauge(5.0.into())
    );
    gate.open(2);
    let doubled: Result<Vec<i64>> = block_on(join_all(submitted)).into_iter().collect();
    assert_eq!(doubled?, [0, 2, 4, 6, 8, 10]);
    gate.open(1);
    block_on(batcher.submit(-1)).unwrap_err();
    block_on(batcher.close());

    let told = snapshot();
    assert_eq!(
        told["ironbridge_batch_queue_depth"],
        DebugValue::Gauge(0.0.into())
    );
    assert_eq!(
        told["ironbridge_batch_errors_total"],
        DebugValue::Counter(1)
    );
    let histogram = |name: &str| match (&waiting[name], &told[name]) {
        // A snapshot takes what was recorded since the one before.
        (DebugValue::Histogram(before), DebugValue::Histogram(after)) => {
            let all = before.iter().chain(after);
            all.map(|value| value.into_inner()).collect::<Vec<f64>>()
        }
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(histogram("ironbridge_batch_size"), [1.0, 5.0, 1.0]);
    assert_eq!(histogram("ironbridge_batch_wait_seconds").len(), 7);
    assert_eq!(histogram("ironbridge_batch_call_seconds").len(), 3);
    Ok(())
}
