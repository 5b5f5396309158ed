use std::collections::HashMap;

use ironbridge::session::Function;
use ironbridge::{ErrorKind, Result, Session, python};

#[test]
fn anything_callable_is_a_function() -> Result<()> {
    let session = Session::new()?;
    python! { session =>
        def adder(n):
            return lambda x: x + n
        class Doubler:
            def __call__(self, x):
                return 2 * x
    }?;
    let add: Function = session.call("adder", (3,))?;
    assert_eq!(add.call::<u32, _>((4,))?, 7);
    let doubler: Function = session.eval("Doubler()")?;
    assert_eq!(doubler.clone().call::<u32, _>((4,))?, 8);
    let class: Function = session.eval("int")?;
    assert_eq!(class.call::<u32, _>(("12",))?, 12);
    let error = session.eval::<Function>("3").expect_err("an int");
    assert!(
        format!("{error:#}").contains("'int' object is not callable"),
        "{error:#}"
    );
    Ok(())
}

#[test]
fn it_goes_back_as_the_same_object() -> Result<()> {
    let session = Session::new()?;
    session.run("def f(): pass")?;
    let f: Function = session.get("f")?;
    session.set("g", &f)?;
    assert!(session.eval::<bool>("f is g")?);
    session.set("h", f)?;
    assert!(session.eval::<bool>("f is h")?);
    Ok(())
}

#[test]
fn errors_name_it() -> Result<()> {
    let session = Session::new()?;
    session.run("def area(w, h): return w * h")?;
    for area in [session.get::<Function>("area")?, session.function("area")?] {
        let error = area.call::<String, _>((2, 3)).expect_err("an int");
        assert_eq!(error.kind(), ErrorKind::Conversion);
        assert_eq!(error.to_string(), "area(): expected str, found int 6");
    }
    Ok(())
}

#[test]
fn keywords_come_in_several_forms() -> Result<()> {
    let session = Session::new()?;
    session.run("def f(*args, **kwargs): return repr((args, sorted(kwargs.items())))")?;
    let f = session.function("f")?;
    let array = f.call_with::<String, _, _>((1,), [("b", 2), ("a", 1)])?;
    assert_eq!(array, "((1,), [('a', 1), ('b', 2)])");
    let slice: &[(&str, u8)] = &[("a", 1)];
    assert_eq!(f.call_with::<String, _, _>((), slice)?, "((), [('a', 1)])");
    let map = HashMap::from([("a".to_owned(), vec![1, 2])]);
    assert_eq!(
        f.call_with::<String, _, _>((), map)?,
        "((), [('a', [1, 2])])"
    );
    let mixed = f.call_with::<String, _, _>((), (("a", 1), ("b", "x"), ("c", None::<u8>)))?;
    assert_eq!(mixed, "((), [('a', 1), ('b', 'x'), ('c', None)])");
    assert_eq!(f.call_with::<String, _, _>((), ())?, "((), [])");
    let error = session
        .function("len")?
        .call_with::<u8, _, _>((), [("nobody", 1)])
        .expect_err("no such keyword");
    assert!(error.to_string().starts_with("TypeError"), "{error}");
    Ok(())
}
