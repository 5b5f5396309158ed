//! Items that fail, alone or together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::executor::block_on;
use futures::future::join_all;
use ironbridge::batch::{Batcher, Builder, Outcomes};
use ironbridge::pyo3::exceptions::{PyMemoryError, PyValueError};
use ironbridge::{Error, ErrorKind, Result, attach};

use crate::support::Gate;

/// Starts Python, so that exceptions can be made.
fn start() {
    attach(|_| ()).expect("Python");
}

fn poisoned(numbers: &[i64], poison: &[i64]) -> Result<Vec<i64>> {
    match numbers.iter().find(|number| poison.contains(number)) {
        Some(number) => Err(Error::from(PyValueError::new_err(format!("not {number}")))),
        None => Ok(numbers.to_vec()),
    }
}

/// A batcher whose function fails for some numbers, and a count of its calls.
fn poisonable(poison: &[i64]) -> (Builder<i64, i64, ()>, Gate) {
    start();
    let gate = Gate::default();
    let (poison, of_function) = (poison.to_vec(), gate.clone());
    let builder = Batcher::builder(move |numbers: Vec<i64>| {
        let (poison, gate) = (poison.clone(), of_function.clone());
        async move {
            gate.double(numbers.clone()).await?;
            poisoned(&numbers, &poison)
        }
    });
    (builder, gate)
}

/// Submits 0 to `count`, all but the first of which come into one batch.
fn submit_all(batcher: &Batcher<i64, i64>, gate: &Gate, count: i64) -> Result<Vec<Result<i64>>> {
    let all: Vec<_> = (0..count)
        .map(|number| batcher.try_submit(number))
        .collect::<Result<_, _>>()?;
    gate.open(10_000);
    Ok(block_on(join_all(all)))
}

#[test]
fn poisoned_items_fail_alone() -> Result<()> {
    let poison = [1, 17, 40, 63, 64];
    let (builder, gate) = poisonable(&poison);
    let batcher = builder.max(64).build();
    for (number, outcome) in (0..).zip(submit_all(&batcher, &gate, 65)?) {
        if poison.contains(&number) {
            let error = outcome.unwrap_err();
            assert_eq!(error.to_string(), format!("ValueError: not {number}"));
            assert!(error.exception().is_some());
        } else {
            assert_eq!(outcome?, number);
        }
    }
    let stats = batcher.stats();
    assert_eq!((stats.batches, stats.errors), (2, 5));
    // The first, the batch, and 2 · log2 64 for each of the poisoned at the most.
    assert!(stats.calls <= 2 + 5 * 12, "{stats:?}");
    Ok(())
}

#[test]
fn one_poisoned_item_costs_two_calls_a_halving() -> Result<()> {
    for poison in 1..=64 {
        let (builder, gate) = poisonable(&[poison]);
        let batcher = builder.build();
        let outcomes = submit_all(&batcher, &gate, 65)?;
        let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        assert_eq!((failed, batcher.stats().calls), (1, 2 + 12));
    }
    Ok(())
}

#[test]
fn where_all_fail_the_calls_end() -> Result<()> {
    let everything: Vec<i64> = (0..=64).collect();
    let (builder, gate) = poisonable(&everything);
    let batcher = builder.build();
    let outcomes = submit_all(&batcher, &gate, 65)?;
    assert!(outcomes.iter().all(Result::is_err));
    assert_eq!(batcher.stats().calls, 1 + 127);
    Ok(())
}

#[test]
fn a_fault_that_does_not_come_again_fails_nobody() -> Result<()> {
    start();
    let calls = Arc::new(AtomicUsize::new(0));
    let gate = Gate::default();
    let (counted, of_function) = (calls.clone(), gate.clone());
    let batcher = Batcher::builder(move |numbers: Vec<i64>| {
        let (calls, gate) = (counted.clone(), of_function.clone());
        async move {
            gate.double(numbers.clone()).await?;
            match calls.fetch_add(1, Ordering::Relaxed) {
                1 => poisoned(&numbers, &numbers),
                _ => Ok(numbers),
            }
        }
    })
    .build();
    assert!(submit_all(&batcher, &gate, 9)?.iter().all(Result::is_ok));
    assert_eq!(calls.load(Ordering::Relaxed), 4);
    Ok(())
}

#[test]
fn without_bisection_all_share_the_error() -> Result<()> {
    let (builder, gate) = poisonable(&[3]);
    let batcher = builder.bisect(false).build();
    let outcomes = submit_all(&batcher, &gate, 5)?;
    assert_eq!(*outcomes[0].as_ref().expect("no failure"), 0);
    for outcome in &outcomes[1..] {
        let error = outcome.as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Exception);
        assert_eq!(error.to_string(), "ValueError: not 3");
        let exception = error.exception().expect("no failure");
        assert!(exception.is_instance_of::<PyValueError>());
        assert!(format!("{error:#}").contains("ValueError: not 3"));
    }
    assert_eq!(batcher.stats().calls, 2);
    Ok(())
}

