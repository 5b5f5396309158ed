//! Attributes of `#[derive(Python)]` that are wrong, all of them told at once.

use ironbridge::Python;

#[derive(Python)]
#[python(clas = "module.Class", dict, attributes, rename_all = "camelcase")]
struct Container {
    #[python(defualt)]
    one: String,
    #[python(name = 3)]
    two: String,
    #[python(default, default)]
    three: String,
    #[python(colour = "red")]
    four: String,
    #[python(flatten, name = "x")]
    five: Vec<i64>,
    #[python(name = "six")]
    seven: String,
    six: String,
    #[python(skip = true)]
    eight: String,
}

#[derive(Python)]
#[python(class = "NoModule", from_only, into_only)]
struct Class {
    x: i64,
}

#[derive(Python)]
#[python(tag = "kind")]
struct Tagged {
    x: i64,
}

#[derive(Python)]
#[python(options)]
struct Options {
    indent: u32,
}

#[derive(Python)]
struct Tuple(#[python(name = "x")] i64, i64);

#[derive(Python)]
struct Unit;

#[derive(Python)]
enum Empty {}

#[derive(Python)]
#[python(class = "colors.Color")]
enum Data {
    Red,
    Other(String),
}

#[derive(Python)]
#[python(rename_all = "lowercase")]
enum Twice {
    Red,
    RED,
    #[python(value = 1.5)]
    Half,
    #[python(name = "a", value = "b")]
    Both,
}

#[derive(Python)]
#[python(tag = "kind")]
enum Shapes {
    Pair(i64, i64),
    Named { kind: String },
}

#[derive(Python)]
enum Union {
    #[python(value = "x")]
    Int(i64),
    #[python(class = "shapes.Circle")]
    Circle { radius: f64 },
}

fn main() {}
