//! Structs: from dicts and objects, to dicts and classes.

use std::collections::{BTreeMap, HashMap};

use ironbridge::convert::Options;
use ironbridge::pyo3::prelude::*;
use ironbridge::pyo3::types::PyDict;
use ironbridge::{ErrorKind, Python, Result};

use crate::help::{get, refusal, refusal_in, session, shown};

#[derive(Debug, Clone, PartialEq, Python)]
struct VideoAnalysis {
    title: String,
    #[python(default)]
    description: String,
    #[python(default = 3)]
    limit: u32,
    #[python(name = "type")]
    kind: String,
    keywords: Vec<String>,
    note: Option<String>,
}

fn cat() -> VideoAnalysis {
    VideoAnalysis {
        title: "Cat".to_owned(),
        description: String::new(),
        limit: 3,
        kind: "clip".to_owned(),
        keywords: vec!["fur".to_owned()],
        note: None,
    }
}

const CAT: &str = "{'title': 'Cat', 'type': 'clip', 'keywords': ['fur'], 'note': None}";

#[test]
fn a_missing_description_gives_the_default() {
    assert_eq!(get::<VideoAnalysis>(CAT).unwrap(), cat());
}

#[test]
fn a_description_of_the_wrong_type_is_an_error_with_its_path() {
    assert_eq!(
        refusal::<VideoAnalysis>(&format!("{{**{CAT}, 'description': 7}}")),
        "the expression.description: expected str, found int 7"
    );
    assert_eq!(
        refusal::<VideoAnalysis>(&format!("{{**{CAT}, 'description': None}}")),
        "the expression.description: expected str, found None"
    );
    assert_eq!(
        refusal::<VideoAnalysis>(&format!("{{**{CAT}, 'keywords': ['a', 'b', 'c', 7]}}")),
        "the expression.keywords[3]: expected str, found int 7"
    );
}

#[test]
fn a_missing_field_says_what_is_there() {
    assert_eq!(
        refusal::<VideoAnalysis>("{'titel': 'Cat', 1: 2}"),
        "the expression.title: missing; the dict has 'titel', 1"
    );
    assert_eq!(
        refusal::<VideoAnalysis>("{}"),
        "the expression.title: missing; the dict is empty"
    );
    let session = session("from types import SimpleNamespace as N");
    assert_eq!(
        refusal_in::<VideoAnalysis>(&session, "N(title='Cat', keyword=[])"),
        "the expression.type: missing; the SimpleNamespace has title, keyword"
    );
    // `None` and missing are two things without `default`.
    assert_eq!(
        refusal::<VideoAnalysis>("{'title': '', 'type': '', 'keywords': []}"),
        "the expression.note: missing; the dict has 'title', 'type', 'keywords'"
    );
}

#[test]
fn a_struct_becomes_a_dict_by_value_and_by_reference() -> Result<()> {
    let text = "{'title': 'Cat', 'description': '', 'limit': 3, 'type': 'clip', 'keywords': ['fur'], 'note': None}";
    assert_eq!(shown(cat()), text);
    let value = cat();
    let back = ironbridge::attach(|py| -> PyResult<VideoAnalysis> {
        (&value).into_pyobject(py)?.extract()
    })?;
    assert_eq!(back?, value);
    Ok(())
}

#[derive(Debug, PartialEq, Python)]
pub(crate) struct Point {
    pub(crate) x: f64,
    #[python(default)]
    pub(crate) y: f64,
}

#[test]
fn objects_are_read_by_attributes() {
    let session = session(
        "from dataclasses import dataclass
from typing import NamedTuple
import collections, types
@dataclass
class Data:
    x: float
    y: float = 1.0
@dataclass(slots=True, frozen=True)
class Slots:
    x: float
    y: float = 1.0
class Named(NamedTuple):
    x: float
    y: float = 1.0
class Half:
    __slots__ = ('x', 'y')
    def __init__(self): self.x = 2
class Lazy:
    x = 2
    def __getattr__(self, name): raise AttributeError(name)
",
    );
    let read = |code: &str| session.eval::<Point>(code).unwrap();
    for class in ["Data", "Slots", "Named"] {
        assert_eq!(read(&format!("{class}(2.0)")), Point { x: 2.0, y: 1.0 });
    }
    for code in ["Half()", "Lazy()", "types.SimpleNamespace(x=2)"] {
        assert_eq!(read(code), Point { x: 2.0, y: 0.0 }, "{code}");
    }
}

