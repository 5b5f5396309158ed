//! The same errors in files: shown at the path, with the place in the file.

use ironbridge::python;

fn main() {
    let known = 1;

    let _ = python!(file = "tests/python/broken.py");

    let _ = python!(file = "tests/python/assigns.py", known);

    let _ = python!(file = "tests/python/returns.py");

    let _ = python!(file = "tests/python/reads.py", unknown);

    let _ = python!(file = "tests/python/awaits.py");

    let _ = python!(file = "tests/python/no_such_file.py");
}
