//! What `Block::parse` says about blocks, seen from outside.

use ironbridge_python_ast::{Block, BlockOptions, ResultKind, line_column};

fn names(source: &str) -> Vec<String> {
    let options = BlockOptions {
        result: ResultKind::Nothing,
        ..BlockOptions::default()
    };
    Block::parse(source, &options)
        .unwrap_or_else(|errors| panic!("{errors:?}"))
        .bound_names
}

fn errors(source: &str, options: &BlockOptions<'_>) -> Vec<String> {
    let diagnostics = Block::parse(source, options).expect_err("the block is wrong");
    diagnostics
        .into_iter()
        .map(|diagnostic| {
            let place = line_column(source, diagnostic.range.start);
            format!("{}:{}: {}", place.line, place.column, diagnostic.message)
        })
        .collect()
}

#[test]
fn every_way_to_bind_a_name_is_seen() {
    let source = "\
import os.path, sys as system
from math import pi as circle
a, (b, *c) = 1, (2, 3)
d: int = 4
e += 1
for f in (): pass
with open('x') as (g, h): pass
try: pass
except OSError as i: pass
def j(p, q=1): local = 1
class k: attribute = 1
match 1:
    case [l, *m]: pass
    case {'x': n, **o}: pass
    case int() as r: pass
if (s := 1): pass
[t2 for t in range(3) if (t2 := t)]
lambda u: u
{v: 1 for v in ()}
del w
global x
async def y(): pass
";
    let expected = "os system circle a b c d e f g h i j k l m n o r s t2 w x y";
    assert_eq!(names(source).join(" "), expected);
}

#[test]
fn star_imports_bind_nothing_that_can_be_known() {
    assert!(names("from math import *\n").is_empty());
}

#[test]
fn captures_cannot_be_bound_in_any_way() {
    let captures = vec!["x".to_owned()];
    let options = BlockOptions {
        captures: &captures,
        result: ResultKind::Nothing,
        ..BlockOptions::default()
    };
    for source in [
        "x = 1",
        "x += 1",
        "x: int = 1",
        "del x",
        "for x in (): pass",
        "import x",
        "import x.y",
        "from m import x",
        "def x(): pass",
        "class x: pass",
        "(x := 1)",
        "[y for y in () if (x := y)]",
        "try: pass\nexcept E as x: pass",
        "match 1:\n    case x: pass",
        "global x",
        "def f():\n    nonlocal x\n    x = 1",
    ] {
        let found = errors(source, &options);
        assert!(
            found[0].contains("`x` is captured from Rust and cannot be assigned to"),
            "{source}: {found:?}"
        );
    }
    // Scopes of their own may use the name.
    for source in ["def f(x): x = 1", "[x for x in ()]", "class C: x = 1"] {
        Block::parse(source, &options).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
    }
}

#[test]
fn several_errors_are_reported_together_with_their_places() {
    let options = BlockOptions {
        result: ResultKind::Nothing,
        ..BlockOptions::default()
    };
    assert_eq!(
        errors(
            "x = await f()\nreturn 1\nyield 2\nbreak\nnonlocal z\n",
            &options
        ),
        [
            "1:5: `await` outside of an asynchronous function",
            "2:1: `return` with a value, but the header gives no type; begin the block with `-> Type =>`",
            "3:1: `yield` outside of a function: a block gives one value; define a generator function and call it",
            "4:1: `break` outside loop",
            "5:1: nonlocal declaration not allowed at module level",
        ]
    );
    assert_eq!(
        errors("if x\n    y = 1\nz = = 2\n", &options),
        [
            "1:5: Expected `:`, found newline",
            "3:5: Expected an expression"
        ]
    );
}

#[test]
fn await_and_return_belong_to_async_and_typed_blocks() {
    let options = BlockOptions {
        is_async: true,
        ..BlockOptions::default()
    };
    let block = Block::parse("async with a as b:\n    return await b.c()\n", &options).unwrap();
    assert_eq!(block.bound_names, ["b"]);
    assert!(!block.ends_in_expression);
}

#[test]
fn a_promised_value_must_be_there() {
    let found = errors("x = 1\n", &BlockOptions::default());
    assert!(
        found[0].starts_with("1:1: the header promises a value"),
        "{found:?}"
    );
}
