//! Running the program, and a tokenizer for it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ironbpe"));
    command.stdin(Stdio::null());
    command
}

/// Runs it in a directory, with a text as its standard input.
pub(crate) fn run(directory: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = program()
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // It may end without reading what it is given.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// The standard output of a run that shall succeed.
pub(crate) fn succeed(directory: &Path, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let output = run(directory, arguments, input);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    assert_eq!(said, "", "{arguments:?}");
    output.stdout
}

/// The one line that a run says that shall fail with the code.
pub(crate) fn fail(directory: &Path, arguments: &[&str], input: &[u8], code: i32) -> String {
    let output = run(directory, arguments, input);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

/// A directory with `small.tiktoken` in it: the bytes, and the tokens `he`, `ll`, `hell` and `hello`, with the ids from 256.
pub(crate) fn small() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let mut ranks = String::new();
    let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
    let merged = ["he", "ll", "hell", "hello"].map(|token| token.as_bytes().to_vec());
    for (rank, token) in bytes.chain(merged).enumerate() {
        writeln!(ranks, "{} {rank}", base64(&token)).unwrap();
    }
    std::fs::write(directory.path().join("small.tiktoken"), ranks).unwrap();
    directory
}

/// What names it to a command, with a special token.
pub(crate) const SMALL: [&str; 6] = [
    "-t",
    "small.tiktoken",
    "--pattern",
    "cl100k",
    "--special-token",
    "<|end|>=300",
];

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let mut bits = [0; 4];
        bits[1..=three.len()].copy_from_slice(three);
        let bits = u32::from_be_bytes(bits);
        for place in 0..4 {
            if place <= three.len() {
                let letter = bits >> (18 - 6 * place) & 63;
                text.push(char::from(LETTERS[letter as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

/// What lies in a directory.
pub(crate) fn names(directory: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| PathBuf::from(entry.unwrap().file_name()))
        .collect();
    names.sort();
    names
}
