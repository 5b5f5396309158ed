//! What goes wrong: one line, and the code.

use std::fs;

use super::program::{fail, run, small};

fn one_line(said: &str, parts: &[&str]) {
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("error: "), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn help_and_version_are_no_errors() {
    let directory = small();
    for argument in ["--help", "--version", "help"] {
        let output = run(directory.path(), &[argument], b"");
        assert!(output.status.success(), "{argument}");
        assert!(!output.stdout.is_empty(), "{argument}");
        assert!(output.stderr.is_empty(), "{argument}");
    }
}

#[test]
fn a_wrong_call_ends_with_2() {
    let directory = small();
    for arguments in [
        &[][..],
        &["enchode"],
        &["encode"],
        &["encode", "-t", "small.tiktoken", "--binary", "u8"],
        &[
            "encode",
            "-t",
            "small.tiktoken",
            "--special-token",
            "<|end|>",
        ],
    ] {
        let output = run(directory.path(), arguments, b"");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    let said = fail(directory.path(), &["info", "small.tiktoken"], b"", 2);
    one_line(&said, &["small.tiktoken", "--pattern"]);
    fs::write(directory.path().join("model.bin"), "").unwrap();
    let said = fail(directory.path(), &["info", "model.bin"], b"", 2);
    one_line(&said, &["model.bin", "format"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let directory = small();
    let said = fail(
        directory.path(),
        &["info", "absent_cl100k.tiktoken"],
        b"",
        1,
    );
    one_line(&said, &["absent_cl100k.tiktoken", "No such file"]);
    let arguments = [
        "encode",
        "-t",
        "small.tiktoken",
        "--pattern",
        "gpt2",
        "absent",
    ];
    one_line(
        &fail(directory.path(), &arguments, b"", 1),
        &["absent: No such file"],
    );
    let arguments = [
        "decode",
        "-t",
        "small.tiktoken",
        "--pattern",
        "gpt2",
        "-o",
        "no/where",
    ];
    one_line(&fail(directory.path(), &arguments, b"1", 1), &["no/where"]);
}

#[test]
fn a_pattern_that_does_not_compile_is_told() {
    let directory = small();
    let arguments = ["info", "small.tiktoken", "--pattern", "a(b"];
    one_line(
        &fail(directory.path(), &arguments, b"", 1),
        &["\"a(b\"", "does not compile"],
    );
}

#[test]
fn a_line_of_a_file_of_ranks_that_is_none_is_told() {
    let directory = small();
    for (name, line) in [
        ("a", "aGVsbG8= 256"),
        ("b", "aGVsbG8 256"),
        ("c", "aGVsbG8= x"),
        ("d", "\u{e4} 5"),
    ] {
        let file = format!("{name}_gpt2.tiktoken");
        let path = directory.path().join(&file);
        let ranks = fs::read_to_string(directory.path().join("small.tiktoken")).unwrap();
        fs::write(&path, format!("{ranks}\n{line}\n")).unwrap();
        let said = fail(directory.path(), &["info", &file], b"", 1);
        let part = if name == "a" {
            "two tokens have the id 256"
        } else {
            "line 262"
        };
        one_line(&said, &[&file, part]);
    }
}
