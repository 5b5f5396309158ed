//! `info`, and the help of all commands, as they are shown.

use super::program::{small, succeed};

const INFO: [&str; 8] = [
    "info",
    "small.tiktoken",
    "--pattern",
    "cl100k",
    "--special-token",
    "<|end|>=300",
    "--longest",
    "5",
];

#[test]
fn info_is_text_or_json() {
    let directory = small();
    let text = succeed(directory.path(), &INFO, b"");
    insta::assert_snapshot!("info", String::from_utf8(text).unwrap());
    let json = succeed(directory.path(), &[&INFO[..], &["--json"]].concat(), b"");
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["tokens"], 261);
    assert_eq!(value["vocab_size"], 301);
    assert_eq!(value["pattern"]["name"], "cl100k");
    assert_eq!(value["special_tokens"]["<|end|>"], 300);
    assert_eq!(value["longest"][0]["text"], "hello");
    assert_eq!(value["longest"][0]["id"], 259);
}

#[test]
fn help_is_as_it_is_shown() {
    let directory = small();
    for command in ["encode", "decode", "info"] {
        let help = succeed(directory.path(), &[command, "--help"], b"");
        insta::assert_snapshot!(format!("help_{command}"), String::from_utf8(help).unwrap());
    }
    let help = succeed(directory.path(), &["--help"], b"");
    insta::assert_snapshot!("help", String::from_utf8(help).unwrap());
}
