//! Structs that are classes in Python: dataclasses, named tuples, nested classes, private names.

use ironbridge::{ErrorKind, Python, Session};

use crate::help::{session, shown, try_shown};

#[derive(Debug, PartialEq, Clone, Python)]
#[python(class = "conversions_shapes.Point")]
struct ClassPoint {
    x: i64,
    #[python(name = "_y")]
    y: i64,
}

#[derive(Debug, PartialEq, Clone, Python)]
#[python(class = "conversions_shapes.Named")]
struct NamedPoint {
    x: i64,
    tags: Vec<String>,
}

#[derive(Debug, PartialEq, Clone, Python)]
#[python(class = "conversions_shapes.Outer.Inner", skip_none)]
struct Inner {
    x: Option<i64>,
    y: Option<i64>,
}

#[derive(Debug, PartialEq, Clone, Python)]
#[python(class = "conversions_shapes.Pair")]
struct Pair(i64, String);

fn define_shapes() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        Session::new()
            .unwrap()
            .run(
                "import sys, types
module = types.ModuleType('conversions_shapes')
exec('''
from dataclasses import dataclass
from typing import NamedTuple
@dataclass
class Point:
    x: int
    _y: int
    def __post_init__(self):
        if self.x < 0: raise ValueError('x must not be negative')
class Named(NamedTuple):
    x: int
    tags: list
class Outer:
    @dataclass
    class Inner:
        x: int = 10
        y: int = 20
class Pair(NamedTuple):
    n: int
    text: str
class Secret:
    def __init__(self): self.__key = 42
''', module.__dict__)
sys.modules['conversions_shapes'] = module
",
            )
            .unwrap();
    });
}

#[test]
fn a_class_is_called_with_keywords() {
    define_shapes();
    assert_eq!(shown(ClassPoint { x: 1, y: 2 }), "Point(x=1, _y=2)");
    let named = NamedPoint {
        x: 1,
        tags: vec!["a".into()],
    };
    assert_eq!(shown(named.clone()), "Named(x=1, tags=['a'])");
    let inner = Inner {
        x: Some(1),
        y: None,
    };
    assert_eq!(shown(inner), "Outer.Inner(x=1, y=20)");
    assert_eq!(shown(Pair(1, "one".into())), "Pair(n=1, text='one')");
    let session = session("import conversions_shapes as s");
    assert_eq!(
        session.eval::<NamedPoint>("s.Named(1, ['a'])").unwrap(),
        named
    );
    assert_eq!(
        session.eval::<Pair>("s.Pair(1, 'one')").unwrap(),
        Pair(1, "one".into())
    );
    assert_eq!(
        session.eval::<ClassPoint>("s.Point(1, 2)").unwrap(),
        ClassPoint { x: 1, y: 2 }
    );
}

#[test]
fn a_class_that_raises_or_is_absent_is_told() {
    #[derive(Python)]
    #[python(class = "conversions_no_such_module.Thing")]
    struct Absent {
        x: i64,
    }
    define_shapes();
    let error = try_shown(ClassPoint { x: -1, y: 0 }).unwrap_err();
    assert_eq!(error.to_string(), "ValueError: x must not be negative");
    let error = try_shown(Absent { x: 1 }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Import);
    assert!(error.to_string().contains("conversions_no_such_module"));
}

#[derive(Debug, PartialEq, Python)]
struct Secret {
    #[python(name = "_Secret__key")]
    key: i64,
}

#[test]
fn private_names_are_given_as_python_mangles_them() {
    define_shapes();
    let session = session("import conversions_shapes as s");
    assert_eq!(
        session.eval::<Secret>("s.Secret()").unwrap(),
        Secret { key: 42 }
    );
}
