//! Types that hold themselves, and types that are generic.

use std::collections::HashMap;

use ironbridge::Python;

use crate::help::{get, refusal, session, shown};
use crate::structs::Point;

#[derive(Debug, PartialEq, Clone, Python)]
struct Tree {
    value: i64,
    #[python(default)]
    left: Option<Box<Tree>>,
    #[python(default)]
    children: Vec<Tree>,
    #[python(default)]
    by_name: HashMap<String, Box<Tree>>,
}

#[test]
fn types_may_hold_themselves() {
    let code = "{'value': 1, 'left': {'value': 2}, 'children': [{'value': 3}], 'by_name': {'a': {'value': 4}}}";
    let tree = get::<Tree>(code).unwrap();
    assert_eq!(tree.left.as_ref().unwrap().value, 2);
    assert_eq!(get::<Tree>(&shown(tree.clone())).unwrap(), tree);
    assert_eq!(
        refusal::<Tree>("{'value': 1, 'children': [{'value': 3, 'left': {'value': 'x'}}]}"),
        "the expression.children[0].left.value: expected i64, found str 'x'"
    );
    assert_eq!(
        refusal::<Tree>("{'value': 1, 'by_name': {'a': {'value': None}}}"),
        "the expression.by_name['a'].value: expected i64, found None"
    );
}

#[test]
fn values_in_themselves_are_an_error_not_a_crash() {
    let session = session("own = {'value': 1}\nown['left'] = own");
    let convert = move || {
        let error = session.eval::<Tree>("own").unwrap_err();
        assert_eq!(
            error.exception().unwrap().type_name(),
            "RecursionError",
            "{error:#}"
        );
    };
    // On a thread of any size.
    for stack in [512 << 10, 2 << 20, 16 << 20] {
        let thread = std::thread::Builder::new().stack_size(stack);
        thread.spawn(convert.clone()).unwrap().join().unwrap();
    }
}

#[test]
fn levels_are_counted_back() {
    let session =
        session("deep = {'value': 1}\nfor _ in range(50): deep = {'value': 1, 'children': [deep]}");
    session
        .run("bad = {'value': 1, 'children': [{'value': 1, 'children': [{}]}]}")
        .unwrap();
    for _ in 0..200 {
        assert!(session.eval::<Tree>("bad").is_err());
        assert!(session.eval::<Tree>("deep").is_ok());
    }
}

#[derive(Debug, PartialEq, Python)]
struct Batch<T> {
    items: Vec<T>,
    next: Option<T>,
}

#[test]
fn generic_structs_convert() {
    let batch = get::<Batch<Point>>("{'items': [{'x': 1}], 'next': None}").unwrap();
    assert_eq!(batch.items, [Point { x: 1.0, y: 0.0 }]);
    assert_eq!(
        shown(batch),
        "{'items': [{'x': 1.0, 'y': 0.0}], 'next': None}"
    );
    assert_eq!(
        refusal::<Batch<Point>>("{'items': [{'x': 1}, {'x': ''}], 'next': None}"),
        "the expression.items[1].x: expected f64, found str ''"
    );
}
