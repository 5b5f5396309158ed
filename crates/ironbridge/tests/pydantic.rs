//! Models of the real pydantic, in a managed environment.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::OnceLock;

use ironbridge::{Environment, ErrorKind, Interpreter, Python, Session, python};

#[derive(Debug, Clone, PartialEq, Python)]
#[python(class = "models.Scene", rename_all = "camelCase")]
struct Scene {
    start_time: f64,
    labels: Vec<Label>,
    #[python(default)]
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Python)]
#[python(class = "models.Label")]
struct Label {
    name: String,
    score: f64,
}

#[derive(Debug, Clone, PartialEq, Python)]
#[python(tag = "kind", rename_all = "lowercase")]
enum Pet {
    #[python(class = "models.Cat")]
    Cat { lives: u8 },
    #[python(class = "models.Dog")]
    Dog { name: String },
}

const MODELS: &str = r#"
import sys, types
models = types.ModuleType("models")
sys.modules["models"] = models
exec('''
from typing import Literal
from pydantic import BaseModel, Field, field_validator

class Label(BaseModel):
    name: str
    score: float = Field(ge=0, le=1)

class Scene(BaseModel):
    startTime: float
    labels: list[Label]
    note: str | None = None

class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int

class Dog(BaseModel):
    kind: Literal["dog"]
    name: str

class Loose(BaseModel):
    model_config = {"extra": "allow"}
    name: str
''', models.__dict__)
"#;

/// The interpreter in an environment with pydantic, and the models.
fn session() -> Session {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let environment = Environment::managed(["pydantic>=2,<3"]).unwrap();
        Interpreter::builder()
            .environment(environment)
            .start()
            .unwrap();
        Session::new().unwrap().run(MODELS).unwrap();
    });
    let session = Session::new().unwrap();
    session.run("from models import *").unwrap();
    session
}

fn scene() -> Scene {
    Scene {
        start_time: 1.5,
        labels: vec![Label {
            name: "cat".to_owned(),
            score: 0.5,
        }],
        note: None,
    }
}

#[test]
fn models_go_there_and_back() {
    let session = session();
    let scene = scene();
    let shown = python! { session -> String => repr('scene) }.unwrap();
    assert_eq!(
        shown,
        "Scene(startTime=1.5, labels=[Label(name='cat', score=0.5)], note=None)"
    );
    let back = python! { session -> Scene => 'scene.model_copy() }.unwrap();
    assert_eq!(back, scene);
    let dumped = python! { session -> Scene => 'scene.model_dump() }.unwrap();
    assert_eq!(dumped, scene);
}

#[test]
fn a_validator_that_refuses_is_told_with_the_path() {
    let session = session();
    let mut scene = scene();
    scene.labels.push(Label {
        name: "dog".to_owned(),
        score: 7.0,
    });
    let error = python! { session => print('scene) }.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    let text = error.to_string();
    assert!(
        text.starts_with("'scene.labels[1]: a Rust `Label` cannot become a Python object: 1 validation error for Label"),
        "{text}"
    );
}

#[test]
fn a_model_of_other_types_is_an_error_with_its_path() {
    let session = session();
    let error = session
        .eval::<Scene>(
            "Scene.model_construct(startTime=1, labels=[Label.model_construct(name=7, score=1)])",
        )
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the expression.labels[0].name: expected str, found int 7"
    );
    let error = session
        .eval::<Scene>("Label(name='x', score=1)")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the expression.startTime: missing; the Label has name, score"
    );
}

#[test]
fn discriminated_unions_are_tagged_enums() {
    let session = session();
    let cat: Pet = session.eval("Cat(kind='cat', lives=9)").unwrap();
    assert_eq!(cat, Pet::Cat { lives: 9 });
    let dog = Pet::Dog {
        name: "Rex".to_owned(),
    };
    let shown = python! { session -> String => repr('dog) }.unwrap();
    assert_eq!(shown, "Dog(kind='dog', name='Rex')");
}
