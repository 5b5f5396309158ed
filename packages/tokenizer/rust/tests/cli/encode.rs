//! `encode` and `decode`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::program::{SMALL, fail, names, program, run, small, succeed};

fn with<'a>(command: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![command];
    arguments.extend(SMALL);
    arguments.extend(rest);
    arguments
}

#[test]
fn ids_of_standard_input_come_in_one_line() {
    let directory = small();
    let ids = succeed(directory.path(), &with("encode", &[]), b"hello hell\n");
    assert_eq!(ids, b"259 32 258 10\n");
    assert_eq!(succeed(directory.path(), &with("encode", &[]), b""), b"\n");
}

#[test]
fn each_file_has_a_line_and_a_dash_is_standard_input() {
    let directory = small();
    fs::write(directory.path().join("a"), "hello").unwrap();
    fs::write(directory.path().join("b"), "he").unwrap();
    let ids = succeed(directory.path(), &with("encode", &["a", "-", "b"]), b"ll");
    assert_eq!(ids, b"259\n257\n256\n");
}

#[test]
fn lines_are_encoded_without_their_ends() {
    let directory = small();
    let text = b"hello\r\n\nhell\nhe";
    let ids = succeed(directory.path(), &with("encode", &["--lines"]), text);
    assert_eq!(ids, b"259\n\n258\n256\n");
    let counts = succeed(
        directory.path(),
        &with("encode", &["--lines", "--count"]),
        text,
    );
    assert_eq!(counts, b"1\n0\n1\n1\n");
}

#[test]
fn ids_can_have_a_line_each_or_be_counted() {
    let directory = small();
    let one = succeed(
        directory.path(),
        &with("encode", &["--one-per-line"]),
        b"hello he",
    );
    assert_eq!(one, b"259\n32\n256\n");
    assert_eq!(
        succeed(directory.path(), &with("encode", &["--one-per-line"]), b""),
        b""
    );
    let count = succeed(directory.path(), &with("encode", &["--count"]), b"hello he");
    assert_eq!(count, b"3\n");
}

#[test]
fn binary_ids_are_little_endian() {
    let directory = small();
    let narrow = succeed(
        directory.path(),
        &with("encode", &["--binary", "u16"]),
        b"hello!",
    );
    assert_eq!(narrow, [3, 1, 33, 0]);
    let wide = succeed(
        directory.path(),
        &with("encode", &["--binary", "u32"]),
        b"hello!",
    );
    assert_eq!(wide, [3, 1, 0, 0, 33, 0, 0, 0]);
    for (width, ids) in [("u16", narrow), ("u32", wide)] {
        let text = succeed(
            directory.path(),
            &with("decode", &["--binary", width]),
            &ids,
        );
        assert_eq!(text, b"hello!");
    }
}

#[test]
fn any_bytes_come_back_as_they_were() {
    let directory = small();
    let mut bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    bytes.extend("hello, Grüße, 你好, नमस्ते \u{1f980}\r\n\t ".as_bytes());
    for rest in [&[][..], &["--binary", "u32"], &["--one-per-line"]] {
        let decode = if rest.contains(&"--binary") {
            rest
        } else {
            &[]
        };
        let ids = succeed(directory.path(), &with("encode", rest), &bytes);
        let text = succeed(directory.path(), &with("decode", decode), &ids);
        assert!(text == bytes, "{rest:?}");
    }
}

#[test]
fn special_tokens_are_refused_allowed_or_text() {
    let directory = small();
    let text = b"he<|end|>";
    let refused = fail(directory.path(), &with("encode", &[]), text, 1);
    assert!(
        refused.contains("\"<|end|>\" stands at byte 2"),
        "{refused}"
    );
    assert_eq!(refused.lines().count(), 1, "{refused}");
    let allowed = succeed(
        directory.path(),
        &with("encode", &["--special", "allow"]),
        text,
    );
    assert_eq!(allowed, b"256 300\n");
    let plain = succeed(
        directory.path(),
        &with("encode", &["--special", "text"]),
        text,
    );
    assert_eq!(plain, b"256 60 124 101 110 100 124 62\n");
    assert_eq!(
        succeed(directory.path(), &with("decode", &[]), b"256 300"),
        text
    );
}

#[test]
fn what_is_no_id_is_told_with_its_place() {
    let directory = small();
    let said = fail(directory.path(), &with("decode", &[]), b"256 12x 1", 1);
    assert!(
        said.contains("standard input: number 2 is \"12x\""),
        "{said}"
    );
    let said = fail(directory.path(), &with("decode", &[]), b"256 299", 1);
    assert!(said.contains("299"), "{said}");
    let said = fail(
        directory.path(),
        &with("decode", &["--binary", "u32"]),
        b"12345",
        1,
    );
    assert!(
        said.contains("5 bytes are no whole number of ids"),
        "{said}"
    );
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let directory = small();
    let before = names(directory.path());
    fail(
        directory.path(),
        &with("decode", &["-o", "out"]),
        b"256 299",
        1,
    );
    assert_eq!(names(directory.path()), before);
    fs::write(directory.path().join("out"), "as it was").unwrap();
    fail(directory.path(), &with("decode", &["-o", "out"]), b"x", 1);
    assert_eq!(
        fs::read(directory.path().join("out")).unwrap(),
        b"as it was"
    );
    succeed(directory.path(), &with("decode", &["-o", "out"]), b"259");
    assert_eq!(fs::read(directory.path().join("out")).unwrap(), b"hello");
    assert_eq!(names(directory.path()).len(), before.len() + 1);
}

#[cfg(unix)]
#[test]
fn a_file_has_the_permissions_of_any_other() {
    use std::os::unix::fs::PermissionsExt;
    let directory = small();
    succeed(directory.path(), &with("decode", &["-o", "out"]), b"259");
    fs::write(directory.path().join("other"), "").unwrap();
    let mode = |name| {
        let metadata = fs::metadata(directory.path().join(name)).unwrap();
        metadata.permissions().mode()
    };
    assert_eq!(mode("out"), mode("other"));
}

#[test]
fn a_reader_that_stops_is_no_failure() {
    let directory = small();
    fs::write(directory.path().join("text"), "hello\n".repeat(2_000_000)).unwrap();
    let mut child = program()
        .args(with("encode", &["--lines", "text"]))
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "259\n");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn two_bytes_are_refused_where_ids_are_higher() {
    let directory = small();
    let arguments = [
        "encode",
        "-t",
        "small.tiktoken",
        "--pattern",
        "gpt2",
        "--special-token",
        "<|end|>=65536",
        "--binary",
        "u16",
    ];
    let output = run(directory.path(), &arguments, b"he");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("65536") && said.contains("u32"), "{said}");
    assert!(output.stdout.is_empty());
}

/// Waits until it is so, and fails after half a minute.
#[cfg(unix)]
fn wait_until(mut so: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !so() {
        assert!(begun.elapsed().as_secs() < 30);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[cfg(unix)]
#[test]
fn signals_end_it_with_130_and_leave_no_half_file() {
    for signal in ["-INT", "-TERM"] {
        let directory = small();
        let before = names(directory.path());
        let mut child = program()
            .args(with("encode", &["-o", "out"]))
            .current_dir(directory.path())
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It has begun its file, and waits for text that never comes.
        wait_until(|| names(directory.path()) != before);
        let sent = std::process::Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        wait_until(|| child.try_wait().unwrap().is_some());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(names(directory.path()), before);
    }
}
