//! `Serde<T>`: types of serde, and errors that name the path.

use std::collections::{BTreeMap, HashSet};

use ironbridge::convert::Serde;
use ironbridge::{ErrorKind, Python, python};
use serde::{Deserialize, Serialize};

use crate::help::{get, refusal, refusal_in, session, shown, try_shown};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    name: String,
    #[serde(default)]
    retries: u8,
    steps: Vec<Step>,
    limits: Option<BTreeMap<String, f64>>,
    pair: (i64, char),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Step {
    Wait,
    Run(String),
    Copy(String, String),
    Call { name: String, times: u32 },
}

fn job() -> Job {
    Job {
        name: "nightly".into(),
        retries: 2,
        steps: vec![
            Step::Wait,
            Step::Run("ls".into()),
            Step::Copy("a".into(), "b".into()),
            Step::Call {
                name: "f".into(),
                times: 3,
            },
        ],
        limits: Some(BTreeMap::from([("cpu".into(), 0.5)])),
        pair: (1, 'x'),
    }
}

const JOB: &str = "{'name': 'nightly', 'retries': 2, 'steps': ['Wait', {'Run': 'ls'}, {'Copy': ('a', 'b')}, \
                   {'Call': {'name': 'f', 'times': 3}}], 'limits': {'cpu': 0.5}, 'pair': (1, 'x')}";

#[test]
fn every_shape_goes_there_and_back() {
    assert_eq!(shown(Serde(job())), JOB);
    assert_eq!(get::<Serde<Job>>(JOB).unwrap().0, job());
    assert_eq!(
        shown(Serde(vec![Some(1_u128 << 100), None])),
        "[1267650600228229401496703205376, None]"
    );
    assert_eq!(get::<Serde<u128>>("2 ** 127").unwrap().0, 1 << 127);
    assert_eq!(get::<Serde<HashSet<i64>>>("{1, 2}").unwrap().len(), 2);
    assert!(get::<Serde<BTreeMap<i64, bool>>>("{1: True}").unwrap()[&1]);
    assert_eq!(get::<Serde<f64>>("3").unwrap().0, 3.0);
    let json = get::<Serde<serde_json::Value>>("{'a': [1, None, 'x', 0.5, True]}").unwrap();
    assert_eq!(json.to_string(), r#"{"a":[1,null,"x",0.5,true]}"#);
}

#[test]
fn objects_give_structs_their_attributes() {
    let session = session(
        "from dataclasses import dataclass
from typing import NamedTuple
@dataclass
class Data:
    name: str
    times: int
@dataclass(slots=True)
class Slots:
    name: str
    times: int
class Named(NamedTuple):
    name: str
    times: int
class Door:
    times = 1
    @property
    def name(self): raise OSError('shut')
",
    );
    #[derive(Debug, Deserialize)]
    struct Call {
        name: String,
        times: u32,
    }
    for class in ["Data", "Slots", "Named"] {
        let call = session
            .eval::<Serde<Call>>(&format!("{class}('f', 2)"))
            .unwrap();
        assert_eq!((&*call.name, call.times), ("f", 2));
        let error = refusal_in::<Serde<Call>>(&session, &format!("{class}('f', -2)"));
        assert_eq!(error, "the expression.times: expected u32, found int -2");
    }
    let error = session.eval::<Serde<Call>>("Door()").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exception);
    assert_eq!(error.to_string(), "OSError: shut");
}

#[test]
fn refusals_name_the_path() {
    let with = |part: &str| format!("{{**{JOB}, {part}}}");
    for (part, text) in [
        ("'retries': 300", ".retries: expected u8, found int 300"),
        ("'name': 7", ".name: expected str, found int 7"),
        (
            "'steps': ['Wait', 'Sleep']",
            ".steps[1]: expected 'Wait' or 'Run' or 'Copy' or 'Call', found str 'Sleep'",
        ),
        (
            "'steps': [{'Call': {'name': 'f', 'times': 'x'}}]",
            ".steps[0]['Call'].times: expected u32, found str 'x'",
        ),
        (
            "'steps': 'Wait'",
            ".steps: expected a list, found str 'Wait'",
        ),
        (
            "'limits': {'cpu': 'x'}",
            ".limits.cpu: expected f64, found str 'x'",
        ),
        (
            "'pair': (1, 'x', 2)",
            ".pair: expected 2 items, found tuple (1, 'x', 2)",
        ),
        (
            "'pair': (1,)",
            ".pair: expected a tuple of size 2, found tuple (1,)",
        ),
        (
            "'extra': 1",
            ".extra: unknown key 'extra'; known are 'name', 'retries', 'steps', 'limits', 'pair'",
        ),
    ] {
        let error = refusal::<Serde<Job>>(&with(part));
        let error = error.strip_prefix("the expression").unwrap();
        assert_eq!(
            error.trim_start_matches(" key 'extra'"),
            text.trim_start_matches(".extra"),
            "{part}"
        );
    }
    assert_eq!(
        refusal::<Vec<Serde<Job>>>("[{'name': 'x'}]"),
        "the expression[0].steps: missing; the dict has 'name'"
    );
}

#[derive(Debug, Python)]
struct Holder {
    jobs: Vec<Serde<BTreeMap<String, Vec<u8>>>>,
}

#[test]
fn it_stands_in_derived_structs() {
    assert_eq!(
        refusal::<Holder>("{'jobs': [{}, {'a': [1, 2.5]}]}"),
        "the expression.jobs[1].a[1]: expected u8, found float 2.5"
    );
}

#[test]
fn what_python_cannot_hold_is_told_with_its_place() {
    let value = Serde(BTreeMap::from([(vec![1], 2)]));
    let error = python! { print('value) }.unwrap_err();
    assert!(
        error.to_string().contains("unhashable type: 'list'"),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .starts_with("'value[[1]]: a Rust `BTreeMap<Vec<i32>, i32>`"),
        "{error}"
    );
    assert!(try_shown(value).is_err());
}

#[test]
fn values_in_themselves_are_an_error() {
    let session = session("own = []\nown.append(own)");
    let error = session.eval::<Serde<serde_json::Value>>("own").unwrap_err();
    assert_eq!(error.exception().unwrap().type_name(), "RecursionError");
}