#[test]
fn mappings_are_read_by_keys() {
    let session = session(
        "import collections, types
class Own(dict):
    def __getitem__(self, key): return super().__getitem__(key) + 1
class Attributes(dict):
    x = 9
made_up = collections.defaultdict(float, x=2)
",
    );
    let read = |code: &str| session.eval::<Point>(code).unwrap();
    for code in [
        "collections.OrderedDict(x=2)",
        "made_up",
        "collections.UserDict(x=2)",
        "collections.ChainMap({}, {'x': 2})",
        "types.MappingProxyType({'x': 2})",
        "Attributes(x=2)",
    ] {
        assert_eq!(read(code), Point { x: 2.0, y: 0.0 }, "{code}");
    }
    assert_eq!(read("Own(x=2, y=3)"), Point { x: 3.0, y: 4.0 });
    // Reading makes up nothing.
    assert!(session.eval::<bool>("'y' not in made_up").unwrap());
}

#[derive(Debug, PartialEq, Default, Python)]
struct Settings {
    #[python(default)]
    depth: u8,
}

#[test]
fn plain_values_do_not_pass_for_structs_of_defaults() {
    for code in ["None", "7", "True", "'text'", "[1]", "(1,)", "b'x'", "{1}"] {
        let error = refusal::<Settings>(code);
        assert!(
            error.starts_with("the expression: expected Settings, found "),
            "{error}"
        );
    }
    assert_eq!(get::<Settings>("{}").unwrap(), Settings { depth: 0 });
    assert_eq!(
        refusal::<Settings>("7"),
        "the expression: expected Settings, found int 7"
    );
}

#[derive(Debug, PartialEq, Python)]
#[python(dict)]
struct OnlyDict {
    x: i64,
}

#[derive(Debug, PartialEq, Python)]
#[python(attributes)]
struct OnlyAttributes {
    x: i64,
}

#[test]
fn dict_and_attributes_are_strict_where_asked() {
    let session =
        session("class D(dict): x = 1\nobject_ = D(x=2)\nplain = type('P', (), {'x': 1})()");
    assert_eq!(session.eval::<OnlyDict>("object_").unwrap().x, 2);
    assert_eq!(session.eval::<OnlyAttributes>("object_").unwrap().x, 1);
    assert!(
        refusal_in::<OnlyDict>(&session, "plain")
            .starts_with("the expression: expected a dict, found P <")
    );
    assert!(
        refusal_in::<OnlyAttributes>(&session, "{'x': 2}")
            .starts_with("the expression.x: missing; the dict")
    );
}

#[test]
fn what_a_property_raises_comes_through_as_itself() {
    let session = session(
        "class Door:
    @property
    def depth(self): raise PermissionError('it is shut')
class Hidden:
    @property
    def depth(self): return self.absent
class Both(Hidden):
    def __getattr__(self, name): raise AttributeError('no ' + name)
class Index:
    def __index__(self): raise ZeroDivisionError('in __index__')
class Map(dict):
    def __getitem__(self, key): raise LookupError('in __getitem__')
",
    );
    for (code, text) in [
        ("Door()", "PermissionError: it is shut"),
        ("[{}, Door()]", "PermissionError: it is shut"),
        (
            "Hidden()",
            "AttributeError: 'Hidden' object has no attribute 'absent'",
        ),
        ("Both()", "AttributeError: no "),
        ("{'depth': Index()}", "ZeroDivisionError: in __index__"),
        ("Map(depth=1)", "LookupError: in __getitem__"),
    ] {
        let error = if code.starts_with('[') {
            session.eval::<Vec<Settings>>(code).map(drop)
        } else {
            session.eval::<Settings>(code).map(drop)
        };
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Exception, "{code}: {error:#}");
        assert!(error.to_string().starts_with(text), "{code}: {error}");
        assert!(format!("{error:#}").contains("Traceback"), "{code}");
    }
}

#[derive(Debug, PartialEq, Python)]
#[python(rename_all = "camelCase", deny_unknown)]
struct Renamed {
    max_tokens: i64,
    #[python(name = "content-type")]
    content_type: String,
    r#type: String,
    #[python(skip)]
    local: i64,
    #[python(skip, default = 7)]
    seven: i64,
}

#[test]
fn names_follow_the_rule_and_unknown_keys_are_refused() {
    let code = "{'maxTokens': 1, 'content-type': 't', 'type': 'u'}";
    let value = get::<Renamed>(code).unwrap();
    assert_eq!((value.local, value.seven), (0, 7));
    assert_eq!(shown(value), code);
    assert_eq!(
        refusal::<Renamed>("{'maxTokens': 1, 'content-type': 5, 'type': 'u'}"),
        "the expression['content-type']: expected str, found int 5"
    );
    assert_eq!(
        refusal::<Renamed>("{'maxTokens': 1, 'max_tokens': 1}"),
        "the expression: unknown key 'max_tokens'; `Renamed` has no such field"
    );
    assert_eq!(
        refusal::<Vec<Renamed>>("[{3: 1}]"),
        "the expression[0]: unknown key 3; `Renamed` has no such field"
    );
}

#[derive(Debug, PartialEq, Default, Python)]
#[python(skip_none)]
struct Partial {
    #[python(default)]
    a: Option<i64>,
    #[python(default)]
    b: Option<String>,
}

