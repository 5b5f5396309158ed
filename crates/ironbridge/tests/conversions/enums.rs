//! Enums: `Enum`, `Literal`, unions with and without a tag.

use ironbridge::{Python, Session};

use crate::help::{get, refusal, refusal_in, session, shown, try_shown};

#[derive(Debug, Clone, Copy, PartialEq, Python)]
#[python(rename_all = "lowercase")]
enum Mode {
    Fast,
    #[python(value = "very good")]
    Good,
    #[python(value = 1)]
    One,
    #[python(value = -2)]
    MinusTwo,
    #[python(value = true)]
    Yes,
}

#[test]
fn literals_are_their_values() {
    for (mode, code) in [
        (Mode::Fast, "'fast'"),
        (Mode::Good, "'very good'"),
        (Mode::One, "1"),
        (Mode::MinusTwo, "-2"),
        (Mode::Yes, "True"),
    ] {
        assert_eq!(get::<Mode>(code).unwrap(), mode);
        assert_eq!(shown(mode), code);
    }
    // Made at run time, so not interned.
    assert_eq!(get::<Mode>("'very' + ' ' + 'good'").unwrap(), Mode::Good);
    assert_eq!(
        refusal::<Mode>("'slow'"),
        "the expression: expected 'fast' or 'very good' or 1 or -2 or True, found str 'slow'"
    );
    assert!(refusal::<Mode>("1.0").ends_with("found float 1.0"));
    assert!(refusal::<Mode>("False").ends_with("found bool False"));
    assert!(refusal::<Vec<Mode>>("['fast', 10**30]").starts_with("the expression[1]: expected"));
}

#[derive(Debug, Clone, Copy, PartialEq, Python)]
#[python(
    class = "conversions_colors.Color",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
enum Color {
    DarkRed,
    #[python(name = "green")]
    Green,
}

#[derive(Debug, PartialEq, Python)]
#[python(class = "conversions_colors.Color")]
enum Wrong {
    Purple,
}

fn colors() -> Session {
    session(
        "import sys, types, enum
if 'conversions_colors' not in sys.modules:
    module = types.ModuleType('conversions_colors')
    exec('''
import enum
class Color(enum.Enum):
    DARK_RED = 1
    green = 2
    CRIMSON = 1
    BLUE = 3
''', module.__dict__)
    sys.modules['conversions_colors'] = module
from conversions_colors import Color",
    )
}

#[test]
fn enums_are_members_by_name() {
    let session = colors();
    assert_eq!(
        session.eval::<Color>("Color.DARK_RED").unwrap(),
        Color::DarkRed
    );
    assert_eq!(
        session.eval::<Color>("Color.CRIMSON").unwrap(),
        Color::DarkRed
    );
    assert_eq!(
        session.eval::<Vec<Color>>("[Color.green]").unwrap(),
        [Color::Green]
    );
    assert_eq!(shown(Color::Green), "<Color.green: 2>");
    let error = refusal_in::<Color>(&session, "Color.BLUE");
    assert_eq!(
        error,
        "the expression: expected a member of conversions_colors.Color (DARK_RED, green), found Color <Color.BLUE: 3>"
    );
    assert!(refusal_in::<Color>(&session, "1").ends_with("found int 1"));
    let error = try_shown(Wrong::Purple).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("conversions_colors.Color has no member `Purple`"),
        "{error}"
    );
}

#[derive(Debug, Clone, PartialEq, Python)]
struct Square {
    side: f64,
}

#[derive(Debug, Clone, PartialEq, Python)]
#[python(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Circle {
        radius: f64,
        #[python(default)]
        label: Option<String>,
    },
    Square(Square),
    #[python(name = "none")]
    Nothing,
    Group {
        members: Vec<Shape>,
    },
}

#[test]
fn a_tag_tells_the_variant() {
    let session = session("from types import SimpleNamespace as N");
    for (shape, code) in [
        (
            Shape::Circle {
                radius: 1.0,
                label: None,
            },
            "{'kind': 'circle', 'radius': 1.0, 'label': None}",
        ),
        (
            Shape::Square(Square { side: 2.0 }),
            "{'side': 2.0, 'kind': 'square'}",
        ),
        (Shape::Nothing, "{'kind': 'none'}"),
        (
            Shape::Group {
                members: vec![Shape::Nothing],
            },
            "{'kind': 'group', 'members': [{'kind': 'none'}]}",
        ),
    ] {
        assert_eq!(session.eval::<Shape>(code).unwrap(), shape);
        assert_eq!(
            session.eval::<Shape>(&format!("N(**{code})")).unwrap(),
            shape
        );
        assert_eq!(shown(shape), code);
    }
    assert_eq!(
        refusal::<Shape>("{'kind': 'oval'}"),
        "the expression.kind: expected 'circle' or 'square' or 'none' or 'group', found str 'oval'"
    );
    assert_eq!(
        refusal::<Shape>("{'radius': 1}"),
        "the expression.kind: missing; the dict has 'radius'"
    );
    assert_eq!(
        refusal::<Shape>(
            "{'kind': 'group', 'members': [{'kind': 'none'}, {'kind': 'square', 'side': ''}]}"
        ),
        "the expression.members[1].side: expected f64, found str ''"
    );
    assert_eq!(
        refusal::<Shape>("3"),
        "the expression: expected Shape, found int 3"
    );
}