#[test]
fn outcomes_are_each_items_own() -> Result<()> {
    start();
    let batcher = Batcher::builder(|numbers: Vec<i64>| async move {
        let outcomes = numbers.iter().map(|number| {
            let outcome = poisoned(&[*number], &[2]);
            outcome.map(|mut numbers| numbers.remove(0))
        });
        Ok(outcomes.collect::<Outcomes<i64>>())
    })
    .build();
    assert_eq!(batcher.submit_blocking(1)?, 1);
    assert!(batcher.submit_blocking(2).is_err());
    let stats = batcher.stats();
    assert_eq!((stats.calls, stats.errors), (2, 1));
    Ok(())
}

#[test]
fn too_few_results_fail_all() -> Result<()> {
    let gate = Gate::default();
    let of_function = gate.clone();
    let batcher = Batcher::builder(move |mut numbers: Vec<i64>| {
        let gate = of_function.clone();
        async move {
            gate.double(numbers.clone()).await?;
            numbers.truncate(3);
            Ok(numbers)
        }
    })
    .name("short")
    .build();
    let outcomes = submit_all(&batcher, &gate, 5)?;
    for outcome in &outcomes[1..] {
        let error = outcome.as_ref().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the batch function of short gave 3 results for 4 items"
        );
        assert_eq!(error.kind(), ErrorKind::Conversion);
    }
    assert_eq!(batcher.stats().calls, 2);
    Ok(())
}

#[test]
fn a_batch_that_takes_too_long_fails_and_is_dropped() -> Result<()> {
    let gate = Gate::default();
    let of_function = gate.clone();
    let batcher = Batcher::builder(move |numbers: Vec<i64>| of_function.clone().double(numbers))
        .timeout(Duration::from_millis(30))
        .name("slow")
        .build();
    let all: Vec<_> = (0..3)
        .map(|number| batcher.try_submit(number))
        .collect::<Result<_, _>>()?;
    for outcome in block_on(join_all(all)) {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(
            error.to_string(),
            "a batch of slow took longer than the 30ms it was given"
        );
    }
    // One call each: none is tried again.
    assert_eq!((gate.seen().len(), gate.dropped()), (2, 2));
    gate.open(1);
    assert_eq!(batcher.submit_blocking(4)?, 8);
    Ok(())
}

#[test]
fn a_panic_fails_its_batch_alone() {
    let batcher = Batcher::builder(|numbers: Vec<i64>| async move {
        assert!(!numbers.contains(&2), "it was {}", 2);
        Ok(numbers)
    })
    .name("panicky")
    .build();
    assert_eq!(batcher.submit_blocking(1).expect("no failure"), 1);
    let error = batcher.submit_blocking(2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the batch function of panicky panicked: it was 2"
    );
    assert_eq!(batcher.submit_blocking(3).expect("no failure"), 3);
}

/// Of the batches that were called.
type Sizes = Arc<Mutex<Vec<usize>>>;

/// A function with memory for so many items at once, and what it was called with.
fn cramped(most: usize) -> (Builder<i64, i64, ()>, Gate, Sizes) {
    start();
    let (gate, sizes) = (Gate::default(), Arc::new(Mutex::new(Vec::new())));
    let (of_function, seen) = (gate.clone(), sizes.clone());
    let builder = Batcher::builder(move |numbers: Vec<i64>| {
        let (gate, sizes) = (of_function.clone(), seen.clone());
        async move {
            gate.double(numbers.clone()).await?;
            sizes.lock().expect("no panic").push(numbers.len());
            if numbers.len() > most {
                return Err(Error::from(PyMemoryError::new_err("no room")));
            }
            Ok(numbers)
        }
    });
    (builder, gate, sizes)
}

#[test]
fn memory_that_ran_out_halves_the_batch_if_asked() -> Result<()> {
    let (builder, gate, sizes) = cramped(3);
    let batcher = builder.halve_on_out_of_memory(true).build();
    assert!(submit_all(&batcher, &gate, 9)?.iter().all(Result::is_ok));
    assert_eq!(*sizes.lock().expect("no panic"), [1, 8, 4, 2, 2, 4, 2, 2]);

    let (builder, gate, sizes) = cramped(0);
    let batcher = builder.halve_on_out_of_memory(true).build();
    assert!(submit_all(&batcher, &gate, 3)?.iter().all(Result::is_err));
    assert_eq!(*sizes.lock().expect("no panic"), [1, 2, 1, 1]);

    let (builder, gate, sizes) = cramped(3);
    let batcher = builder.build();
    let outcomes = submit_all(&batcher, &gate, 9)?;
    assert!(outcomes[1..].iter().all(Result::is_err));
    assert_eq!(*sizes.lock().expect("no panic"), [1, 8]);
    Ok(())
}
