//! What Python the block form runs, and what captures and results do: seen from a program.

use std::collections::HashMap;

use ironbridge::{ErrorKind, Result, Session, python};

#[test]
fn a_block_runs_and_its_names_are_the_sessions() -> Result<()> {
    let session = Session::new()?;
    python! { session =>
        import math
        radius = 2.0
        def area(r):
            return math.pi * r * r
    }?;
    let area = python! { session -> f64 => area(radius) }?;
    assert!((area - 12.566).abs() < 1e-3);
    assert_eq!(session.names(), ["math", "radius", "area"]);
    Ok(())
}

#[test]
fn captures_arrive_in_order() -> Result<()> {
    let (a, b, c) = (1, 2, 3);
    assert_eq!(python! { -> Vec<i64> => ['c, 'a, 'b, 'a] }?, [3, 1, 2, 1]);
    let many = python!(-> i64 => "sum((a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t))",
        a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, i = 9, j = 10,
        k = 1, l = 2, m = 3, n = 4, o = 5, p = 6, q = 7, r = 8, s = 9, t = 10)?;
    assert_eq!(many, 110);
    Ok(())
}

#[test]
fn every_convertible_variable_can_be_captured() -> Result<()> {
    let text = "text";
    let owned = String::from("owned");
    let slice: &[f64] = &[1.0, 2.5];
    let vector = vec![Some(1), None];
    let map = HashMap::from([("k", 7)]);
    let path = std::path::Path::new("/tmp/x");
    let nested = (1, ("two", [3_u8, 4]));
    let found = python! { -> String =>
        import json
        json.dumps(['text, 'owned, list('slice), 'vector, 'map, str('path), repr('nested)])
    }?;
    assert_eq!(
        found,
        r#"["text", "owned", [1.0, 2.5], [1, null], {"k": 7}, "/tmp/x", "(1, ('two', b'\\x03\\x04'))"]"#
    );
    // Captured by reference: all of them are still here.
    assert_eq!((owned.len(), vector.len(), map.len()), (5, 2, 1));
    Ok(())
}

#[test]
fn a_capture_and_a_session_name_may_be_spelled_alike() -> Result<()> {
    let session = Session::new()?;
    let x = 5;
    python! { session => x = 'x * 2 }?;
    assert_eq!(python! { session -> (i64, i64) => (x, 'x) }?, (10, 5));
    Ok(())
}

#[test]
fn values_come_from_the_last_expression_or_an_early_return() -> Result<()> {
    let sign = |n: i64| {
        python! { -> String =>
            if 'n < 0:
                return "negative"
            for _ in range(3):
                if 'n == 0:
                    return "zero"
            "positive"
        }
    };
    assert_eq!(sign(-4)?, "negative");
    assert_eq!(sign(0)?, "zero");
    assert_eq!(sign(9)?, "positive");
    assert_eq!(python! { -> Option<i64> => None }?, None);
    Ok(())
}

#[test]
fn the_language_works_as_in_a_module() -> Result<()> {
    let session = Session::new()?;
    let factor = 3;
    python! { session =>
        from math import *
        from collections import OrderedDict as OD, deque
        import os.path
        import functools
        count: int = 0
        declared: float
        first, *rest = [1, 2, 3]
        squares = [n * n for n in rest if (seen := n)]
        def bump():
            global count
            count += 'factor
            return count
        bump()
        bump()
        @functools.lru_cache(maxsize=None)
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)
        class Point:
            scale = 'factor
            def __init__(self, x):
                self.x = x * self.scale
            @property
            def twice(self):
                return self.x * 2
        match {"kind": "circle", "r": 4}:
            case {"kind": "circle", "r": r}:
                matched = r
            case _:
                matched = None
        class Guard:
            def __enter__(self):
                return "entered"
            def __exit__(self, *error):
                return True
        with Guard() as state:
            raise ValueError("swallowed")
        try:
            1 / 0
        except ZeroDivisionError as error:
            caught = str(error)
        else:
            caught = None
        finally:
            done = True
        temporary = 1
        del temporary
        while True:
            break
        def outer():
            total = 0
            def inner():
                nonlocal total
                total += 'factor
                return total
            return inner() + inner()
        text = """a "quoted" # no comment
    second line"""
        lambda_ = lambda v, w=1: v + w   # a comment with 'quotes and a // in it
        assert first == 1, "not one"
    }?;
    assert_eq!(session.get::<i64>("count")?, 6);
    assert_eq!(python! { session -> i64 => fib(30) }?, 832_040);
    assert_eq!(python! { session -> i64 => Point(2).twice }?, 12);
    assert_eq!(python! { session -> i64 => outer() }?, 9);
    assert_eq!(session.get::<Vec<i64>>("squares")?, [4, 9]);
    assert_eq!(session.get::<i64>("seen")?, 3);
    assert_eq!(session.get::<i64>("matched")?, 4);
    assert_eq!(session.get::<String>("state")?, "entered");
    assert_eq!(session.get::<String>("caught")?, "division by zero");
    assert_eq!(
        session.get::<String>("text")?,
        "a \"quoted\" # no comment\n    second line"
    );
    assert_eq!(python! { session -> i64 => floor(pi) + lambda_(1) }?, 5);
    assert!(session.get::<i64>("temporary").is_err());
    assert!(
        session.get::<String>("error").is_err(),
        "unbound after the handler, as in a module"
    );
    Ok(())
}

#[test]
fn the_three_forms_behave_the_same() -> Result<()> {
    let session = Session::new()?;
    let who = "Ferris";
    let xs = [1, 2, 3, 4, 5];
    let hello = python!(session -> String => r#"f'Hello, {who!r} {n // 2}'"#, who, n = xs.len())?;
    assert_eq!(hello, "Hello, 'Ferris' 2");
    let total = python!(session -> i64 => r#"
        total = 0
        for x in xs:
            total += x   # 'quotes' are fine here
        total // 2
    "#, xs)?;
    assert_eq!(total, 7);
    assert_eq!(session.get::<i64>("total")?, 15);
    let data = vec![2, 4];
    let scaled = python!(session -> Vec<i64> => file = "tests/language/setup.py", data)?;
    assert_eq!(scaled, [20, 40]);
    assert_eq!(session.get::<i64>("scale")?, 10);
    Ok(())
}

#[test]
fn blocks_may_begin_on_the_line_of_the_header() -> Result<()> {
    let session = Session::new()?;
    python! { session => a = 1
        b = 2
        if a:
            b = 3
    }?;
    assert_eq!(python! { session -> i64 => a + b }?, 4);
    python! { session => { 1: 2 } }?;
    Ok(())
}

#[test]
fn a_block_without_header_runs_in_the_shared_session() -> Result<()> {
    python! { shared_value = 41 }?;
    assert_eq!(python! { -> i64 => shared_value + 1 }?, 42);
    assert_eq!(Session::shared()?.get::<i64>("shared_value")?, 41);
    let mine = Session::new()?;
    assert!(python! { mine -> i64 => shared_value }.is_err());
    Ok(())
}

#[test]
fn sessions_are_named_by_any_expression() -> Result<()> {
    struct Service {
        session: std::sync::Arc<Session>,
    }
    let service = Service {
        session: std::sync::Arc::new(Session::new()?),
    };
    python! { *service.session => x = 1 }?;
    python! { service.session => y = x + 1 }?;
    let reference = &*service.session;
    assert_eq!(python! { reference -> i64 => x + y }?, 3);
    Ok(())
}

#[test]
fn two_threads_in_one_block_do_not_mix_captures() -> Result<()> {
    let session = Session::new()?;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4_i64)
            .map(|worker| {
                let session = &session;
                scope.spawn(move || {
                    for round in 0..200_i64 {
                        let pair = python! { session -> (i64, i64) =>
                            import time
                            time.sleep(0)
                            sum(range(50))
                            ('worker, 'round)
                        };
                        assert_eq!(pair.unwrap(), (worker, round));
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
    });
    Ok(())
}

#[test]
fn a_failing_block_can_run_again_and_leaks_nothing() -> Result<()> {
    let session = Session::new()?;
    let run = |fail: bool| {
        python! { session =>
            before = 1
            if 'fail:
                raise RuntimeError("on request")
            after = 2
        }
    };
    assert_eq!(run(true).unwrap_err().kind(), ErrorKind::Exception);
    assert_eq!(run(true).unwrap_err().kind(), ErrorKind::Exception);
    assert_eq!(session.names(), ["before"]);
    run(false)?;
    assert_eq!(session.names(), ["before", "after"]);
    Ok(())
}

#[test]
fn names_are_seen_from_functions_and_comprehensions() -> Result<()> {
    let session = Session::new()?;
    python! { session =>
        base = 10
        def add(n):
            return base + n
        table = {k: [base + v for v in range(k)] for k in range(3)}
    }?;
    python! { session => base = 20 }?;
    assert_eq!(python! { session -> i64 => add(1) }?, 21);
    assert_eq!(python! { session -> Vec<i64> => table[2] }?, [10, 11]);
    Ok(())
}

#[test]
fn a_session_is_a_real_module() -> Result<()> {
    let session = Session::new()?;
    python! { session =>
        import dataclasses, inspect, pickle, sys
        @dataclasses.dataclass
        class Item:
            name: str
            price: float = 1.5
        def cost(item):
            # what it costs
            return item.price * 2
    }?;
    let copy = python! { session -> bool => pickle.loads(pickle.dumps(Item("a"))) == Item("a") }?;
    assert!(copy);
    assert!(python! { session -> bool => pickle.loads(pickle.dumps(cost)) is cost }?);
    let source = python! { session -> String => inspect.getsource(cost) }?;
    assert_eq!(
        source,
        "def cost(item):\n    # what it costs\n    return item.price * 2\n"
    );
    let class = python! { session -> String => inspect.getsource(Item) }?;
    assert!(
        class.starts_with("@dataclasses.dataclass\nclass Item:"),
        "{class}"
    );
    let name = session.name();
    assert!(python! { session -> bool => sys.modules['name].cost is cost }?);
    let name = name.to_owned();
    drop(session);
    assert!(!python! { -> bool => import sys
    'name in sys.modules }?);
    Ok(())
}

#[test]
fn captured_values_outlive_the_call_in_closures() -> Result<()> {
    let session = Session::new()?;
    for step in [1, 10] {
        python! { session =>
            counters = globals().get("counters", [])
            counters.append(lambda start: start + 'step)
        }?;
    }
    assert_eq!(
        python! { session -> Vec<i64> => [f(100) for f in counters] }?,
        [101, 110]
    );
    Ok(())
}

#[test]
fn futures_of_the_language_are_honoured() -> Result<()> {
    let session = Session::new()?;
    python! { session =>
        from __future__ import annotations
        def f(x: NotDefinedAnywhere) -> AlsoNot: return x
        found = f.__annotations__["x"]
    }?;
    assert_eq!(session.get::<String>("found")?, "NotDefinedAnywhere");
    Ok(())
}

macro_rules! doubled {
    ($value:expr) => {{
        let value = $value;
        python! { -> i64 => 'value * 2 }
    }};
}

#[test]
fn blocks_work_inside_of_macros() -> Result<()> {
    assert_eq!(doubled!(21)?, 42);
    Ok(())
}
