use std::collections::HashSet;

use ironbridge::pyo3::exceptions::PyRuntimeError;
use ironbridge::pyo3::prelude::*;
use ironbridge::{ErrorKind, Iter, Result, Session, attach, python};

fn is_an_owned_handle<T: Send + Sync + 'static>() {}

#[test]
fn iterators_cross_threads() -> Result<()> {
    is_an_owned_handle::<Iter<String>>();
    let numbers = python! { -> Iter<u64> => (n for n in range(1000)) }?;
    let sum = std::thread::spawn(move || numbers.sum::<Result<u64>>())
        .join()
        .expect("no panic")?;
    assert_eq!(sum, 499_500);
    Ok(())
}

#[test]
fn every_built_in_iterable_gives_all_its_items() -> Result<()> {
    let session = Session::new()?;
    session.run("import array, collections")?;
    for iterable in [
        "list(range(1000))",
        "tuple(range(1000))",
        "range(1000)",
        "set(range(1000))",
        "frozenset(range(1000))",
        "dict.fromkeys(range(1000))",
        "dict.fromkeys(range(1000)).keys()",
        "dict(zip('abc', range(3))) and dict(enumerate(range(1000))).values()",
        "array.array('q', range(1000))",
        "collections.deque(range(1000))",
        "reversed(range(1000))",
        "reversed(list(range(1000)))",
        "map(int, range(1000))",
        "(n for n in range(1000))",
        "memoryview(array.array('q', range(1000)))",
    ] {
        let numbers: Iter<u32> = session.eval(iterable)?;
        let numbers = numbers.collect::<Result<Vec<_>>>()?;
        assert_eq!(numbers.len(), 1000, "{iterable}");
        assert_eq!(numbers.iter().sum::<u32>(), 499_500, "{iterable}");
        let all = session.eval::<Iter<u32>>(iterable)?.collect_all()?;
        assert_eq!(all, numbers, "{iterable}");
    }
    let characters: Iter<char> = session.eval("'aé𝄞' * 300")?;
    assert_eq!(characters.collect_all()?.len(), 900);
    let bytes: Iter<u8> = session.eval("b'abc'")?;
    assert_eq!(bytes.collect_all()?, b"abc");
    let items: Iter<(String, u8)> = session.eval("{'a': 1, 'b': 2}.items()")?;
    let items = items.collect::<Result<HashSet<_>>>()?;
    assert_eq!(items, HashSet::from([("a".into(), 1), ("b".into(), 2)]));
    Ok(())
}

#[test]
fn a_generator_runs_no_further_than_its_program() -> Result<()> {
    let session = Session::new()?;
    python! { session =>
        made = []
        def numbers():
            for n in range(10):
                made.append(n)
                yield n
    }?;
    let mut numbers: Iter<u32> = session.call("numbers", ())?;
    for expected in 0..3 {
        assert_eq!(numbers.next().transpose()?, Some(expected));
        let made: usize = session.eval("len(made)")?;
        assert_eq!(made, expected as usize + 1);
    }
    let mut numbers = numbers.read_ahead(4);
    assert_eq!(numbers.next().transpose()?, Some(3));
    assert_eq!(session.eval::<usize>("len(made)")?, 7);
    assert_eq!(numbers.collect::<Result<Vec<_>>>()?, [4, 5, 6, 7, 8, 9]);
    Ok(())
}

/// What the documentation says about a list that is changed while it is read.
#[test]
fn a_list_that_changes_is_seen_as_far_as_it_was_read() -> Result<()> {
    let session = Session::new()?;
    session.run("items = list(range(1000))")?;
    let mut items: Iter<i64> = session.get("items")?;
    assert_eq!(items.by_ref().take(10).filter_map(Result::ok).count(), 10);
    session.run("items[:] = [-1] * 2000")?;
    let rest = items.collect::<Result<Vec<_>>>()?;
    assert_eq!(rest.len(), 1990);
    assert_eq!(rest[0], 10, "this one was read before");
    assert_eq!(rest.last(), Some(&-1), "and this one after");
    session.run("words = dict.fromkeys(range(1000))")?;
    let mut words: Iter<i64> = session.get("words")?;
    assert_eq!(words.next().transpose()?, Some(0));
    session.run("words['more'] = None")?;
    let error = words.find_map(Result::err).expect("Python notices");
    assert!(
        error
            .exception()
            .expect("an exception")
            .is_instance_of::<PyRuntimeError>()
    );
    assert!(words.next().is_none());
    Ok(())
}

