//! The same errors in files: shown at the path, with the place in the file.

use ironbridge::python;

fn main() {
    let known = 1;

    let _ = python!(file = "tests/broken.py");

    let _ = python!(file = "tests/assigns.py", known);

    let _ = python!(file = "tests/returns.py");

    let _ = python!(file = "tests/reads.py", unknown);

    let _ = python!(file = "tests/no_such_file.py");
}
