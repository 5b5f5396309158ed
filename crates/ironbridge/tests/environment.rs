//! Managed environments and projects, made for real with pip and uv.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "children report; a test may panic"
)]

mod children;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use ironbridge::environment::{Installer, Progress, Source};
use ironbridge::{Environment, ErrorKind};

const CACHE: &str = "IRONBRIDGE_CACHE";

fn main() -> ExitCode {
    children::main(
        &[
            (
                "a_managed_environment_works_as_one",
                a_managed_environment_works_as_one,
            ),
            (
                "two_processes_at_once_build_one",
                two_processes_at_once_build_one,
            ),
            (
                "killed_half_way_the_next_start_is_clean",
                killed_half_way_the_next_start_is_clean,
            ),
            (
                "without_a_network_the_error_says_all",
                without_a_network_the_error_says_all,
            ),
            ("uv_is_used_where_it_is_found", uv_is_used_where_it_is_found),
            (
                "projects_bring_their_requirements",
                projects_bring_their_requirements,
            ),
            ("another_version_is_refused", another_version_is_refused),
            (
                "deleted_while_in_use_nothing_breaks",
                deleted_while_in_use_nothing_breaks,
            ),
        ],
        &[("create", create), ("use_while_deleted", use_while_deleted)],
    )
}

/// The scenario of a child: makes the environment, tells where.
fn create() {
    let begun = Instant::now();
    let environment = managed().create().expect("it can be made");
    println!(
        "{} {}",
        environment.prefix().display(),
        begun.elapsed().as_millis()
    );
}

fn managed() -> ironbridge::environment::ManagedEnvironment {
    Environment::managed_builder()
        .requirements(["six", "charset-normalizer"])
        .without_dependencies(["idna"])
        .installer(Installer::Pip)
}

/// This binary again, as the named scenario, with a cache of its own.
fn child(scenario: &str, cache: &Path) -> Command {
    let mut command = Command::new(env::current_exe().expect("this test is a file"));
    command.env(children::SCENARIO, scenario).env(CACHE, cache);
    command
}

