//! Headers that do not parse, and values that do not convert.

use ironbridge::{Session, python};

struct NotPython;

fn main() {
    let session = Session::new().unwrap();
    let other = Session::new().unwrap();

    let _ = python! { => 1 };
    let _ = python! { session other => 1 };
    let _ = python! { session -> => 1 };
    let _ = python! { -> i64 extra => 1 };
    let _ = python! { session async -> i64 => await f() };
    let _ = python! { -> };
    let _ = python! { 5 => 1 };
    let _ = python! { session -> NotPython => 1 };

    let thing = NotPython;
    let _ = python! { print('thing) };
    let _ = other;
}
