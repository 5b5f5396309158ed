//! Callers that leave.

use std::time::Duration;

use futures::executor::block_on;
use futures::future::join_all;
use ironbridge::batch::Batcher;
use ironbridge::{ErrorKind, Result};

use crate::support::{Gate, eventually, settled};

fn doubler(gate: &Gate) -> ironbridge::batch::Builder<i64, i64, ()> {
    let gate = gate.clone();
    Batcher::builder(move |numbers: Vec<i64>| gate.clone().double(numbers))
}

#[test]
fn an_item_that_waits_is_taken_out() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate).build();
    let first = batcher.try_submit(1)?;
    let mut rest: Vec<_> = (2..=5)
        .map(|number| batcher.try_submit(number))
        .collect::<Result<_, _>>()?;
    drop(rest.remove(1));
    gate.open(2);
    assert_eq!(block_on(first)?, 2);
    assert_eq!(block_on(join_all(rest)).len(), 3);
    assert_eq!(gate.seen(), [vec![1], vec![2, 4, 5]]);
    Ok(())
}

#[test]
fn others_go_on_where_one_leaves_under_way() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate).build();
    let first = batcher.try_submit(1)?;
    let two = batcher.try_submit(2)?;
    let three = batcher.try_submit(3)?;
    gate.open(1);
    assert_eq!(block_on(first)?, 2);
    eventually(|| gate.seen().len() == 2);
    drop(two);
    gate.open(1);
    assert_eq!(block_on(three)?, 6);
    assert_eq!(gate.dropped(), 0);
    Ok(())
}

#[test]
fn a_batch_without_callers_is_cancelled() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate).build();
    let first = batcher.try_submit(1)?;
    let next = batcher.try_submit(2)?;
    drop(first);
    // The next begins without anybody opening the gate for the first.
    eventually(|| gate.seen().len() == 2);
    assert_eq!(gate.dropped(), 1);
    gate.open(1);
    assert_eq!(block_on(next)?, 4);
    Ok(())
}

#[test]
fn ten_thousand_dropped_futures_leave_nothing() -> Result<()> {
    let gate = Gate::default();
    let batcher = doubler(&gate).queue(20_000).max(100).build();
    let first = batcher.try_submit(-1)?;
    let mut all: Vec<_> = (0..10_000)
        .map(|number| batcher.try_submit(number))
        .collect::<Result<_, _>>()?;
    let stays = all.split_off(9_999);
    assert_eq!(batcher.stats().queued, 10_000);
    drop(all);
    settled(&batcher, 1, 1);
    gate.open(2);
    assert_eq!(block_on(first)?, -2);
    let stays: Result<Vec<i64>> = block_on(join_all(stays)).into_iter().collect();
    assert_eq!(stays?, [19_998]);
    assert_eq!(gate.seen(), [vec![-1], vec![9_999]]);
    settled(&batcher, 0, 0);
    Ok(())
}

#[test]
fn ten_thousand_futures_are_dropped_while_batches_run() {
    let batcher = Batcher::builder(|numbers: Vec<i64>| async move { Ok(numbers) })
        .queue(64)
        .max(7)
        .build();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..2_500 {
                    if let Ok(submission) = batcher.try_submit(number) {
                        drop(submission);
                    }
                    let waits = batcher.submit(number);
                    if number % 3 == 0 {
                        assert_eq!(block_on(waits).expect("no failure"), number);
                    }
                }
            });
        }
    });
    block_on(batcher.close());
    let stats = batcher.stats();
    assert_eq!((stats.queued, stats.in_flight), (0, 0));
}

#[test]
fn an_item_that_takes_too_long_leaves_alone() -> Result<()> {
    let soon = Duration::from_millis(20);
    let gate = Gate::default();
    let batcher = doubler(&gate).queue(2).name("doubler").build();
    let under_way = batcher.try_submit(1)?;
    let waiting = batcher.try_submit(2)?.timeout(soon);
    let stays = batcher.try_submit(3)?;
    let no_room = batcher.submit(4).timeout(soon);
    let error = block_on(no_room).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let story = format!("{error:#}");
    assert!(
        story.contains("an item of doubler took longer than the 20ms it was given"),
        "{story}"
    );
    assert!(story.contains("it waited for room in the queue"), "{story}");
    let story = format!("{:#}", block_on(waiting).unwrap_err());
    assert!(story.contains("it waited for its batch"), "{story}");
    // Nobody waits any more for the first, so its batch is cancelled.
    let story = format!("{:#}", block_on(under_way.timeout(soon)).unwrap_err());
    assert!(story.contains("its batch was under way"), "{story}");
    gate.open(1);
    assert_eq!(block_on(stays.timeout(Duration::from_hours(1)))?, 6);
    assert_eq!(gate.seen(), [vec![1], vec![3]]);
    settled(&batcher, 0, 0);
    Ok(())
}