#[test]
fn a_wrong_item_is_named_by_its_index_and_ends_the_iteration() -> Result<()> {
    let session = Session::new()?;
    python! { session =>
        def words():
            for n in range(30):
                yield n if n == 17 else "w"
    }?;
    for ahead in [1, 5, 100] {
        let words: Iter<String> = session.call("words", ())?;
        let mut words = words.read_ahead(ahead);
        assert_eq!(words.by_ref().take(17).filter_map(Result::ok).count(), 17);
        let error = words.next().expect("an item").expect_err("no str");
        assert_eq!(error.kind(), ErrorKind::Conversion);
        assert_eq!(error.to_string(), "words()[17]: expected str, found int 17");
        if ahead == 1 {
            assert!(format!("{error:#}").contains("iterators.rs:"), "{error:#}");
        }
        assert!(words.next().is_none());
        assert_eq!(words.size_hint(), (0, Some(0)));
    }
    let error = session
        .eval::<Iter<Vec<u8>>>("[[1], [2, 300]]")?
        .collect_all()
        .expect_err("too big");
    assert_eq!(
        error.to_string(),
        "iterator[1][1]: expected u8, found int 300"
    );
    let named = session.eval::<Iter<u8>>("['x']")?.named("sizes()");
    let error = named.collect_all().expect_err("no number");
    assert_eq!(error.to_string(), "sizes()[0]: expected u8, found str 'x'");
    // Through an adapter of the standard library the place is nobody's.
    let mut mapped = session.eval::<Iter<u8>>("['x']")?.map(|item| (1, item));
    let (_, item) = mapped.next().expect("an item");
    let error = item.expect_err("no number");
    assert!(!format!("{error:#}").contains("/rustc/"), "{error:#}");
    Ok(())
}

#[test]
fn an_exception_comes_out_and_ends_the_iteration() -> Result<()> {
    let mut steps = python! { -> Iter<u8> =>
        def steps():
            yield 1
            raise KeyboardInterrupt
            yield 2
        steps()
    }?;
    assert_eq!(steps.next().transpose()?, Some(1));
    let error = steps.next().expect("an error").expect_err("it raised");
    assert_eq!(error.kind(), ErrorKind::KeyboardInterrupt);
    assert!(steps.next().is_none());
    assert!(steps.next().is_none());
    Ok(())
}

#[test]
fn what_cannot_be_iterated_over_says_so() -> Result<()> {
    let session = Session::new()?;
    let error = session.eval::<Iter<u8>>("3").expect_err("no iterable");
    let text = format!("{error:#}");
    assert!(text.contains("found int 3"), "{text}");
    assert!(text.contains("'int' object is not iterable"), "{text}");
    Ok(())
}

#[test]
fn an_iterator_goes_back_with_the_items_that_are_left() -> Result<()> {
    let session = Session::new()?;
    for taken in [0, 1, 2, 5, 100, 1000] {
        let mut items: Iter<u32> = session.eval("list(range(1000))")?;
        assert_eq!(
            items.by_ref().take(taken).filter_map(Result::ok).count(),
            taken
        );
        session.set("rest", items)?;
        let rest: Vec<u32> = session.eval("list(rest)")?;
        assert_eq!(
            rest,
            (u32::try_from(taken).expect("small")..1000).collect::<Vec<_>>()
        );
    }
    // The very iterator where nothing was read ahead.
    session.run("it = iter([1, 2])")?;
    let it: Iter<u8> = session.get("it")?;
    session.set("back", it)?;
    assert!(session.eval::<bool>("back is it")?);
    let mut bad: Iter<u8> = session.eval("[1, 2, 3, 4, 'x']")?;
    assert_eq!(bad.by_ref().take(4).filter_map(Result::ok).count(), 4);
    let error = session.set("rest", bad).expect_err("read ahead, and wrong");
    assert!(error.to_string().contains("iterator[4]"), "{error}");
    Ok(())
}

