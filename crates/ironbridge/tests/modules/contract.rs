//! What loading finds that does not fit.

use std::collections::HashMap;
use std::path::Path;

use ironbridge::pyo3::{Py, PyAny};
use ironbridge::{ErrorKind, Python, Result};

const TEXT: &str = r#"
from __future__ import annotations
from pathlib import Path
import functools

def transcribed(audio: Path) -> str: ...
def two(a: int, b: int) -> int: return a + b
def named(x, *, mode): return x
def swapped(first, second): ...
def one_default(x, y=1): return x
def positional_only(x, /): return x
def text(value: str) -> str: return value
def floats(values: list[float]) -> list[float]: return values
def maybe(x: int) -> str | None: return None
def gives_int() -> int: return 1
async def later() -> int: return 1
def waits() -> int: return 1
value = 3
def function(): ...
class Thing:
    size: int = 0
    def __init__(self, name: str) -> None: self.name = name
    @property
    def fixed(self) -> str: return ''
    def method(self, a, b): ...
@functools.lru_cache
def cached(a: int) -> int: return a
def lots(**kwargs): ...
def no_rest(a): ...
"#;

#[derive(Debug, Default, Python)]
#[python(options)]
struct Options {
    mode: Option<String>,
    nothing: Option<i64>,
}

#[ironbridge::module("does_not_fit")]
#[rustfmt::skip]
trait DoesNotFit {
    fn transcribe(&self, audio: &Path) -> Result<String>;
    fn two(&self, a: i64, b: i64, c: i64) -> Result<i64>;
    fn named(&self, x: i64, mode: &str) -> Result<i64>;
    fn swapped(&self, second: i64, first: i64) -> Result<()>;
    #[python(name = "one_default")]
    fn no_default(&self, #[python(default)] x: Option<i64>) -> Result<i64>;
    fn positional_only(&self, #[python(keyword)] x: i64) -> Result<i64>;
    fn text(&self, value: i64) -> Result<String>;
    fn floats(&self, values: &[String]) -> Result<Vec<f64>>;
    fn maybe(&self, x: i64) -> Result<String>;
    fn gives_int(&self) -> Result<String>;
    fn later(&self) -> Result<i64>;
    fn value(&self) -> Result<i64>;
    #[python(get)] fn function(&self) -> Result<i64>;
    #[python(class)] fn thing(&self, name: i64, more: i64) -> Result<Thing>;
    fn no_rest(&self, a: i64, #[python(args)] rest: &[i64]) -> Result<()>;
    #[python(name = "named")]
    fn with_options(&self, x: i64, #[python(options)] options: Options) -> Result<i64>;
    #[python(name = "two")]
    fn too_few(&self, a: i64) -> Result<i64>;
}

#[ironbridge::class]
#[rustfmt::skip]
trait Thing {
    #[python(get)] fn name(&self) -> Result<String>;
    #[python(get)] fn size(&self) -> Result<String>;
    #[python(set = "fixed")] fn set_fixed(&self, text: &str) -> Result<()>;
    fn method(&self, a: i64) -> Result<()>;
    fn absent(&self) -> Result<()>;
}

#[test]
fn every_mismatch_is_in_one_error() {
    let error = DoesNotFit::loader().source(TEXT).load().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Contract);
    let text = format!("{error:#}");
    // Line numbers of this file move with every edit.
    let text = text
        .lines()
        .map(|line| match line.split_once("contract.rs:") {
            Some((before, after)) => {
                let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
                format!("{before}contract.rs:_{after}")
            }
            None => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n");
    insta::assert_snapshot!("every_mismatch", text);
}

#[test]
fn unchecked_meets_the_trouble_at_the_call() -> Result<()> {
    let loaded = DoesNotFit::loader()
        .name("does_not_fit_unchecked")
        .source(TEXT)
        .unchecked()
        .load()?;
    assert_eq!(loaded.text(3).unwrap_err().kind(), ErrorKind::Conversion);
    let error = loaded.transcribe(Path::new("x")).unwrap_err();
    assert!(error.to_string().contains("transcribe"), "{error}");
    Ok(())
}

#[ironbridge::module("fits")]
#[rustfmt::skip]
trait Fits {
    fn two(&self, a: i64, b: bool) -> Result<f64>;
    fn maybe(&self, x: i64) -> Result<Option<String>>;
    fn floats(&self, values: &[i64]) -> Result<Vec<f32>>;
    fn cached(&self, a: i64) -> Result<i64>;
    fn lots(&self, #[python(keyword)] a: i64, #[python(kwargs)] more: &HashMap<String, i64>) -> Result<()>;
    async fn later(&self) -> Result<i64>;
    async fn waits(&self) -> Result<i64>;
    fn one_default(&self, x: i64) -> Result<i64>;
    #[python(class, name = "Thing")] fn thing(&self, name: String) -> Result<Py<PyAny>>;
    #[python(get)] fn value(&self) -> Result<f64>;
}

#[test]
fn what_could_work_is_not_refused() -> Result<()> {
    let loaded = Fits::loader().source(TEXT).load()?;
    assert_eq!(loaded.cached(4)?, 4);
    Ok(())
}

/// Annotations that mean nothing here, and those that cannot be evaluated.
#[ironbridge::module("odd_annotations")]
#[rustfmt::skip]
trait OddAnnotations {
    fn unknown(&self, x: i64) -> Result<String>;
    fn nonsense(&self, x: i64) -> Result<String>;
    fn generic(&self, x: i64) -> Result<Vec<i64>>;
    fn implicit(&self, x: Option<&str>) -> Result<()>;
    fn literal(&self, x: &str) -> Result<()>;
}

#[test]
fn odd_annotations_fit_everything() -> Result<()> {
    let text = "
from __future__ import annotations
from typing import Literal, TypeVar, Annotated
T = TypeVar('T')
def unknown(x: NotThere) -> AlsoNot: return 'a'
def nonsense(x: 'no [ python') -> 3 + 4: return 'b'
def generic(x: T) -> Annotated[list[T], 'x']: return [x]
def implicit(x: str = None): ...
def literal(x: Literal['a', 'b']): ...
";
    let loaded = OddAnnotations::loader().source(text).load()?;
    assert_eq!(loaded.nonsense(1)?, "b");
    assert_eq!(loaded.generic(1)?, [1]);
    Ok(())
}