fn entries(cache: &Path) -> Vec<String> {
    let directory = cache.join("environments");
    let names = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = names
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn python(environment: &Environment, code: &str) -> String {
    let output = Command::new(environment.executable())
        .args(["-c", code])
        .output()
        .expect("it runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn a_managed_environment_works_as_one() {
    let cache = tempfile::tempdir().unwrap();
    let make = || managed().cache_dir(cache.path()).progress(Progress::Silent);
    let environment = make().create().unwrap();
    assert_eq!(environment.source(), Source::Managed);
    let prefix = environment.prefix().display().to_string();
    assert_eq!(
        python(&environment, "import sys; print(sys.prefix)"),
        prefix
    );
    assert_eq!(
        python(
            &environment,
            "import six, idna, charset_normalizer; print(six.__file__)"
        ),
        environment
            .site_packages()
            .join("six.py")
            .display()
            .to_string()
    );
    // A console script runs with the environment's own Python.
    let script = Command::new(environment.prefix().join("bin/normalizer"))
        .arg("--version")
        .output()
        .unwrap();
    assert!(
        script.status.success(),
        "{}",
        String::from_utf8_lossy(&script.stderr)
    );
    // A second time it is there; with other packages it is another one.
    let modified = || {
        fs::metadata(environment.prefix())
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = modified();
    assert_eq!(make().create().unwrap(), environment);
    assert_eq!(modified(), before);
    // Damaged, it is made anew.
    fs::remove_file(environment.executable()).unwrap();
    assert_eq!(make().create().unwrap(), environment);
    assert_eq!(python(&environment, "import six; print(1)"), "1");
}

fn two_processes_at_once_build_one() {
    let cache = tempfile::tempdir().unwrap();
    let spawn = || {
        let mut command = child("create", cache.path());
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let both = [spawn(), spawn()].map(|child| child.wait_with_output().unwrap());
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let prefixes = both.each_ref().map(|output| {
        assert!(output.status.success(), "{}", said(&output.stderr));
        said(&output.stdout)
            .split_whitespace()
            .next()
            .unwrap()
            .to_owned()
    });
    assert_eq!(prefixes[0], prefixes[1]);
    let built = both
        .iter()
        .filter(|output| said(&output.stderr).contains("making an environment"));
    assert_eq!(built.count(), 1, "one builds, the other waits or finds it");
    let names = entries(cache.path());
    assert_eq!(names.len(), 2, "the environment and its lock: {names:?}");
}

fn killed_half_way_the_next_start_is_clean() {
    let cache = tempfile::tempdir().unwrap();
    let mut first = child("create", cache.path());
    let mut first = first.stderr(std::process::Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    let half_made = |name: &String| {
        let python = cache
            .path()
            .join("environments")
            .join(name)
            .join("bin/python");
        name.contains(".partial-") && python.exists()
    };
    while !entries(cache.path()).iter().any(half_made) {
        assert!(
            Instant::now() < deadline,
            "nothing was begun: {:?}",
            entries(cache.path())
        );
        thread::sleep(Duration::from_millis(5));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(
        entries(cache.path())
            .iter()
            .any(|name| name.contains(".partial-"))
    );
    let second = child("create", cache.path()).output().unwrap();
    assert!(
        second.status.success(),
        "{}",
        String::from_utf8_lossy(&second.stderr)
    );
    let prefix = String::from_utf8_lossy(&second.stdout);
    let environment = Environment::at(prefix.split_whitespace().next().unwrap()).unwrap();
    assert_eq!(python(&environment, "import six, idna; print(1)"), "1");
}

fn without_a_network_the_error_says_all() {
    let cache = tempfile::tempdir().unwrap();
    // Nothing listens there; and pip shall not try again for long.
    let error = {
        // SAFETY: the tests run one after the other, on one thread.
        unsafe { env::set_var("PIP_RETRIES", "0") };
        let error = managed()
            .cache_dir(cache.path())
            .index_url("http://127.0.0.1:9/simple")
            .requirement("no-such-package-anywhere")
            .progress(Progress::Silent)
            .create()
            .unwrap_err();
        // SAFETY: as above.
        unsafe { env::remove_var("PIP_RETRIES") };
        error
    };
    assert_eq!(error.kind(), ErrorKind::Environment);
    let story = format!("{error:#}");
    for part in [
        "pip",
        "--index-url http://127.0.0.1:9/simple",
        "no-such-package-anywhere",
        "output:",
        "help:",
    ] {
        assert!(story.contains(part), "{part:?} is missing in:\n{story}");
    }
    let left = fs::read_dir(cache.path())
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_dir());
    assert_eq!(left.count(), 0, "nothing half-made stays");
}

fn uv_is_used_where_it_is_found() {
    let cache = tempfile::tempdir().unwrap();
    let tools = Environment::managed_builder()
        .requirement("uv")
        .installer(Installer::Pip)
        .cache_dir(cache.path().join("tools"))
        .create()
        .unwrap();
    let path = env::var_os("PATH").unwrap();
    let with_uv = env::join_paths(
        [tools.prefix().join("bin")]
            .into_iter()
            .chain(env::split_paths(&path)),
    )
    .unwrap();
    // SAFETY: the tests run one after the other, on one thread.
    unsafe { env::set_var("PATH", with_uv) };
    let environment = Environment::managed_builder()
        .requirements(["six", "charset-normalizer"])
        .cache_dir(cache.path().join("made"))
        .installer(Installer::Uv)
        .create()
        .unwrap();
    let prefix = environment.prefix().display().to_string();
    assert_eq!(
        python(&environment, "import sys, six; print(sys.prefix)"),
        prefix
    );
    let script = Command::new(environment.prefix().join("bin/normalizer"))
        .arg("--version")
        .output()
        .unwrap();
    assert!(
        script.status.success(),
        "{}",
        String::from_utf8_lossy(&script.stderr)
    );

    let project = project(&[(
        "pyproject.toml",
        "[project]\nname = \"p\"\nversion = \"1\"\nrequires-python = \">=3.11\"\ndependencies = [\"idna\"]\n",
    )]);
    let locked = Command::new("uv")
        .args(["lock", "--quiet"])
        .current_dir(project.path())
        .status()
        .unwrap();
    assert!(locked.success());
    // SAFETY: as above.
    unsafe { env::set_var(CACHE, cache.path()) };
    let environment = Environment::project(project.path()).unwrap();
    assert_eq!(environment.source(), Source::Project);
    assert_eq!(python(&environment, "import idna; print(1)"), "1");
    // SAFETY: as above.
    unsafe {
        env::set_var("PATH", path);
        env::remove_var(CACHE);
    }
}

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(directory.path().join(name), content).unwrap();
    }
    directory
}

fn projects_bring_their_requirements() {
    let cache = tempfile::tempdir().unwrap();
    // SAFETY: the tests run one after the other, on one thread.
    unsafe { env::set_var(CACHE, cache.path()) };
    let empty = project(&[]);
    let story = format!("{:#}", Environment::project(empty.path()).unwrap_err());
    assert!(
        story.contains("looked for") && story.contains("requirements.txt"),
        "{story}"
    );

    let plain = project(&[
        ("requirements.txt", "-r base.txt  \n# a comment\n"),
        ("base.txt", "six\n"),
    ]);
    let first = Environment::project(plain.path()).unwrap();
    assert_eq!(python(&first, "import six; print(1)"), "1");
    fs::write(plain.path().join("base.txt"), "six\nidna\n").unwrap();
    let second = Environment::project(plain.path()).unwrap();
    assert_ne!(first, second, "an include that changed makes it anew");
    assert_eq!(python(&second, "import idna; print(1)"), "1");

    let table = "[project]\nname = \"p\"\nversion = \"1\"\nrequires-python = \">=3.99\"\ndependencies = []\n";
    let future = project(&[("pyproject.toml", table)]);
    let story = format!("{:#}", Environment::project(future.path()).unwrap_err());
    assert!(
        story.contains("the project asks for Python >=3.99"),
        "{story}"
    );
    // SAFETY: as above.
    unsafe { env::remove_var(CACHE) };
}

fn another_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("bin")).unwrap();
    fs::write(directory.path().join("bin/python"), "").unwrap();
    fs::write(
        directory.path().join("pyvenv.cfg"),
        "home = /\nversion = 3.6.4\n",
    )
    .unwrap();
    let environment = Environment::at(directory.path()).unwrap();
    let error = ironbridge::Interpreter::builder()
        .environment(environment)
        .start()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Environment);
    let story = format!("{error:#}");
    for part in [
        "Python 3.6",
        "linked with Python 3.",
        "PYO3_PYTHON=",
        "-m venv --clear",
    ] {
        assert!(story.contains(part), "{part:?} is missing in:\n{story}");
    }
}

fn deleted_while_in_use_nothing_breaks() {
    let cache = tempfile::tempdir().unwrap();
    let output = child("use_while_deleted", cache.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        said.contains("Import: ModuleNotFoundError: No module named 'idna'"),
        "{said}"
    );
    assert!(said.contains("still 3"), "{said}");
}

/// The scenario of a child: its environment goes while it runs.
fn use_while_deleted() {
    let environment = Environment::managed_builder()
        .requirements(["six", "idna"])
        .installer(Installer::Pip)
        .create()
        .unwrap();
    let prefix: PathBuf = environment.prefix().to_owned();
    ironbridge::Interpreter::builder()
        .environment(environment)
        .start()
        .unwrap();
    let session = ironbridge::Session::new().unwrap();
    session.run("import six").unwrap();
    fs::remove_dir_all(prefix).unwrap();
    let error = session.run("import idna").unwrap_err();
    println!("{:?}: {error}", error.kind());
    println!(
        "still {}",
        session
            .eval::<i64>("six.moves.reduce(lambda a, b: a + b, [1, 2])")
            .unwrap()
    );
}
