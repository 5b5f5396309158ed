//! What is written for each feature of the language: a fixture and its snapshot beside it.

use std::path::{Path, PathBuf};
use std::process::Command;

use ironbridge_bindgen::Bindings;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn generate(name: &str) -> Bindings {
    Bindings::of(fixtures().join(name))
        .generate()
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The code, and the summary as a comment under it.
fn shown(bindings: &Bindings) -> String {
    let summary = bindings.summary.to_string();
    let summary: Vec<String> = summary.lines().map(|line| format!("// {line}")).collect();
    format!("{}\n{}\n", bindings.code, summary.join("\n"))
}

macro_rules! snapshot {
    ($($test:ident: $file:literal;)*) => {
        /// Every fixture has a test.
        const FILES: &[&str] = &[$($file),*];
        $(
            #[test]
            fn $test() {
                let mut settings = insta::Settings::clone_current();
                settings.set_snapshot_path("fixtures");
                settings.set_prepend_module_to_snapshot(false);
                settings.set_omit_expression(true);
                settings.bind(|| insta::assert_snapshot!(stringify!($test), shown(&generate($file))));
            }
        )*
    };
}

snapshot! {
    functions: "functions.py";
    containers: "containers.py";
    unions: "unions.py";
    data: "data.py";
    enums: "enums.py";
    classes: "classes.py";
    generics: "generics.py";
    arrays: "arrays.py";
    overloads: "overloads.py";
    iterators: "iterators.py";
    decorators: "decorators.py";
    conditions: "conditions.py";
    constants: "constants.py";
    docs: "docs.py";
    names: "names.py";
    package: "package";
    stubbed: "stubbed.py";
}

#[test]
fn every_fixture_has_a_snapshot() {
    for entry in std::fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "py") {
            let name = path.file_name().unwrap().to_string_lossy();
            assert!(FILES.contains(&&*name), "{name} has no test");
        }
    }
}

#[test]
fn rustfmt_has_nothing_to_change() {
    let directory = tempfile::tempdir().unwrap();
    for file in FILES {
        let path = directory.path().join("bindings.rs");
        std::fs::write(&path, generate(file).code).unwrap();
        let output = Command::new("rustfmt")
            .args(["--edition", "2024", "--check"])
            .arg(&path)
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{file}:\n{shown}{errors}");
    }
}

#[test]
fn the_same_module_gives_the_same_bytes() {
    for file in FILES {
        assert_eq!(generate(file).code, generate(file).code, "{file}");
    }
}

#[test]
fn only_writes_what_is_reached() {
    let bindings = Bindings::of(fixtures().join("data.py"))
        .only(["Point"])
        .generate()
        .unwrap();
    assert!(bindings.code.contains("pub struct Point {"));
    assert!(!bindings.code.contains("VideoAnalysis"));
    assert!(bindings.code.lines().count() < 25, "{}", bindings.code);
}

#[test]
fn a_name_that_is_not_there_is_an_error_that_lists_what_is() {
    let error = Bindings::of(fixtures().join("generics.py"))
        .only(["frist"])
        .generate()
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("`generics` has no public name `frist`; it has "),
        "{text}"
    );
    assert!(text.contains("first"), "{text}");
}

#[test]
fn a_build_script_gets_code_to_include_and_the_files_to_watch() {
    let bindings = generate("package");
    assert!(!bindings.for_include().contains("#!["));
    let lines = bindings.cargo_lines();
    assert!(
        lines.iter().any(|line| line.ends_with("_impl.py")),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .all(|line| line.starts_with("cargo::rerun-if-changed="))
    );
}

#[test]
fn a_module_is_found_by_its_name_and_stubs_come_first() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("tool/__init__.py", "def run(a): ...");
    write("tool/py.typed", "");
    write("tool/sub.py", "def f(a: int) -> int: ...");
    write("tool-stubs/__init__.pyi", "def run(a: int) -> str: ...");
    let generate = |name: &str| Bindings::of_module(name, [directory.path()]).generate();
    let code = generate("tool").unwrap().code;
    assert!(
        code.contains("fn run(&self, a: i64) -> Result<String>;"),
        "{code}"
    );
    let code = generate("tool.sub").unwrap().code;
    assert!(
        code.contains("#[ironbridge::module(\"tool.sub\")]\npub trait Sub {"),
        "{code}"
    );
    let error = generate("tool.missing").unwrap_err().to_string();
    assert!(
        error.starts_with("no Python module `tool.missing`; looked in:"),
        "{error}"
    );
}

#[test]
fn a_syntax_error_says_where() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("broken.py");
    std::fs::write(&path, "def f(:\n    pass\n").unwrap();
    let error = Bindings::of(&path).generate().unwrap_err().to_string();
    assert!(error.contains("broken.py:1:7: "), "{error}");
}
