//! The command, run as a person runs it.

use std::path::Path;
use std::process::{Command, Output};

const SHOP: &str = "def price(item: str, *, gross: bool = True) -> float:\n    \"\"\"The price.\"\"\"\n\ndef later(x): ...\n";

fn run(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cargo-ironbridge"))
        .args(["ironbridge", "bindgen"])
        .args(arguments)
        .current_dir(directory)
        .env_remove("VIRTUAL_ENV")
        .env_remove("CONDA_PREFIX")
        .output()
        .expect("the command runs")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("shop.py"), SHOP).expect("it can be written");
    directory
}

#[test]
fn the_trait_goes_to_stdout_and_the_summary_to_stderr() {
    let directory = directory();
    let output = run(directory.path(), &["shop.py"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(out(&output).contains("pub trait Shop {"));
    insta::assert_snapshot!(err(&output), @r"
    1 typed, 1 loose, 0 skipped
      1 x `x`: no type hint; the result: no type hint
    ");
    let output = run(directory.path(), &["shop.py", "-v"]);
    insta::assert_snapshot!(err(&output), @r"
    1 typed, 1 loose, 0 skipped
      loose: shop:4: later: `x`: no type hint; the result: no type hint
    ");
    assert_eq!(err(&run(directory.path(), &["shop.py", "-q"])), "");
}

#[test]
fn a_file_is_written_and_checked() {
    let directory = directory();
    let here = directory.path();
    let check = &["shop.py", "-o", "shop.rs", "--check", "-q"];

    let output = run(here, check);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        err(&output),
        "shop.rs is not there; without --check it is written\n"
    );

    assert_eq!(
        run(here, &["shop.py", "-o", "shop.rs"]).status.code(),
        Some(0)
    );
    assert_eq!(run(here, check).status.code(), Some(0));

    // Another layout is the same code.
    let written = std::fs::read_to_string(here.join("shop.rs")).unwrap();
    std::fs::write(here.join("shop.rs"), written.replace("        ", "  ")).unwrap();
    assert_eq!(run(here, check).status.code(), Some(0));

    std::fs::write(here.join("shop.rs"), &written).unwrap();
    std::fs::write(here.join("shop.py"), SHOP.replace("item: str", "item: int")).unwrap();
    let output = run(here, check);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!("no_longer_agree", err(&output));
    assert_eq!(
        std::fs::read_to_string(here.join("shop.rs")).unwrap(),
        written
    );
}

#[test]
fn a_syntax_error_shows_the_line() {
    let directory = directory();
    std::fs::write(
        directory.path().join("broken.py"),
        "x = 1\ndef f(a, :\n    pass\n",
    )
    .unwrap();
    let output = run(directory.path(), &["broken.py"]);
    assert_eq!(output.status.code(), Some(2));
    let text = err(&output).replace(directory.path().to_str().unwrap(), "$DIR");
    insta::assert_snapshot!("syntax_error", text);
}

#[test]
fn errors_say_what_was_asked_and_what_is_there() {
    let directory = directory();
    let output = run(directory.path(), &["shop.py", "--only", "prize"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("unknown_name", err(&output));
    let output = run(directory.path(), &["nothing", "--path", "lib"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("unknown_module", err(&output));
    let output = run(directory.path(), &["shop", "--environment", "lib"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("no_environment", err(&output));
    let output = run(directory.path(), &["missing.py"]);
    assert_eq!(output.status.code(), Some(2));
    let text = err(&output).replace(directory.path().to_str().unwrap(), "$DIR");
    assert!(text.contains("missing.py"), "{text}");
}

#[test]
fn a_module_is_found_by_name_in_directories_and_environments() {
    let directory = directory();
    let here = directory.path();
    let packages = here.join(".venv/lib/python3.12/site-packages");
    std::fs::create_dir_all(packages.join("tool")).unwrap();
    std::fs::write(here.join(".venv/pyvenv.cfg"), "").unwrap();
    std::fs::write(
        packages.join("tool/__init__.py"),
        "def run(a: int) -> int: ...\n",
    )
    .unwrap();
    for arguments in [
        &["tool"][..],
        &["tool", "--environment", ".venv"],
        &["tool", "--path", ".venv/lib/python3.12/site-packages"],
        &[".venv/lib/python3.12/site-packages/tool"],
    ] {
        let output = run(here, arguments);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            err(&output)
        );
        assert!(
            out(&output).contains("#[ironbridge::module(\"tool\")]"),
            "{arguments:?}"
        );
    }
    let output = run(
        here,
        &["shop.py", "--module", "app.shop", "--only", "price"],
    );
    assert!(out(&output).contains("#[ironbridge::module(\"app.shop\")]"));
    assert!(!out(&output).contains("later"));
}

#[test]
fn the_help_names_the_exit_codes() {
    let directory = directory();
    let output = run(directory.path(), &["--help"]);
    assert!(out(&output).contains("Exit codes:"), "{}", out(&output));
    let by_itself = Command::new(env!("CARGO_BIN_EXE_cargo-ironbridge"))
        .args(["bindgen", "shop.py", "-q"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert_eq!(by_itself.status.code(), Some(0));
}
