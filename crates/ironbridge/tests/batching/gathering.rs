//! When a batch begins, and with what.

use std::thread;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use futures::future::join_all;
use ironbridge::batch::{Batcher, Items};
use ironbridge::{ErrorKind, Result};

use crate::support::{Gate, eventually, settled};

fn doubler(gate: &Gate) -> ironbridge::batch::Builder<i64, i64, ()> {
    let gate = gate.clone();
    Batcher::builder(move |numbers: Vec<i64>| gate.clone().double(numbers))
}

#[test]
fn what_came_meanwhile_goes_next() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate).max(4).build();
    let first = batcher.try_submit(1)?;
    let rest: Vec<_> = (2..=7)
        .map(|number| batcher.try_submit(number))
        .collect::<Result<_, _>>()?;
    assert_eq!(gate.seen(), [vec![1]]);
    gate.open(3);
    assert_eq!(block_on(first)?, 2);
    let rest: Result<Vec<i64>> = block_on(join_all(rest)).into_iter().collect();
    assert_eq!(rest?, [4, 6, 8, 10, 12, 14]);
    assert_eq!(gate.seen(), [vec![1], vec![2, 3, 4, 5], vec![6, 7]]);
    let stats = batcher.stats();
    assert_eq!((stats.items, stats.batches, stats.calls), (7, 3, 3));
    assert_eq!((stats.errors, stats.largest, stats.queued), (0, 4, 0));
    Ok(())
}

#[test]
fn nothing_is_submitted_before_the_first_poll() -> Result<()> {
    let gate = Gate::default();
    gate.open(1);
    let batcher = doubler(&gate).build();
    let mut submission = batcher.submit(1);
    assert!(gate.seen().is_empty());
    submission.try_start()?;
    assert_eq!(gate.seen(), [vec![1]]);
    assert_eq!(block_on(submission)?, 2);
    Ok(())
}

#[test]
fn a_window_gathers_and_closes() -> Result<()> {
    let gate = Gate::default();
    gate.open(10);
    let batcher = doubler(&gate)
        .max(3)
        .wait(Duration::from_millis(200))
        .build();
    let begun = Instant::now();
    let two: Vec<_> = (1..=2)
        .map(|number| batcher.try_submit(number))
        .collect::<Result<_, _>>()?;
    assert!(gate.seen().is_empty());
    assert_eq!(block_on(join_all(two)).len(), 2);
    assert!(begun.elapsed() >= Duration::from_millis(200));
    // One that is full waits for nobody.
    let batcher = doubler(&gate).max(3).wait(Duration::from_hours(1)).build();
    let three = (3..=5).map(|number| batcher.submit(number));
    assert_eq!(block_on(join_all(three)).len(), 3);
    assert_eq!(gate.seen(), [vec![1, 2], vec![3, 4, 5]]);
    Ok(())
}

#[test]
fn those_who_were_answered_are_waited_for() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate)
        .wait_for_answered(Duration::from_hours(1))
        .build();
    let first = batcher.try_submit(1)?;
    let two = [batcher.try_submit(2)?, batcher.try_submit(3)?];
    gate.open(1);
    assert_eq!(block_on(first)?, 2);
    settled(&batcher, 2, 0);
    assert_eq!(gate.seen(), [vec![1]]);
    // It comes again, and all are there.
    let again = batcher.try_submit(4)?;
    assert_eq!(gate.seen(), [vec![1], vec![2, 3, 4]]);
    gate.open(1);
    assert_eq!(block_on(again)?, 8);
    assert_eq!(block_on(join_all(two)).len(), 2);
    // A close waits for nobody who may come.
    let last = batcher.try_submit(5)?;
    settled(&batcher, 1, 0);
    gate.open(1);
    block_on(batcher.close());
    assert_eq!(block_on(last)?, 10);
    Ok(())
}

