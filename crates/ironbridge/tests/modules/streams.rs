//! Functions and methods that give asynchronous iterators, and what is said of those that do not.

use std::collections::HashMap;

use ironbridge::{AsyncIter, ErrorKind, Iter, Result};
use pollster::block_on;

const TEXT: &str = r#"
from __future__ import annotations
import asyncio, threading
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator

called_on = []

async def tokens(prompt: str, *, times: int = 1, **options: int) -> AsyncIterator[str]:
    for word in prompt.split() * times:
        await asyncio.sleep(0)
        yield word + "".join(options)

async def numbers(values: list[float]) -> AsyncGenerator[float, None]:
    for value in values:
        yield 2 * value

def made(n: int) -> AsyncIterable[int]:
    called_on.append(threading.current_thread().name)
    return numbers(range(n))

async def opened(n: int) -> AsyncIterator[int]:
    await asyncio.sleep(0)
    return numbers(range(n))

async def broken():
    raise ValueError("out of tokens")
    yield

def not_one(): return [1]
def fails(): raise LookupError("no such model")

def plain(): yield 1
async def coroutine() -> int: return 1

def threads() -> list[str]: return called_on

class Chat:
    def __init__(self, name: str) -> None: self.name = name
    async def say(self, text: str) -> AsyncIterator[str]:
        yield self.name
        yield text
    @property
    def history(self) -> AsyncIterator[str]: return self.say("history")
"#;

#[ironbridge::module("generators")]
trait Generators {
    fn tokens(
        &self,
        prompt: &str,
        #[python(keyword, default)] times: Option<usize>,
        #[python(kwargs)] options: &HashMap<String, i64>,
    ) -> Result<AsyncIter<String>>;
    fn numbers(&self, values: &[f64]) -> Result<AsyncIter<f64>>;
    #[python(name = "numbers")]
    fn numbers_as_texts(&self, values: &[f64]) -> Result<AsyncIter<Option<f64>>>;
    fn made(&self, n: u32) -> Result<AsyncIter<u32>>;
    async fn opened(&self, n: u32) -> Result<AsyncIter<u32>>;
    fn broken(&self) -> Result<AsyncIter<u32>>;
    fn not_one(&self) -> Result<AsyncIter<u32>>;
    fn fails(&self) -> Result<AsyncIter<u32>>;
    fn threads(&self) -> Result<Vec<String>>;
    #[python(class)]
    fn chat(&self, name: &str) -> Result<Chat>;
}

#[ironbridge::class]
trait Chat {
    fn say(&self, text: &str) -> Result<AsyncIter<String>>;
    #[python(get)]
    fn history(&self) -> Result<AsyncIter<String>>;
}

fn generators() -> Result<Generators> {
    Generators::loader().source(TEXT).load()
}

#[test]
fn functions_give_streams_that_own_their_arguments() -> Result<()> {
    let generators = generators()?;
    let tokens = {
        let prompt = String::from("to be");
        let options = HashMap::from([("!".to_owned(), 1)]);
        generators.tokens(&prompt, Some(2), &options)?
    };
    let tokens = block_on(tokens.collect_all())?;
    assert_eq!(tokens, ["to!", "be!", "to!", "be!"]);
    let mut numbers = generators.numbers(&[1.0, 2.5])?;
    // The handle may go.
    drop(generators);
    block_on(async {
        assert_eq!(numbers.next().await.transpose()?, Some(2.0));
        assert_eq!(numbers.next().await.transpose()?, Some(5.0));
        assert!(numbers.next().await.is_none());
        Ok(())
    })
}

#[test]
fn plain_functions_and_coroutines_may_give_them_too() -> Result<()> {
    let generators = generators()?;
    let made = generators.made(3)?;
    assert!(generators.threads()?.is_empty());
    assert_eq!(block_on(made.collect_all())?, [0, 2, 4]);
    assert_eq!(generators.threads()?, ["ironbridge-pool-1"]);
    let opened = async { generators.opened(2).await?.collect_all().await };
    assert_eq!(block_on(opened)?, [0, 2]);
    Ok(())
}

#[test]
fn methods_and_attributes_give_them() -> Result<()> {
    let chat = generators()?.chat("Ferris")?;
    let said = block_on(chat.say("hello")?.collect_all())?;
    assert_eq!(said, ["Ferris", "hello"]);
    let history = block_on(chat.history()?.collect_all())?;
    assert_eq!(history, ["Ferris", "history"]);
    Ok(())
}

#[test]
fn errors_name_the_call() -> Result<()> {
    let generators = generators()?;
    let error = block_on(generators.broken()?.collect_all()).unwrap_err();
    assert_eq!(error.to_string(), "ValueError: out of tokens");
    let origin = error
        .exception()
        .and_then(ironbridge::error::Exception::origin);
    assert!(origin.is_some_and(|origin| origin.file.ends_with("streams.rs")));
    let error = block_on(generators.fails()?.collect_all()).unwrap_err();
    assert_eq!(error.to_string(), "LookupError: no such model");
    let error = block_on(generators.not_one()?.collect_all()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    let text = format!("{error:#}");
    assert!(text.starts_with("not_one(): "), "{text}");
    assert!(text.contains("it is a plain iterable"), "{text}");
    let texts = Generators::loader()
        .name("texts")
        .source("async def numbers(values):\n    yield None\n    yield 'x'")
        .unchecked()
        .load()?
        .numbers_as_texts(&[])?;
    let error = block_on(texts.collect_all()).unwrap_err();
    assert!(error.to_string().starts_with("numbers()[1]"), "{error}");
    Ok(())
}

#[ironbridge::module("generators_that_do_not_fit")]
#[rustfmt::skip]
trait DoesNotFit {
    #[python(name = "tokens")]
    async fn awaited(&self, prompt: &str) -> Result<AsyncIter<String>>;
    #[python(name = "tokens")]
    fn iterated(&self, prompt: &str) -> Result<Iter<String>>;
    #[python(name = "tokens")]
    fn ignored(&self, prompt: &str) -> Result<()>;
    #[python(name = "tokens")]
    fn other_items(&self, prompt: &str) -> Result<AsyncIter<u32>>;
    fn plain(&self) -> Result<AsyncIter<u32>>;
    fn coroutine(&self) -> Result<AsyncIter<u32>>;
    fn opened(&self, n: u32) -> Result<AsyncIter<u32>>;
    fn threads(&self) -> Result<AsyncIter<u32>>;
}

#[test]
fn what_does_not_fit_is_found_when_it_is_loaded() {
    let error = DoesNotFit::loader().source(TEXT).load().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Contract);
    let text = format!("{error:#}");
    // What is wrong, and of which declaration.
    let mismatches: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("Python: ") && !line.starts_with("loaded at: "))
        .map(|line| match line.split_once('`') {
            Some((place, declared)) if place.starts_with("Rust: ") => {
                declared.trim_end_matches('`')
            }
            _ => line,
        })
        .collect();
    insta::assert_snapshot!("every_stream_mismatch", mismatches.join("\n"));
}
