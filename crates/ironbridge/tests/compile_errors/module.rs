//! What `#[module]` and `#[class]` refuse; everything at once, each at its own place.

use ironbridge::Result;

#[ironbridge::module]
trait NoName {}

#[ironbridge::module("not a name")]
trait BadName {}

#[ironbridge::module("fine", sauce = "x.py")]
trait UnknownSetting {}

#[ironbridge::class("a.b")]
trait DottedClass {}

#[ironbridge::module("fine")]
trait Generic<T> {
    const N: usize;
    type Item;
    fn a(&self) -> Result<()>;
}

#[ironbridge::module("fine")]
trait Wrong {
    fn no_self(a: i64) -> Result<()>;
    fn mutable(&mut self) -> Result<()>;
    fn no_result(&self) -> i64;
    fn nothing(&self);
    fn pattern(&self, (a, b): (i64, i64)) -> Result<()>;
    fn unknown(&self, #[python(keywords)] a: i64) -> Result<()>;
    fn no_option(&self, #[python(default)] a: i64) -> Result<()>;
    fn changes(&self, a: &mut Vec<i64>) -> Result<()>;
    fn both(&self, #[python(args, default)] a: Option<Vec<i64>>) -> Result<()>;
    fn twice(&self, #[python(args)] a: &[i64], #[python(args)] b: &[i64]) -> Result<()>;
    fn late(&self, #[python(args)] a: &[i64], b: i64) -> Result<()>;
    #[python(get)]
    fn reads(&self, a: i64) -> Result<i64>;
    #[python(set)]
    fn writes(&self, a: i64) -> Result<()>;
    #[python(getter)]
    fn misspelled(&self) -> Result<i64>;
    #[python(name = "a b")]
    fn spaces(&self) -> Result<i64>;
    #[python(get, class)]
    fn two_kinds(&self) -> Result<i64>;
}

#[ironbridge::class]
trait InClass {
    #[python(class)]
    fn class_in_class(&self) -> Result<i64>;
}

#[ironbridge::module("fine")]
trait NotAClass {
    #[python(class)]
    fn thing(&self) -> Result<String>;
}

fn main() {}
