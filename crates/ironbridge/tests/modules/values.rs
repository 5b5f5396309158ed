//! What goes on living on both sides: iterators, closures, context managers; and what is awaited.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ironbridge::session::Function;
use ironbridge::{Callback, Context, ErrorKind, Generator, Iter, Result};
use pollster::block_on;

const TEXT: &str = r#"
from collections.abc import Callable, Iterator, Generator
from contextlib import contextmanager
from pathlib import Path
import asyncio
import threading

def words(text: str) -> Iterator[str]:
    yield from text.split()

def echo() -> Generator[int, int, str]:
    got = yield 0
    while got:
        got = yield got * 2
    return "done"

def each(callback: Callable[[int, int], None], n: int) -> None:
    threads = [threading.Thread(target=callback, args=(i, n)) for i in range(n)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()

def apply(callback: Callable[[int], int], x: int) -> int:
    return callback(x)

def maybe(callback: Callable[[int], int] | None = None) -> int | None:
    return callback(4) if callback else None

def catches(callback: Callable[[int], int]) -> str:
    try:
        callback(1)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"

def adder(n: int) -> Callable[[int], int]:
    return lambda x: x + n

log = []

@contextmanager
def opened(name: str) -> Iterator[str]:
    log.append(f"open {name}")
    try:
        yield name.upper()
    finally:
        log.append(f"close {name}")

def logged() -> list[str]:
    return log

async def embed(text: str, *, scale: float = 1.0) -> list[float]:
    await asyncio.sleep(0)
    return [len(text) * scale]

async def joined(texts: list[str], at: Path | None = None) -> str:
    return "+".join(texts) + (at.name if at else "")

def slow(x: int) -> str:
    return f"{x} {threading.current_thread().name}"

class Model:
    def __init__(self, name: str) -> None:
        self.name = name
    async def run(self, x: int) -> str:
        await asyncio.sleep(0)
        return self.name * x
    def __iter__(self) -> Iterator[str]:
        return iter(self.name)
"#;

#[ironbridge::module("living")]
#[rustfmt::skip]
trait Living {
    fn words(&self, text: &str) -> Result<Iter<String>>;
    fn echo(&self) -> Result<Generator<i64, i64, String>>;
    fn each(&self, callback: impl Fn(u64, u64) -> Result<()> + Send + Sync + 'static, n: u64) -> Result<()>;
    fn apply(&self, callback: impl Fn(i64) -> Result<i64> + Send + Sync + 'static, x: i64) -> Result<i64>;
    fn maybe(&self, callback: Option<Callback>) -> Result<Option<i64>>;
    fn catches(&self, callback: impl Fn(i64) -> Result<i64> + Send + Sync + 'static) -> Result<String>;
    fn adder(&self, n: i64) -> Result<Function>;
    fn opened(&self, name: &str) -> Result<Context<String>>;
    fn logged(&self) -> Result<Vec<String>>;
    async fn embed(&self, text: String, #[python(keyword, default)] scale: Option<f64>) -> Result<Vec<f32>>;
    async fn joined(&self, texts: &[String], at: Option<&Path>) -> Result<String>;
    async fn slow(&self, x: i64) -> Result<String>;
    #[python(class)] fn model(&self, name: &str) -> Result<Model>;
}

#[ironbridge::class]
trait Model {
    async fn run(&self, x: i64) -> Result<String>;
    #[python(name = "__iter__")]
    fn iter(&self) -> Result<Iter<String>>;
}

#[ironbridge::module("living")]
trait Numbers {
    fn words(&self, text: &str) -> Result<Iter<i64>>;
}

fn living() -> Living {
    Living::loader().source(TEXT).load().expect("it fits")
}

#[test]
fn iterators_are_rusts() -> Result<()> {
    let words = living().words("a b c")?.collect::<Result<Vec<_>>>()?;
    assert_eq!(words, ["a", "b", "c"]);
    let numbers = Numbers::loader().source(TEXT).unchecked().load()?;
    let error = numbers.words("a b")?.next().expect("an item").unwrap_err();
    assert_eq!(error.to_string(), "words()[0]: expected i64, found str 'a'");
    let letters = living().model("xyz")?.iter()?.collect::<Result<String>>()?;
    assert_eq!(letters, "xyz");
    Ok(())
}

#[test]
fn generators_are_sent_values() -> Result<()> {
    let mut echo = living().echo()?;
    assert!(matches!(echo.next(), Some(Ok(0))));
    let sent = echo.send(21)?;
    assert_eq!(format!("{sent:?}"), "Yielded(42)");
    let returned = echo.send(0)?;
    assert_eq!(format!("{returned:?}"), "Returned(\"done\")");
    Ok(())
}

#[test]
fn closures_are_called_from_any_thread() -> Result<()> {
    let sum = Arc::new(AtomicU64::new(0));
    let inside = sum.clone();
    living().each(
        move |i, n| {
            inside.fetch_add(i * n, Ordering::Relaxed);
            Ok(())
        },
        4,
    )?;
    assert_eq!(sum.load(Ordering::Relaxed), 24);
    assert_eq!(living().apply(|x| Ok(x * 3), 5)?, 15);
    assert_eq!(living().maybe(None)?, None);
    let double = Callback::new(|x: i64| -> Result<i64> { Ok(x * 2) });
    assert_eq!(living().maybe(Some(double))?, Some(8));
    Ok(())
}

#[test]
fn a_closures_error_and_panic_are_exceptions() -> Result<()> {
    let living = living();
    let error = living
        .apply(|_| ironbridge::Session::new()?.eval("{}['key']"), 1)
        .unwrap_err();
    assert_eq!(error.to_string(), "KeyError: 'key'");
    let caught = living.catches(|_| panic!("the closure fell over"))?;
    assert!(caught.contains("the closure fell over"), "{caught}");
    Ok(())
}

#[test]
fn callables_come_back_as_functions() -> Result<()> {
    let add = living().adder(40)?;
    assert_eq!(add.call::<i64, _>((2,))?, 42);
    Ok(())
}

#[test]
fn contexts_are_guards() -> Result<()> {
    let living = living();
    {
        let guard = living.opened("door")?.enter()?;
        assert_eq!(*guard, "DOOR");
        assert_eq!(living.logged()?, ["open door"]);
        guard.exit()?;
    }
    assert_eq!(living.logged()?, ["open door", "close door"]);
    Ok(())
}

#[test]
fn async_functions_are_futures_of_any_executor() -> Result<()> {
    fn is_free<F: Future + Send + 'static>(future: F) -> F {
        future
    }
    let living = living();
    let future = is_free(living.embed("four".to_owned(), None));
    assert_eq!(block_on(future)?, [4.0]);
    assert_eq!(block_on(living.embed("four".to_owned(), Some(0.5)))?, [2.0]);
    // Arguments are kept by the future, not borrowed.
    let future = {
        let texts = vec!["a".to_owned(), "b".to_owned()];
        is_free(living.joined(&texts, Some(Path::new("x/c"))))
    };
    assert_eq!(block_on(future)?, "a+bc");
    let slow = block_on(living.slow(7))?;
    assert!(slow.starts_with("7 "), "{slow}");
    assert_eq!(block_on(living.model("ab")?.run(2))?, "abab");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let all = runtime.block_on(async {
        let calls = (0..50).map(|n| tokio::spawn(living.embed("x".repeat(n), None)));
        let mut lengths = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            lengths.push(call.await.expect("it ran")?[0]);
        }
        Ok::<_, ironbridge::Error>(lengths)
    })?;
    assert_eq!(all.len(), 50);
    assert!((all[49] - 49.0).abs() < f32::EPSILON);
    Ok(())
}

#[test]
fn an_async_result_of_the_wrong_type_is_an_error() {
    #[ironbridge::module("living")]
    trait Wrong {
        async fn slow(&self, x: i64) -> Result<i64>;
    }
    living();
    let wrong = Wrong::loader()
        .source(TEXT)
        .unchecked()
        .load()
        .expect("unchecked");
    let error = block_on(wrong.slow(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert!(
        error
            .to_string()
            .starts_with("slow(): expected i64, found str"),
        "{error}"
    );
}
