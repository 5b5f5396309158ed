//! The same errors in string literals: shown at the literal, with the place inside it.

use ironbridge::python;

fn main() {
    let known = 1;

    let _ = python!(r#"
        if known
            x = 1
        y = = 2
    "#, known);

    let _ = python!("print(unknown)", unknown);

    let _ = python!("known = 2", known);

    let _ = python!("await known", known);

    let _ = python!("return 1");

    let _ = python!(-> i64 => "x = 1");

    let _ = python!("1 + 1", known);

    let _ = python!("known", known, known = 2);

    let _ = python!("a = 1\nb = \"two\"\nc = = 3");
}
