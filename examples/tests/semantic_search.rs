//! The example as a person runs it: from nothing to an answer, and again with what is there.

use std::path::Path;
use std::process::{Command, Output};

fn search(question: &str) -> Output {
    let test = std::env::current_exe().expect("this test is a file");
    let built = test
        .ancestors()
        .nth(2)
        .expect("<target>/<profile>/deps/<test>");
    Command::new(built.join("examples/semantic_search"))
        .args(question.split_whitespace())
        .env(
            "IRONBRIDGE_CACHE",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"),
        )
        .output()
        .expect("the example is built: cargo build --examples")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn it_finds_what_a_question_means() {
    // The model checks its own similarities against the published ones before it embeds the corpus.
    let first = search("how do I make a file smaller");
    assert!(first.status.success(), "{}", text(&first.stderr));
    let found = text(&first.stdout);
    assert!(
        found.contains("compress") || found.contains("truncate"),
        "{found}"
    );

    let second = search("parse a date from a string");
    assert!(second.status.success(), "{}", text(&second.stderr));
    let found = text(&second.stdout);
    assert!(found.contains("datetime"), "{found}");
    let said = text(&second.stderr);
    assert!(!said.contains("making an environment"), "{said}");
    assert!(!said.contains("embedding"), "{said}");

    let unasked = search("");
    assert!(!unasked.status.success());
    assert!(text(&unasked.stderr).contains("ask something"));
}