#[test]
fn sizes_are_bounds() -> Result<()> {
    let session = Session::new()?;
    let mut range: Iter<u32> = session.eval("range(100)")?;
    for left in (0..=100).rev() {
        assert_eq!(range.size_hint().1, Some(left));
        assert!(range.size_hint().0 <= left);
        assert_eq!(range.next().is_some(), left > 0);
    }
    let list: Iter<u32> = session.eval("[1, 2]")?;
    assert_eq!(list.size_hint(), (0, None), "a list may grow");
    Ok(())
}

#[test]
fn a_generator_that_is_let_go_is_closed() -> Result<()> {
    let session = Session::new()?;
    python! { session =>
        closed = []
        def numbers():
            try:
                yield from range(10)
            finally:
                closed.append(True)
    }?;
    let mut numbers: Iter<u32> = session.call("numbers", ())?;
    assert!(numbers.next().is_some());
    drop(numbers);
    assert_eq!(session.eval::<usize>("len(closed)")?, 1);
    let mut wrong: Iter<String> = session.call("numbers", ())?;
    assert!(wrong.next().expect("an error").is_err());
    assert_eq!(session.eval::<usize>("len(closed)")?, 2, "by the error");
    Ok(())
}

#[test]
fn slow_conversions_are_not_read_ahead() -> Result<()> {
    #[derive(Debug)]
    struct Slow;
    impl FromPyObject<'_, '_> for Slow {
        type Error = PyErr;
        fn extract(_: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
            std::thread::sleep(std::time::Duration::from_millis(1));
            Ok(Self)
        }
    }
    let mut slow: Iter<Slow> = python! { -> Iter<Slow> => [None] * 50 }?;
    for _ in 0..10 {
        assert!(slow.next().is_some());
        assert!(format!("{slow:?}").contains("ready: 0"), "{slow:?}");
    }
    Ok(())
}

#[test]
fn an_iterator_inside_attached_code_works_too() -> Result<()> {
    let sum = attach(|py| -> Result<u32> {
        let iter: Iter<u32> = py.eval(c"(n for n in range(4))", None, None)?.extract()?;
        iter.sum()
    })??;
    assert_eq!(sum, 6);
    Ok(())
}

/// Numbers take a short way; it must be the same as PyO3's.
#[test]
fn numbers_are_read_as_by_extract() -> Result<()> {
    fn same<T>(session: &Session)
    where
        T: PartialEq + std::fmt::Debug + 'static,
        T: for<'a, 'py> FromPyObject<'a, 'py>,
    {
        for value in [
            "0",
            "1",
            "-1",
            "127",
            "128",
            "-128",
            "255",
            "256",
            "-32768",
            "65535",
            "65536",
            "2**31 - 1",
            "2**31",
            "-2**31",
            "2**32",
            "2**63 - 1",
            "2**63",
            "-2**63",
            "-2**63 - 1",
            "2**64 - 1",
            "2**64",
            "True",
            "1.0",
            "-0.5",
            "float('inf')",
            "Int(7)",
            "Float(1.5)",
            "Index()",
            "'1'",
            "None",
        ] {
            let one: Result<T> = session.eval(value);
            for repeated in [1, 3] {
                let items: Iter<T> = session
                    .eval(&format!("[{value}] * {repeated}"))
                    .expect("a list");
                match (items.collect_all(), &one) {
                    (Ok(items), Ok(one)) => {
                        assert!(items.iter().all(|item| item == one), "{value}");
                    }
                    (Err(_), Err(_)) => {}
                    other => panic!("{value}: {other:?}"),
                }
            }
        }
    }
    let session = Session::new()?;
    python! { session =>
        class Int(int):
            pass
        class Float(float):
            pass
        class Index:
            def __index__(self):
                return 3
    }?;
    same::<i64>(&session);
    same::<i32>(&session);
    same::<i16>(&session);
    same::<i8>(&session);
    same::<isize>(&session);
    same::<u64>(&session);
    same::<u32>(&session);
    same::<u16>(&session);
    same::<u8>(&session);
    same::<usize>(&session);
    same::<f64>(&session);
    same::<f32>(&session);
    same::<bool>(&session);
    same::<i128>(&session);
    Ok(())
}
