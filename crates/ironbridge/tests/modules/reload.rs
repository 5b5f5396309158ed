//! Files that are edited while the program runs.

use std::fs;
use std::path::Path;

use ironbridge::{ErrorKind, Result};

#[ironbridge::module("edited")]
trait Edited {
    fn number(&self) -> Result<i64>;
}

#[ironbridge::module("edited_package.main")]
trait Package {
    fn number(&self) -> Result<i64>;
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("a file");
}

#[test]
fn the_next_call_runs_the_edited_file() -> Result<()> {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("edited.py");
    write(&file, "def number(): return 1\n");
    let edited = Edited::loader()
        .module_path(directory.path())
        .watch()
        .load()?;
    let clone = edited.clone();
    assert_eq!(edited.number()?, 1);
    for number in 10..15 {
        // Of the same length, and most likely within the same second.
        write(&file, &format!("def number(): return {number}\n"));
        assert_eq!(edited.number()?, number);
        assert_eq!(clone.number()?, number);
    }
    // An edit that does not run is the error of every call until it is mended.
    write(&file, "def number(: return 3\n");
    for _ in 0..2 {
        let error = edited.number().unwrap_err();
        assert!(error.to_string().contains("SyntaxError"), "{error}");
    }
    write(&file, "def nummer(): return 4\n\ndel number\n");
    assert_eq!(edited.number().unwrap_err().kind(), ErrorKind::Contract);
    write(&file, "def number(): return 55\n");
    assert_eq!(edited.number()?, 55);
    Ok(())
}

#[test]
fn other_files_of_the_package_are_watched() -> Result<()> {
    let directory = tempfile::tempdir().expect("a directory");
    let package = directory.path().join("edited_package");
    fs::create_dir(&package).expect("a directory");
    write(&package.join("__init__.py"), "");
    write(
        &package.join("main.py"),
        "from .part import N\ndef number(): return N\n",
    );
    write(&package.join("part.py"), "N = 1\n");
    let loaded = Package::loader()
        .module_path(directory.path())
        .watch()
        .load()?;
    assert_eq!(loaded.number()?, 1);
    write(&package.join("part.py"), "N = 22\n");
    assert_eq!(loaded.number()?, 22);
    Ok(())
}