#[test]
fn those_who_do_not_come_again_are_waited_for_so_long() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate)
        .wait_for_answered(Duration::from_millis(200))
        .build();
    let first = batcher.try_submit(1)?;
    let second = batcher.try_submit(2)?;
    gate.open(2);
    assert_eq!(block_on(first)?, 2);
    let begun = Instant::now();
    assert_eq!(block_on(second)?, 4);
    assert!(begun.elapsed() >= Duration::from_millis(100));
    assert_eq!(gate.seen(), [vec![1], vec![2]]);
    Ok(())
}

#[test]
fn one_that_is_alone_waits_for_nobody() -> Result<()> {
    let gate = Gate::default();
    gate.open(10);
    let batcher = doubler(&gate)
        .wait_for_answered(Duration::from_hours(1))
        .build();
    for number in 0..10 {
        assert_eq!(block_on(batcher.submit(number))?, 2 * number);
    }
    Ok(())
}

#[test]
fn those_who_left_do_not_fill_a_batch() -> Result<()> {
    let gate = Gate::default();
    gate.open(10);
    let batcher = doubler(&gate).max(2).wait(Duration::from_hours(1)).build();
    drop(batcher.try_submit(1)?);
    let two = batcher.try_submit(2)?;
    assert_eq!((gate.seen().len(), batcher.stats().queued), (0, 1));
    let three = batcher.try_submit(3)?;
    assert_eq!((block_on(two)?, block_on(three)?), (4, 6));
    Ok(())
}

#[test]
fn as_many_batches_as_were_allowed_are_under_way() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate).max(1).concurrency(3).build();
    let all: Vec<_> = (1..=5)
        .map(|number| batcher.try_submit(number))
        .collect::<Result<_, _>>()?;
    assert_eq!(gate.seen().len(), 3);
    assert_eq!((batcher.stats().in_flight, batcher.stats().queued), (3, 2));
    gate.open(5);
    assert!(block_on(join_all(all)).iter().all(Result::is_ok));
    Ok(())
}

#[test]
fn a_full_queue_gives_back_or_lets_wait() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate).max(2).queue(2).name("doubler").build();
    let under_way = batcher.try_submit(0)?;
    let waiting = [batcher.try_submit(1)?, batcher.try_submit(2)?];
    let refused = batcher.try_submit(3).unwrap_err();
    assert_eq!(refused.error().kind(), ErrorKind::QueueFull);
    assert_eq!(
        refused.to_string(),
        "doubler took no more items: its queue is full"
    );
    assert_eq!(refused.into_item(), 3);
    let waits = {
        let batcher = batcher.clone();
        thread::spawn(move || block_on(batcher.submit(4)))
    };
    thread::sleep(Duration::from_millis(50));
    assert!(!waits.is_finished());
    gate.open(3);
    assert_eq!(waits.join().expect("no failure")?, 8);
    assert_eq!(block_on(under_way)?, 0);
    assert_eq!(block_on(join_all(waiting)).len(), 2);
    Ok(())
}

#[test]
fn keys_are_kept_apart_and_take_turns() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate).max(2).key(|number: &i64| number % 2).build();
    let all: Vec<_> = [1, 3, 5, 7, 9, 2, 4]
        .into_iter()
        .map(|number| batcher.try_submit(number))
        .collect::<Result<_, _>>()?;
    gate.open(10);
    assert!(block_on(join_all(all)).iter().all(Result::is_ok));
    assert_eq!(gate.seen(), [vec![1], vec![3, 5], vec![2, 4], vec![7, 9]]);
    Ok(())
}

#[test]
fn blocking_threads_share_batches() {
    let batcher = Batcher::builder(|words: Items<String>| async move {
        Ok(words.iter().map(String::len).collect::<Vec<_>>())
    })
    .build();
    thread::scope(|scope| {
        for thread in 0..8 {
            let batcher = &batcher;
            scope.spawn(move || {
                for word in 0..200 {
                    let word = "x".repeat(thread + word);
                    let length = word.len();
                    assert_eq!(batcher.submit_blocking(word).expect("no failure"), length);
                }
            });
        }
    });
    assert_eq!(batcher.stats().items, 1600);
}

