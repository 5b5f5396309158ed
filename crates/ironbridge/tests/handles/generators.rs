use ironbridge::GeneratorState::{Returned, Yielded};
use ironbridge::pyo3::exceptions::{PyKeyError, PyRuntimeError, PyValueError};
use ironbridge::{Error, ErrorKind, Generator, Result, Session, python};

fn chat(session: &Session) -> Result<Generator<String, String, u32>> {
    python! { session =>
        log = []
        def chat():
            turns = 0
            try:
                said = yield "hello"
                while said != "bye":
                    turns += 1
                    try:
                        said = yield "you said " + said
                    except KeyError as error:
                        said = yield "caught " + error.args[0]
                return turns
            finally:
                log.append("closed")
    }?;
    session.call("chat", ())
}

#[test]
fn it_is_sent_values_and_returns_one() -> Result<()> {
    let session = Session::new()?;
    let mut chat = chat(&session)?;
    assert_eq!(chat.resume()?, Yielded("hello".into()));
    assert_eq!(chat.send("hi".into())?, Yielded("you said hi".into()));
    let thrown = chat.throw(PyKeyError::new_err("k"))?;
    assert_eq!(thrown, Yielded("caught k".into()));
    assert_eq!(chat.send("bye".into())?, Returned(1));
    assert!(chat.is_finished());
    assert_eq!(chat.returned()?, None, "it was given already");
    let error = chat.send("again".into()).expect_err("finished");
    assert!(error.to_string().contains("finished already"), "{error}");
    assert!(chat.next().is_none());
    chat.close()
}

#[test]
fn the_first_value_must_be_none_as_in_python() -> Result<()> {
    let session = Session::new()?;
    let mut chat = chat(&session)?;
    let error = chat.send("too soon".into()).expect_err("just started");
    assert!(
        error.to_string().contains("just-started generator"),
        "{error}"
    );
    Ok(())
}

#[test]
fn an_error_that_is_thrown_comes_back_the_same() -> Result<()> {
    let session = Session::new()?;
    let mut chat = chat(&session)?;
    chat.resume()?;
    let error = session.run("int('many')").expect_err("it raises");
    let text = error.to_string();
    let back = chat.throw(error).expect_err("not caught");
    assert_eq!(back.to_string(), text);
    assert!(
        back.exception()
            .expect("the same")
            .is_instance_of::<PyValueError>()
    );
    assert!(chat.is_finished());
    assert_eq!(session.eval::<usize>("len(log)")?, 1);
    Ok(())
}

#[test]
fn it_is_closed_by_close_by_drop_and_by_a_wrong_value() -> Result<()> {
    let session = Session::new()?;
    let mut first = chat(&session)?;
    first.resume()?;
    first.close()?;
    assert_eq!(session.eval::<usize>("len(log)")?, 1);
    let mut second = session.call::<Generator<String, String, u32>, _>("chat", ())?;
    second.resume()?;
    drop(second);
    assert_eq!(
        session.eval::<usize>("len(log)")?,
        2,
        "at the next attachment"
    );
    let mut wrong = session.call::<Generator<u8, String, u32>, _>("chat", ())?;
    let error = wrong.resume().expect_err("no number");
    assert_eq!(
        error.to_string(),
        "chat()[0]: expected u8, found str 'hello'"
    );
    assert!(wrong.is_finished());
    assert_eq!(session.eval::<usize>("len(log)")?, 3);
    Ok(())
}

#[test]
fn close_says_what_went_wrong() -> Result<()> {
    let stubborn = python! { -> Generator<u8> =>
        def stubborn():
            for _ in range(2):
                try:
                    yield 1
                except GeneratorExit:
                    pass
        stubborn()
    }?;
    let mut stubborn = stubborn;
    stubborn.resume()?;
    let error = stubborn.close().expect_err("it ignores the end");
    assert!(
        error
            .exception()
            .expect("raised")
            .is_instance_of::<PyRuntimeError>()
    );
    Ok(())
}

#[test]
fn nothing_sent_is_none_and_nothing_returned_is_anything() -> Result<()> {
    let mut echo = python! { -> Generator<bool, (), ()> =>
        def echo():
            while True:
                if (yield) is not None:
                    raise TypeError
        def ask():
            got = yield True
            for _ in range(2):
                got = yield got is None
            return "ignored"
        ask()
    }?;
    assert_eq!(echo.resume()?, Yielded(true));
    assert_eq!(echo.send(())?, Yielded(true));
    assert_eq!(echo.send(())?, Yielded(true));
    assert_eq!(echo.send(())?, Returned(()));
    Ok(())
}

#[test]
fn iterated_over_it_keeps_what_it_returned() -> Result<()> {
    let mut lines = python! { -> Generator<u32, (), String> =>
        def lines():
            yield from range(3)
            return "three"
        lines()
    }?;
    assert_eq!(lines.by_ref().collect::<Result<Vec<_>>>()?, [0, 1, 2]);
    assert_eq!(lines.returned()?.as_deref(), Some("three"));
    assert_eq!(lines.returned()?, None);
    let mut wrong = python! { -> Generator<u32, (), u8> =>
        def wrong():
            yield 1
            return "three"
        wrong()
    }?;
    assert_eq!(wrong.by_ref().count(), 1);
    let error = wrong.returned().expect_err("no number");
    assert_eq!(error.kind(), ErrorKind::Conversion);
    Ok(())
}

#[test]
fn what_is_no_generator_says_what_is_missing() {
    let error = python! { -> Generator<u8> => [1, 2] }.expect_err("a list");
    let text = format!("{error:#}");
    assert!(text.contains("'list' object is not a generator"), "{text}");
}

#[test]
fn a_class_with_the_methods_of_a_generator_is_one() -> Result<()> {
    let mut counter = python! { -> Generator<u32, u32> =>
        class Counter:
            n = 0
            def __iter__(self):
                return self
            def __next__(self):
                return self.send(None)
            def send(self, step):
                self.n += step or 1
                return self.n
            def throw(self, error):
                raise error
            def close(self):
                pass
        Counter()
    }?;
    assert_eq!(counter.resume()?, Yielded(1));
    assert_eq!(counter.send(10)?, Yielded(11));
    let error: Error = counter
        .throw(PyValueError::new_err("x"))
        .expect_err("raised");
    assert_eq!(error.to_string(), "ValueError: x");
    Ok(())
}
