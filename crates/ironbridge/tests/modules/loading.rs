//! The places that modules are loaded from.

use std::fs;

use ironbridge::{ErrorKind, Result, Session, TypedModule};

use crate::PYTHON;

#[ironbridge::module("pack.inner.leaf")]
trait Leaf {
    fn deep(&self) -> Result<String>;
}

#[ironbridge::module("pack.inner")]
trait Inner {
    #[python(name = "where")]
    fn place(&self) -> Result<String>;
}

#[ironbridge::module("carried", source = "tests/modules/python/pack/inner/leaf.py")]
trait Carried {
    fn deep(&self) -> Result<String>;
}

#[ironbridge::module("json")]
trait Json {
    fn loads(&self, s: &str) -> Result<Vec<i64>>;
    /// A name that handles have too.
    fn load(&self, fp: &str) -> Result<Vec<i64>>;
}

#[ironbridge::module("greeting")]
trait Greeting {
    fn greet(&self) -> Result<String>;
}

#[test]
fn submodules_are_loaded_by_their_dotted_names() -> Result<()> {
    let leaf = Leaf::loader().module_path(PYTHON).load()?;
    assert_eq!(leaf.deep()?, "pack.inner.leaf");
    let inner = Inner::loader().module_path(PYTHON).load()?;
    assert_eq!(inner.place()?, "pack.inner");
    // The same declaration for another module.
    let other = Leaf::loader()
        .name("carried")
        .source("def deep(): return 'other'");
    let other = other.name("another_leaf").load()?;
    assert_eq!(other.deep()?, "other");
    Ok(())
}

#[test]
fn text_in_the_program_is_a_module() -> Result<()> {
    let carried = Carried::load()?;
    assert_eq!(carried.deep()?, "carried");
    // Others can import it.
    let session = Session::new()?;
    session.run("import carried, inspect")?;
    let source: String = session.eval("inspect.getsource(carried.deep)")?;
    assert!(source.starts_with("def deep()"), "{source}");
    // The same text again is the same module; another one is not taken for it.
    assert_eq!(Carried::load()?.deep()?, "carried");
    let error = Carried::loader().source("x = 1").load().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("there is a module 'carried' already"),
        "{error}"
    );
    Ok(())
}

#[test]
fn text_that_fails_leaves_no_module() -> Result<()> {
    let broken = "def greet(): return 1\nraise ValueError('not today')\n";
    let error = Greeting::loader()
        .name("broken_greeting")
        .source(broken)
        .load()
        .unwrap_err();
    let story = format!("{error:#}");
    assert!(story.contains("raise ValueError('not today')"), "{story}");
    assert!(story.contains("tests/modules/loading.rs"), "{story}");
    let there: bool = Session::new()?.eval("'broken_greeting' in __import__('sys').modules")?;
    assert!(!there);
    Ok(())
}

#[test]
fn a_function_may_be_called_load() -> Result<()> {
    let json = <Json as TypedModule>::load()?;
    assert_eq!(json.loads("[1, 2]")?, [1, 2]);
    assert!(json.load("x").is_err());
    Ok(())
}

#[test]
fn a_directory_with_spaces_and_letters_is_on_the_path_once() -> Result<()> {
    let directory = tempfile::tempdir().expect("a directory");
    let models = directory.path().join("größe und 模型");
    fs::create_dir(&models).expect("a directory");
    fs::write(models.join("greeting.py"), "def greet(): return 'hej'\n").expect("a file");
    for _ in 0..3 {
        let loaded = Greeting::loader().module_path(&models).load()?;
        assert_eq!(loaded.greet()?, "hej");
    }
    let session = Session::new()?;
    let times: usize = session.eval("sum('模型' in entry for entry in __import__('sys').path)")?;
    assert_eq!(times, 1);
    // A module of the same name elsewhere is not the one that was asked for.
    let elsewhere = directory.path().join("elsewhere");
    fs::create_dir(&elsewhere).expect("a directory");
    fs::write(elsewhere.join("greeting.py"), "def greet(): return 'no'\n").expect("a file");
    let error = Greeting::loader()
        .module_path(&elsewhere)
        .load()
        .unwrap_err();
    assert!(error.to_string().contains("is hidden by"), "{error}");
    Ok(())
}

#[test]
fn what_is_not_there_is_an_import_error() {
    let error = Greeting::loader()
        .name("no_such_greeting")
        .load()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Import);
    assert!(error.to_string().contains("no_such_greeting"), "{error}");
    let error = Greeting::loader()
        .module_path("/no/such/directory")
        .load()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Import);
    assert!(error.to_string().contains("/no/such/directory"), "{error}");
}