#[test]
fn batches_run_on_an_executor_that_was_given() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_time()
        .build()
        .expect("no failure");
    let handle = runtime.handle().clone();
    let batcher = Batcher::builder(|numbers: Vec<i64>| async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(numbers)
    })
    .spawn_on(move |batch| {
        handle.spawn(batch);
    })
    .build();
    assert_eq!(batcher.submit_blocking(7)?, 7);
    let several = runtime.block_on(async {
        let tasks: Vec<_> = (0..100)
            .map(|number| tokio::spawn(batcher.submit(number)))
            .collect();
        join_all(tasks).await
    });
    for (number, outcome) in (0..).zip(several) {
        assert_eq!(outcome.expect("no failure")?, number);
    }
    Ok(())
}

#[test]
fn an_executor_that_drops_batches_fails_them() {
    let batcher = Batcher::builder(|numbers: Vec<i64>| async move { Ok(numbers) })
        .spawn_on(drop)
        .build();
    let error = batcher.submit_blocking(7).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.to_string(), "a batch of a batcher was given up");
    assert_eq!(batcher.stats().in_flight, 0);
}

#[test]
fn batches_that_end_at_once_do_not_pile_up() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate).max(1).queue(100_000).build();
    let all: Vec<_> = (0..50_000)
        .map(|number| batcher.try_submit(number))
        .collect::<Result<_, _>>()?;
    gate.open(50_000);
    let ended = block_on(join_all(all));
    assert!(ended.iter().all(Result::is_ok));
    Ok(())
}

#[test]
fn a_close_waits_for_all_and_takes_no_more() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate)
        .max(2)
        .queue(3)
        .wait(Duration::from_hours(1))
        .build();
    let all: Vec<_> = (1..=3)
        .map(|number| batcher.try_submit(number))
        .collect::<Result<_, _>>()?;
    let closing = {
        let batcher = batcher.clone();
        thread::spawn(move || block_on(batcher.close()))
    };
    eventually(|| {
        batcher
            .try_submit(9)
            .is_err_and(|refused| refused.error().kind() == ErrorKind::Cancelled)
    });
    assert!(!closing.is_finished());
    gate.open(2);
    closing.join().expect("no failure");
    settled(&batcher, 0, 0);
    let outcomes: Result<Vec<i64>> = block_on(join_all(all)).into_iter().collect();
    assert_eq!(outcomes?, [2, 4, 6]);
    let error = batcher.submit_blocking(9).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a batcher took no more items: it was closed"
    );
    // It can be closed again.
    block_on(batcher.close());
    Ok(())
}

#[test]
fn a_close_refuses_those_who_wait_for_room() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate).max(1).queue(1).build();
    let two = [batcher.try_submit(1)?, batcher.try_submit(2)?];
    let waits = {
        let batcher = batcher.clone();
        thread::spawn(move || block_on(batcher.submit(3)))
    };
    thread::sleep(Duration::from_millis(50));
    let closing = {
        let batcher = batcher.clone();
        thread::spawn(move || block_on(batcher.close()))
    };
    let error = waits.join().expect("no failure").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    gate.open(2);
    closing.join().expect("no failure");
    assert!(block_on(join_all(two)).iter().all(Result::is_ok));
    Ok(())
}

#[test]
fn what_is_queued_outlives_the_last_handle() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate).max(2).build();
    let all: Vec<_> = (1..=5)
        .map(|number| batcher.try_submit(number))
        .collect::<Result<_, _>>()?;
    let later = batcher.submit(6);
    drop(batcher);
    gate.open(10);
    assert!(block_on(join_all(all)).iter().all(Result::is_ok));
    assert_eq!(block_on(later)?, 12);
    Ok(())
}