#[test]
fn none_is_left_out_where_asked() {
    assert_eq!(
        shown(Partial {
            a: Some(1),
            b: None
        }),
        "{'a': 1}"
    );
    assert_eq!(get::<Partial>("{'b': None}").unwrap(), Partial::default());
}

#[derive(Debug, PartialEq, Clone, Python)]
struct Page {
    number: u32,
    #[python(flatten)]
    size: Size,
    #[python(flatten)]
    extra: BTreeMap<String, i64>,
}

#[derive(Debug, PartialEq, Clone, Python)]
struct Size {
    width: u32,
    height: u32,
}

#[derive(Debug, PartialEq, Python)]
#[python(deny_unknown)]
struct Strict {
    number: u32,
    #[python(flatten)]
    size: Size,
}

#[test]
fn flattened_fields_lie_beside_the_others() {
    let code = "{'number': 1, 'width': 2, 'height': 3, 'x': 4}";
    let page = get::<Page>(code).unwrap();
    assert_eq!(page.extra, BTreeMap::from([("x".to_owned(), 4)]));
    assert_eq!(shown(page.clone()), code);
    let session = session("from types import SimpleNamespace as N");
    assert_eq!(
        session
            .eval::<Page>("N(number=1, width=2, height=3, x=4)")
            .unwrap(),
        page
    );
    assert_eq!(
        refusal::<Page>("{'number': 1, 'width': 2, 'height': 'x'}"),
        "the expression.height: expected u32, found str 'x'"
    );
    assert_eq!(
        refusal::<Page>("{'number': 1, 'width': 2, 'height': 3, 'x': 'y'}"),
        "the expression.x: expected i64, found str 'y'"
    );
    assert!(get::<Strict>("{'number': 1, 'width': 2, 'height': 3}").is_ok());
    assert!(
        refusal::<Strict>("{'number': 1, 'width': 2, 'height': 3, 'x': 1}")
            .contains("unknown key 'x'")
    );
}

#[derive(Python)]
struct Borrowed<'a> {
    text: &'a str,
    items: &'a [i64],
    more: Option<&'a str>,
}

#[test]
fn a_struct_that_borrows_goes_to_python() {
    let borrowed = Borrowed {
        text: "a",
        items: &[1, 2],
        more: None,
    };
    assert_eq!(
        shown(borrowed),
        "{'text': 'a', 'items': [1, 2], 'more': None}"
    );
}

#[derive(Default, Python)]
#[python(options)]
struct DumpsOptions<'a> {
    indent: Option<u32>,
    sort_keys: Option<bool>,
    separators: Option<(&'a str, &'a str)>,
}

#[test]
fn options_leave_out_what_is_none() -> Result<()> {
    assert_eq!(
        <DumpsOptions<'_> as Options>::NAMES,
        ["indent", "sort_keys", "separators"]
    );
    let text = ironbridge::attach(|py| -> PyResult<String> {
        let options = DumpsOptions {
            separators: Some((",", ":")),
            ..Default::default()
        };
        let keywords = PyDict::new(py);
        (&options).fill(&keywords)?;
        options.fill(&keywords)?;
        Ok(keywords.to_string())
    })?;
    assert_eq!(text?, "{'separators': (',', ':')}");
    Ok(())
}

#[derive(Debug, PartialEq, Eq, Hash, Clone, Python)]
struct UserId(i64);

#[derive(Debug, PartialEq, Clone, Python)]
struct Span(u32, u32);

#[test]
fn newtypes_are_what_they_hold_and_tuples_are_tuples() {
    assert_eq!(get::<UserId>("7").unwrap(), UserId(7));
    assert_eq!(shown(UserId(7)), "7");
    assert_eq!(shown(vec![Span(1, 2)]), "[(1, 2)]");
    assert_eq!(
        get::<HashMap<UserId, Span>>("{1: (2, 3)}").unwrap()[&UserId(1)],
        Span(2, 3)
    );
    assert_eq!(
        refusal::<UserId>("'x'"),
        "the expression: expected i64, found str 'x'"
    );
    assert_eq!(
        refusal::<Vec<UserId>>("[1, 'x']"),
        "the expression[1]: expected i64, found str 'x'"
    );
    assert_eq!(
        refusal::<Span>("(1, 2, 3)"),
        "the expression: expected a tuple of 2, found tuple (1, 2, 3)"
    );
    assert_eq!(
        refusal::<Vec<Span>>("[(1, 2), (1, -2)]"),
        "the expression[1][1]: expected u32, found int -2"
    );
}

#[derive(Debug, PartialEq, Python)]
#[python(from_only)]
struct Incoming {
    x: i64,
}

#[derive(Debug, PartialEq, Python)]
#[python(into_only)]
struct Outgoing {
    x: i64,
}

#[test]
fn one_direction_may_do() {
    assert_eq!(get::<Incoming>("{'x': 1}").unwrap().x, 1);
    assert_eq!(shown(Outgoing { x: 1 }), "{'x': 1}");
}
