//! Files that are edited while the program runs.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

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

#[ironbridge::module("edits_itself")]
trait EditsItself {
    fn number(&self) -> Result<i64>;
}

#[test]
fn an_edit_that_comes_while_the_file_is_read_is_seen() -> Result<()> {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("edits_itself.py");
    write(&file, "def number(): return 1\n");
    let edits = EditsItself::loader()
        .module_path(directory.path())
        .watch()
        .load()?;
    assert_eq!(edits.number()?, 1);
    write(
        &file,
        "open(__file__, 'w').write('def number(): return 3\\n')\ndef number(): return 2\n",
    );
    assert_eq!(edits.number()?, 2);
    assert_eq!(edits.number()?, 3);
    Ok(())
}

#[ironbridge::module("edited_by_many")]
trait EditedByMany {
    fn number(&self) -> Result<i64>;
}

#[test]
fn threads_that_are_attached_do_not_lock_each_other_out() -> Result<()> {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("edited_by_many.py");
    write(&file, "def number(): return 0\n");
    let edited = EditedByMany::loader()
        .module_path(directory.path())
        .watch()
        .load()?;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..300 {
                    let number = ironbridge::attach(|_| edited.number()).expect("it attaches");
                    // A file that is half written is an error, and no more than that.
                    assert!(number.map_or(true, |number| (0..100).contains(&number)));
                }
            });
        }
        for number in 1..100 {
            write(&file, &format!("def number(): return {number}\n"));
            std::thread::yield_now();
        }
    });
    assert_eq!(edited.number()?, 99);
    Ok(())
}

#[ironbridge::module("edited_in_a_tick")]
trait EditedInATick {
    fn number(&self) -> Result<i64>;
}

#[test]
fn an_edit_within_a_tick_of_the_clock_is_seen() -> Result<()> {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("edited_in_a_tick.py");
    // Files of the same length and time, as two edits within a tick leave them; a time that is not past yet, so that
    // however long the test takes, it is within.
    let time = SystemTime::now() + Duration::from_hours(1);
    let write_at_that_time = |text: &str| {
        write(&file, text);
        let file = fs::File::options().write(true).open(&file);
        file.and_then(|file| file.set_modified(time))
            .expect("a file's time can be set");
    };
    write_at_that_time("def number(): return 1\n");
    let edited = EditedInATick::loader()
        .module_path(directory.path())
        .watch()
        .load()?;
    assert_eq!(edited.number()?, 1);
    write_at_that_time("def number(): return 2\n");
    assert_eq!(edited.number()?, 2);
    Ok(())
}
