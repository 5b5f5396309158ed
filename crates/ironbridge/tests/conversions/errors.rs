//! Errors name the path, in all nestings, both ways.

use std::collections::{BTreeMap, HashMap};

use ironbridge::pyo3;
use ironbridge::pyo3::conversion::FromPyObjectOwned;
use ironbridge::pyo3::exceptions::{PyTypeError, PyValueError};
use ironbridge::pyo3::prelude::*;
use ironbridge::{Python, Result, python};

use crate::help::{refusal, session};

#[derive(Debug, Clone, PartialEq, Python)]
struct Item {
    n: u8,
}

#[derive(Debug, Python)]
struct Outer {
    one: Item,
    #[python(default)]
    many: Vec<Item>,
    #[python(default)]
    named: HashMap<String, Vec<Item>>,
    #[python(default)]
    pair: Option<(i64, Item)>,
}

#[test]
fn paths_lead_through_every_container() {
    let bad = "{'n': 300}";
    let good = "{'n': 3}";
    let end = ".n: expected u8, found int 300";
    fn check<T: for<'py> FromPyObjectOwned<'py> + std::fmt::Debug>(code: &str, path: &str) {
        assert_eq!(refusal::<T>(code), format!("the expression{path}"));
    }
    check::<Item>(bad, end);
    check::<Option<Item>>(bad, end);
    check::<Vec<Item>>(&format!("[{good}, {bad}]"), &format!("[1]{end}"));
    check::<Vec<Option<Item>>>(&format!("[None, {bad}]"), &format!("[1]{end}"));
    check::<Vec<Vec<Item>>>(&format!("[[], [{good}, {bad}]]"), &format!("[1][1]{end}"));
    check::<HashMap<String, Item>>(&format!("{{'a': {bad}}}"), &format!("['a']{end}"));
    check::<BTreeMap<i64, Vec<Item>>>(&format!("{{4: [{bad}]}}"), &format!("[4][0]{end}"));
    check::<(i64, Item)>(&format!("(1, {bad})"), &format!("[1]{end}"));
    check::<(String, Vec<(i64, Item)>)>(&format!("('', [(1, {bad})])"), &format!("[1][0][1]{end}"));
    check::<[Item; 2]>(&format!("[{good}, {bad}]"), &format!("[1]{end}"));
    check::<Outer>(&format!("{{'one': {bad}}}"), &format!(".one{end}"));
    check::<Outer>(
        &format!("{{'one': {good}, 'many': [{good}, {bad}]}}"),
        &format!(".many[1]{end}"),
    );
    check::<Outer>(
        &format!("{{'one': {good}, 'named': {{'k': [{bad}]}}}}"),
        &format!(".named['k'][0]{end}"),
    );
    check::<Outer>(
        &format!("{{'one': {good}, 'pair': (1, {bad})}}"),
        &format!(".pair[1]{end}"),
    );
    check::<Vec<Outer>>(&format!("[{{'one': {bad}}}]"), &format!("[0].one{end}"));
    check::<Vec<Item>>("{}", ": expected Vec<Item>, found dict {}");
    check::<Outer>(
        &format!("{{'one': {good}, 'many': 5}}"),
        ".many: expected Vec<Item>, found int 5",
    );
}

#[test]
fn the_object_itself_is_found_where_equals_lie_before_it() {
    let session = session("bad = [{'n': 1}, {'n': 1}, {'n': ''}, {'n': ''}]");
    let error = session.get::<Vec<Item>>("bad").unwrap_err();
    assert_eq!(error.to_string(), "bad[2].n: expected u8, found str ''");
}

#[test]
fn to_python_the_exception_says_the_same() -> Result<()> {
    ironbridge::attach(|py| {
        let object = py.eval(c"{'one': {'n': 1}, 'many': [{'n': 300}]}", None, None)?;
        let error = object.extract::<Outer>().unwrap_err();
        assert!(error.is_instance_of::<PyTypeError>(py));
        assert_eq!(
            error.value(py).to_string(),
            "Outer.many[0].n: expected u8, found int 300"
        );
        PyResult::Ok(())
    })??;
    Ok(())
}

#[test]
fn a_result_of_a_function_is_named_as_one() {
    let session = session("def analyze(): return {'one': {'n': 1}, 'many': [{}]}");
    let error = session.call::<Outer, _>("analyze", ()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with(".many[0].n: missing; the dict is empty"),
        "{error}"
    );
}

#[derive(Debug)]
struct Refuses;

impl<'py> IntoPyObject<'py> for &Refuses {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;
    fn into_pyobject(self, _: pyo3::Python<'py>) -> PyResult<Self::Output> {
        Err(PyValueError::new_err("it is shut"))
    }
}

