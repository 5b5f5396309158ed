//! The example as a person runs it: from nothing to an answer, and again with what is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ironbridge_bindgen::{Bindings, agree};

/// Where environments are kept, which other tests use too.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

/// Removes what an earlier run of this test has made, save the environment.
fn forget() {
    let environments = fs::read_dir(cache().join("environments"));
    for environment in environments.into_iter().flatten().flatten() {
        let home = environment.path().join("media_search");
        if home.exists() {
            fs::remove_dir_all(home).expect("this test made it");
        }
    }
}

fn search(question: &str) -> Output {
    let test = std::env::current_exe().expect("this test is a file");
    let built = test
        .ancestors()
        .nth(2)
        .expect("<target>/<profile>/deps/<test>");
    Command::new(built.join("examples/media_search"))
        .args(question.split_whitespace())
        .env("IRONBRIDGE_CACHE", cache())
        .output()
        .expect("the example is built: cargo build --examples")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What was said while it worked, and the names of the files that were found, best first.
fn found(question: &str) -> (String, Vec<String>) {
    let output = search(question);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let names = text(&output.stdout)
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
        .filter_map(|line| line.split_whitespace().nth(1).map(str::to_owned))
        .collect();
    (said, names)
}

/// The text between two others.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

#[test]
fn it_finds_what_a_question_means() {
    forget();
    let (said, names) = found("when does my journey start");
    assert_eq!(names[0], "train.wav", "{names:?}");
    let library = between(&said, "the library: ", "\n").expect(&said);
    let library = Path::new(library);
    let accuracy = between(&said, "the image model names ", " %").expect(&said);
    assert!(accuracy.parse::<f64>().unwrap() > 95.0, "{said}");
    assert!(said.contains("model 3 of 3: sound"), "{said}");
    assert!(said.contains("analysed 44 files"), "{said}");

    let (said, mut names) = found("a picture of a seven");
    assert!(!said.contains("making an environment"), "{said}");
    assert!(!said.contains("model "), "{said}");
    assert!(!said.contains("analysed"), "{said}");
    names.truncate(3);
    names.sort();
    assert_eq!(names, ["scan-07.png", "scan-17.png", "scan-27.png"]);

    // A file that is new is analysed, alone; one that is no medium is passed over with its story.
    let own = library.join("own.txt");
    let broken = [library.join("broken.wav"), library.join("broken.png")];
    fs::write(&own, "Snowfall\nA blizzard is coming over the mountains.\n").unwrap();
    for file in &broken {
        fs::write(file, "no medium").unwrap();
    }
    let (said, names) = found("will there be a storm");
    for file in broken.iter().chain([&own]) {
        fs::remove_file(file).unwrap();
    }
    assert!(said.contains("broken.wav: not a WAV file"), "{said}");
    assert!(said.contains("broken.png: not a PNG image"), "{said}");
    assert!(said.contains("analysed 1 files"), "{said}");
    assert!(names[..2].contains(&"weather.wav".to_owned()), "{names:?}");
    assert!(names[..2].contains(&"own.txt".to_owned()), "{names:?}");

    // What is deleted is not found any more.
    let (_, names) = found("will there be a storm");
    assert_eq!(names[0], "weather.wav", "{names:?}");

    let unasked = search("");
    assert!(!unasked.status.success());
    assert!(text(&unasked.stderr).contains("ask something"));
}

#[test]
fn the_bindings_agree_with_the_python() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("media_search");
    let written = fs::read_to_string(directory.join("embedders.rs")).unwrap();
    let bindings = Bindings::of(directory.join("python/embedders"))
        .generate()
        .unwrap();
    assert!(
        agree(&written, &bindings.code),
        "run: cargo ironbridge bindgen examples/media_search/python/embedders -o examples/media_search/embedders.rs"
    );
    assert!(bindings.summary.loose.is_empty());
    assert!(bindings.summary.skipped.is_empty());
}
