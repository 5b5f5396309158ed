//! Leases: given, returned, forgotten.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use futures::FutureExt;
use futures::executor::block_on;
use ironbridge::models::{Models, Reason};
use ironbridge::{ErrorKind, Result};

use super::support::{Gate, is_loaded, number, until};

fn leases(models: &Models, name: &str) -> usize {
    let table = models.table();
    table.get(name).expect("it was added").leases
}

#[test]
fn a_lease_is_counted_until_it_is_dropped() -> Result<()> {
    let models = Models::new();
    let seven = models.add(number("seven", 7))?;
    let first = models.acquire_blocking(&seven)?;
    let second = models.acquire_blocking(&seven)?;
    assert_eq!((*first + *second, leases(&models, "seven")), (14, 2));
    assert_eq!(&*first.model(), "seven");
    drop(first);
    assert_eq!(leases(&models, "seven"), 1);
    assert!(
        models
            .table()
            .get("seven")
            .is_some_and(|row| row.idle.is_none())
    );
    drop(second);
    assert!(
        models
            .table()
            .get("seven")
            .is_some_and(|row| row.idle.is_some())
    );
    Ok(())
}

#[test]
fn a_panic_returns_the_leases_that_it_passes() -> Result<()> {
    let models = Models::new();
    let seven = models.add(number("seven", 7))?;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let lease = models.acquire_blocking(&seven).expect("it is loaded");
        assert_eq!(*lease, 8, "a task fails");
    }));
    assert!(panicked.is_err());
    assert_eq!(leases(&models, "seven"), 0);

    // In a task of a runtime too.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let task = {
        let (models, seven) = (models.clone(), seven.clone());
        runtime.spawn(async move {
            let lease = models.acquire(&seven).await.expect("it is loaded");
            tokio::task::yield_now().await;
            assert_eq!(*lease, 8, "a task fails");
        })
    };
    assert!(runtime.block_on(task).is_err_and(|error| error.is_panic()));
    assert_eq!(leases(&models, "seven"), 0);
    let unloaded = models.unload("seven").wait()?.expect("it was loaded");
    assert_eq!(unloaded.reason, Reason::Asked);
    Ok(())
}

#[test]
fn a_forgotten_lease_is_seen_named_and_stops_no_shutdown() -> Result<()> {
    let models = Models::new();
    let seven = models.add(number("seven", 7))?;
    let lease = models.acquire_blocking(&seven)?;
    let line = line!() - 1;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        std::mem::forget(lease);
        panic!("and the lease is lost");
    }));
    assert!(panicked.is_err());
    assert_eq!(leases(&models, "seven"), 1);

    let place = format!("leased at crates/ironbridge/tests/models/leases.rs:{line}:");
    let unload = models.unload("seven").timeout(Duration::from_millis(20));
    let error = unload.wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(format!("{error:#}").contains(&place[7..]), "{error:#}");

    let error = block_on(models.shutdown().grace(Duration::from_millis(50))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error.to_string().contains("1 model(s) were left"),
        "{error}"
    );
    assert!(
        format!("{error:#}").contains(&format!("seven: {place}")),
        "{error:#}"
    );
    Ok(())
}

#[test]
fn unloading_waits_for_leases_and_who_asks_meanwhile_gets_the_next_one() -> Result<()> {
    let (models, gate) = (Models::new(), Gate::default());
    let seven = models.add(gate.number("seven", 7))?;
    gate.open(1);
    let lease = models.acquire_blocking(&seven)?;
    let mut unload = models.unload("seven");
    assert!((&mut unload).now_or_never().is_none());
    // From now on it is on its way out.
    assert!(models.try_acquire(&seven)?.is_none());
    let mut next = models.acquire(&seven);
    assert!((&mut next).now_or_never().is_none());
    assert!(is_loaded(&models, "seven"));
    drop(lease);
    assert!(block_on(unload)?.is_some());
    until("it is loaded again", || gate.came() == 2);
    gate.open(1);
    assert_eq!(*block_on(next)?, 7);
    assert_eq!(
        block_on(models.unload("seven"))?.map(|it| it.reason.clone()),
        Some(Reason::Asked)
    );
    assert!(
        block_on(models.unload("seven"))?.is_none(),
        "it is not loaded"
    );
    Ok(())
}

#[test]
fn giving_up_an_unload_leaves_the_model_where_it_is() -> Result<()> {
    let models = Models::new();
    let seven = models.add(number("seven", 7))?;
    let lease = models.acquire_blocking(&seven)?;
    let mut unload = models.unload("seven");
    assert!((&mut unload).now_or_never().is_none());
    let mut next = models.acquire(&seven);
    assert!((&mut next).now_or_never().is_none());
    drop(unload);
    assert_eq!(*block_on(next)?, 7);
    drop(lease);
    assert!(is_loaded(&models, "seven"));
    assert_eq!(models.table().get("seven").map(|row| row.loads), Some(1));
    Ok(())
}

#[test]
fn many_tasks_come_and_go_and_nothing_is_left() -> Result<()> {
    use ironbridge::memory::{ByteSize, Device};

    const MODELS: usize = 8;
    const THREADS: usize = 8;
    const ROUNDS: usize = 100;

    let models = Models::builder()
        .budget(Device::Host, ByteSize::b(3))
        .keep_alive(Duration::from_millis(1))
        .build();
    for n in 0..MODELS {
        let model = number(&n.to_string(), i64::try_from(n).expect("it is small"));
        models.add(model.needs(Device::Host, ByteSize::b(1)))?;
    }
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let models = &models;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let n = (thread * 31 + round * 17) % MODELS;
                    let mut asked = models.acquire::<i64>(n.to_string());
                    if round % 5 == 0 {
                        // Some ask, and go.
                        let _ = (&mut asked).now_or_never();
                        continue;
                    }
                    let lease = asked.wait().expect("it is loaded");
                    assert_eq!(usize::try_from(*lease).ok(), Some(n));
                    let table = models.table();
                    assert!(table.budgets[0].used <= ByteSize::b(3), "{table}");
                }
            });
        }
    });
    until("all have gone", || {
        let table = models.table();
        let mut rows = table.models.iter();
        rows.all(|row| row.leases == 0 && row.waiting == 0 && row.state.to_string() == "unloaded")
    });
    block_on(models.shutdown())
}