#[derive(Debug, Python)]
#[python(into_only)]
struct Door {
    #[python(name = "lock")]
    lock: Option<Refuses>,
}

#[derive(Debug, Python)]
#[python(into_only)]
struct House {
    doors: Vec<Door>,
    by_name: HashMap<String, Box<Door>>,
    pair: (i64, Door),
    tuple: Row,
}

#[derive(Debug, Python)]
#[python(into_only)]
struct Row(i64, Vec<Door>);

fn open() -> Door {
    Door { lock: None }
}

fn shut() -> Door {
    Door {
        lock: Some(Refuses),
    }
}

fn house() -> House {
    House {
        doors: vec![open()],
        by_name: HashMap::new(),
        pair: (1, open()),
        tuple: Row(1, vec![]),
    }
}

#[test]
fn on_the_way_into_python_the_path_is_named_too() {
    let end = "a Rust `Refuses` cannot become a Python object: it is shut";
    let check = |house: House, path: &str| {
        let error = python! { print('house) }.unwrap_err();
        assert_eq!(error.to_string(), format!("'house{path}: {end}"));
    };
    check(
        House {
            doors: vec![open(), shut()],
            ..house()
        },
        ".doors[1].lock",
    );
    check(
        House {
            by_name: HashMap::from([("front".to_owned(), Box::new(shut()))]),
            ..house()
        },
        ".by_name['front'].lock",
    );
    check(
        House {
            tuple: Row(1, vec![open(), shut()]),
            ..house()
        },
        ".tuple[1][1].lock",
    );
    check(
        House {
            pair: (1, shut()),
            ..house()
        },
        ".pair.lock",
    );
}

#[test]
fn into_python_the_exception_has_its_cause() -> Result<()> {
    ironbridge::attach(|py| {
        let house = House {
            doors: vec![shut()],
            ..house()
        };
        let error = house.into_pyobject(py).unwrap_err();
        assert_eq!(
            error.value(py).to_string(),
            "House.doors[0].lock: a Rust `Refuses` cannot become a Python object: it is shut"
        );
    })
}

#[test]
fn captured_containers_name_the_element() {
    let end = "a Rust `Refuses` cannot become a Python object: it is shut";
    let doors = vec![open(), shut()];
    let error = python! { print('doors) }.unwrap_err();
    assert_eq!(error.to_string(), format!("'doors[1].lock: {end}"));
    let slice = &doors[..];
    let error = python! { print('slice) }.unwrap_err();
    assert_eq!(error.to_string(), format!("'slice[1].lock: {end}"));
    let named = HashMap::from([("front", shut())]);
    let error = python! { print('named) }.unwrap_err();
    assert_eq!(error.to_string(), format!("'named['front'].lock: {end}"));
}

#[derive(Debug, Python)]
struct Items(Vec<Item>);

#[derive(Debug, Python)]
struct Pages(Vec<Items>, Option<Items>);

#[test]
fn paths_lead_through_newtypes() {
    assert_eq!(
        refusal::<Items>("[{'n': 1}, {'n': 300}]"),
        "the expression[1].n: expected u8, found int 300"
    );
    assert_eq!(
        refusal::<Vec<Items>>("[[], [{'n': 1}, {'n': 300}]]"),
        "the expression[1][1].n: expected u8, found int 300"
    );
    assert_eq!(
        refusal::<Pages>("([[{'n': 1}, {}]], None)"),
        "the expression[0][0][1].n: missing; the dict is empty"
    );
    assert_eq!(
        refusal::<Pages>("([], 3)"),
        "the expression[1]: expected Vec<Item>, found int 3"
    );
}

#[cfg(feature = "uuid")]
#[test]
fn types_of_other_crates_are_told_apart() {
    let code = "[__import__('uuid').uuid4(), 'no uuid']";
    assert_eq!(
        refusal::<Vec<uuid::Uuid>>(code),
        "the expression[1]: expected Uuid, found str 'no uuid'"
    );
}

#[test]
fn keys_that_misbehave_are_told() {
    let session = session(
        "class Key:
    def __hash__(self): return hash('n')
    def __eq__(self, other): raise ZeroDivisionError('in __eq__')
class Clears:
    def __hash__(self): return hash('n')
    def __eq__(self, other):
        cleared.clear()
        return False
cleared = {Clears(): 1, 'm': 2}",
    );
    let error = session.eval::<Item>("{Key(): 1}").unwrap_err();
    assert_eq!(error.to_string(), "ZeroDivisionError: in __eq__");
    let error = session.eval::<Item>("cleared").unwrap_err();
    assert!(
        error.to_string().starts_with("the expression.n: missing"),
        "{error}"
    );
    // Nothing is left raised.
    assert_eq!(session.eval::<Item>("{'n': 3}").unwrap(), Item { n: 3 });
}