#[derive(Debug, Clone, PartialEq, Python)]
#[python(tag = "type")]
enum Event {
    #[python(name = "start", class = "conversions_events.Start")]
    Start { at: i64 },
    #[python(name = "stop", class = "conversions_events.Stop")]
    Stop,
}

#[test]
fn variants_may_be_objects() {
    let session = session(
        "import sys, types
module = types.ModuleType('conversions_events')
exec('''
from dataclasses import dataclass
@dataclass
class Start:
    at: int
    type: str = \"start\"
@dataclass
class Stop:
    type: str = \"stop\"
''', module.__dict__)
sys.modules['conversions_events'] = module
import conversions_events as e",
    );
    assert_eq!(shown(Event::Start { at: 3 }), "Start(at=3, type='start')");
    assert_eq!(shown(Event::Stop), "Stop(type='stop')");
    assert_eq!(
        session.eval::<Event>("e.Start(4)").unwrap(),
        Event::Start { at: 4 }
    );
}

#[derive(Debug, Clone, PartialEq, Python)]
enum Scalar {
    Float(f64),
    Int(i64),
    Bool(bool),
    Text(String),
    #[python(value = "auto")]
    Auto,
}

#[derive(Debug, Clone, PartialEq, Python)]
enum Value {
    #[python(value = "auto")]
    Auto,
    Int(i64),
    Many(Vec<Value>),
    Pair(i64, String),
    Named {
        name: String,
        size: u8,
    },
    Square(Square),
}

#[test]
fn unions_take_the_variant_of_the_very_type() {
    assert_eq!(get::<Scalar>("1").unwrap(), Scalar::Int(1));
    assert_eq!(get::<Scalar>("1.0").unwrap(), Scalar::Float(1.0));
    assert_eq!(get::<Scalar>("True").unwrap(), Scalar::Bool(true));
    assert_eq!(get::<Scalar>("'x'").unwrap(), Scalar::Text("x".into()));
    // Too big for the integer, the float takes it.
    assert_eq!(get::<Scalar>("10**20").unwrap(), Scalar::Float(1e20));
    assert_eq!(
        refusal::<Scalar>("None"),
        "the expression: expected f64 or i64 or bool or str or 'auto', found None"
    );
}

#[test]
fn unions_try_their_variants_in_order() {
    for (value, code) in [
        (Value::Auto, "'auto'"),
        (Value::Int(3), "3"),
        (
            Value::Many(vec![Value::Int(1), Value::Many(vec![])]),
            "[1, []]",
        ),
        (Value::Pair(1, "x".into()), "(1, 'x')"),
        (
            Value::Named {
                name: "n".into(),
                size: 1,
            },
            "{'name': 'n', 'size': 1}",
        ),
        (Value::Square(Square { side: 1.0 }), "{'side': 1.0}"),
    ] {
        assert_eq!(get::<Value>(code).unwrap(), value, "{code}");
        assert_eq!(shown(value), code);
    }
    let error = refusal::<Value>("{'name': 'n', 'size': 300}");
    assert_eq!(
        error,
        "the expression: expected 'auto' or i64 or Vec<Value> or a tuple of 2 or Named or Square, \
         found dict {'name': 'n', 'size': 300} (Named.size: expected u8, found int 300; \
         Square.side: missing; the dict has 'name', 'size')"
    );
    let error = refusal::<Vec<Scalar>>("[1, b'']");
    assert!(
        error.starts_with("the expression[1]: expected f64 or i64"),
        "{error}"
    );
}

#[test]
fn an_exception_ends_the_attempts_of_a_union() {
    let session = session("class Door:\n    @property\n    def name(self): raise OSError('shut')");
    let error = session.eval::<Value>("Door()").unwrap_err();
    assert_eq!(error.to_string(), "OSError: shut");
}

#[derive(Debug, Clone, Copy, PartialEq, Python)]
#[python(class = "conversions_reloaded.Level")]
enum Level {
    #[python(name = "LOW")]
    Low,
}

#[test]
fn a_module_that_was_loaded_anew_has_new_members() {
    let session = session(
        "import sys, types
def load():
    module = types.ModuleType('conversions_reloaded')
    exec('import enum\\nclass Level(enum.Enum):\\n    LOW = 1', module.__dict__)
    sys.modules['conversions_reloaded'] = module
    return module.Level.LOW
old = load()",
    );
    assert_eq!(session.eval::<Level>("old").unwrap(), Level::Low);
    session.run("new = load()").unwrap();
    assert!(session.eval::<Level>("new").is_err());
    ironbridge::__private::convert::module_was_reloaded();
    assert_eq!(session.eval::<Level>("new").unwrap(), Level::Low);
    assert!(session.eval::<Level>("old").is_err());
    session.set("again", Level::Low).unwrap();
    assert!(session.eval::<bool>("again is new").unwrap());
}
