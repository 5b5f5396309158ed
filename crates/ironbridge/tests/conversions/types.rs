//! Round trips of the standard types: whatever value goes to Python comes back as it was, and is there what it says.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;
use std::path::PathBuf;
use std::time::Duration;

use ironbridge::Python;
use ironbridge::convert::{Bytes, Str};
use ironbridge::pyo3::IntoPyObjectExt as _;
use ironbridge::pyo3::conversion::FromPyObjectOwned;
use ironbridge::pyo3::prelude::*;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// There, of that Python type, and back.
fn there_and_back<T>(value: &T, python_type: &str) -> Result<(), TestCaseError>
where
    T: for<'py> FromPyObjectOwned<'py> + for<'py> IntoPyObject<'py> + Clone + PartialEq + Debug,
{
    let (back, name) = ironbridge::attach(|py| -> PyResult<_> {
        let object = value.clone().into_bound_py_any(py)?;
        let name = object.get_type().name()?.to_string();
        let back = object.extract::<T>().map_err(Into::<PyErr>::into)?;
        Ok((back, name))
    })
    .unwrap()
    .unwrap();
    prop_assert_eq!(&back, value);
    prop_assert!(
        python_type.split('|').any(|one| one == name),
        "{} is no {}",
        name,
        python_type
    );
    Ok(())
}

/// [`there_and_back`], of many values.
fn round_trip<S>(strategy: &S, python_type: &str)
where
    S: Strategy,
    S::Value:
        for<'py> FromPyObjectOwned<'py> + for<'py> IntoPyObject<'py> + Clone + PartialEq + Debug,
{
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(strategy, |value| there_and_back(&value, python_type));
    result.unwrap_or_else(|error| panic!("{error}"));
}

macro_rules! round_trips {
    ($($name:ident: $strategy:expr => $python_type:expr;)*) => {$(
        #[test]
        fn $name() {
            round_trip(&$strategy, $python_type);
        }
    )*};
}

fn floats() -> impl Strategy<Value = f64> {
    prop::num::f64::NORMAL
        | prop::num::f64::ZERO
        | prop::num::f64::INFINITE
        | prop::num::f64::SUBNORMAL
}

round_trips! {
    bools: any::<bool>() => "bool";
    integers_of_64_bits: any::<i64>() => "int";
    unsigned_integers_of_64_bits: any::<u64>() => "int";
    integers_of_128_bits: any::<i128>() => "int";
    small_integers: (any::<i8>(), any::<u8>(), any::<i16>(), any::<u16>(), any::<i32>(), any::<u32>()) => "tuple";
    floats_of_64_bits: floats() => "float";
    floats_of_32_bits: prop::num::f32::NORMAL => "float";
    text: any::<String>() => "str";
    characters: any::<char>() => "str";
    options: any::<Option<String>>() => "str|NoneType";
    lists: prop::collection::vec(any::<Option<i64>>(), 0..9) => "list";
    bytes: prop::collection::vec(any::<u8>(), 0..99) => "bytes";
    tuples: (any::<i64>(), any::<String>(), any::<bool>()) => "tuple";
    maps: prop::collection::hash_map(any::<String>(), floats(), 0..9) => "dict";
    ordered_maps: prop::collection::btree_map(any::<i64>(), any::<String>(), 0..9) => "dict";
    sets: prop::collection::hash_set(any::<i64>(), 0..9) => "set";
    ordered_sets: prop::collection::btree_set(any::<String>(), 0..9) => "set";
    nested: prop::collection::hash_map(any::<String>(), prop::collection::vec((any::<i64>(), any::<bool>()), 0..4), 0..4)
        => "dict";
    durations: (0..86_400_000_u64 * 1_000, 0..1_000_000_u32)
        .prop_map(|(s, us)| Duration::new(s / 1_000, us * 1_000)) => "timedelta";
    paths: "(/[a-zA-Z0-9 äöü本._-]{1,9}){1,4}".prop_map(PathBuf::from) => "PosixPath|WindowsPath|str";
    addresses: any::<std::net::IpAddr>() => "IPv4Address|IPv6Address";
}

#[cfg(unix)]
#[test]
fn paths_that_are_no_unicode_come_back() {
    use std::os::unix::ffi::OsStringExt as _;
    let path = PathBuf::from(std::ffi::OsString::from_vec(b"/tmp/\xff\xfe".to_vec()));
    there_and_back(&path, "PosixPath").unwrap();
}

/// A derived struct with all of the plain types, which have a way of their own into it.
#[derive(Debug, Clone, PartialEq, Python)]
struct All {
    a: bool,
    b: i8,
    c: u8,
    d: i64,
    e: u64,
    f: f32,
    g: f64,
    h: String,
    i: Option<String>,
    j: Option<i32>,
    k: Vec<Option<u16>>,
    l: HashMap<String, i64>,
    m: (i64, String),
    n: BTreeSet<i64>,
    o: BTreeMap<String, Vec<f64>>,
    p: HashSet<u8>,
    q: isize,
    r: usize,
}

prop_compose! {
    fn all()(
        (a, b, c, d, e, f) in (any::<bool>(), any::<i8>(), any::<u8>(), any::<i64>(), any::<u64>(), prop::num::f32::NORMAL),
        (g, h, i, j) in (floats(), any::<String>(), any::<Option<String>>(), any::<Option<i32>>()),
        k in prop::collection::vec(any::<Option<u16>>(), 0..4),
        l in prop::collection::hash_map(any::<String>(), any::<i64>(), 0..4),
        m in any::<(i64, String)>(),
        n in prop::collection::btree_set(any::<i64>(), 0..4),
        o in prop::collection::btree_map(any::<String>(), prop::collection::vec(floats(), 0..4), 0..4),
        p in prop::collection::hash_set(any::<u8>(), 0..4),
        (q, r) in any::<(isize, usize)>(),
    ) -> All {
        All { a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r }
    }
}

round_trips! {
    structs: all() => "dict";
    lists_of_structs: prop::collection::vec(all(), 0..3) => "list";
}

/// The short way of plain fields takes what `PyO3` takes, with the same value, and nothing else.
#[test]
fn plain_fields_are_read_as_pyo3_reads_them() {
    macro_rules! compare {
        ($($name:ident: $ty:ty),*) => {$(
            #[derive(Debug, Python)]
            struct $name { x: $ty }
            let values = [
                "0", "1", "-1", "127", "128", "255", "256", "2**31", "2**32 - 1", "2**63 - 1", "2**63", "2**64 - 1", "2**64",
                "-2**63", "-2**63 - 1", "True", "False", "None", "1.0", "1.5", "float('inf')", "1e300", "''", "'text'",
                "'ä本🦀'", "chr(0xdc80)", "b'x'", "[]", "(1,)", "{}", "type('I', (int,), {})(7)", "type('S', (str,), {})('s')",
                "type('F', (float,), {})(2.5)", "type('X', (), {'__index__': lambda self: 5})()", "1j", "object()",
            ];
            for value in values {
                ironbridge::attach(|py| {
                    let code = std::ffi::CString::new(value).unwrap();
                    let object = py.eval(&code, None, None).unwrap();
                    let dict = pyo3::types::PyDict::new(py);
                    dict.set_item("x", &object).unwrap();
                    let plain = object.extract::<$ty>().ok();
                    let derived = dict.extract::<$name>().ok().map(|value| value.x);
                    assert_eq!(format!("{plain:?}"), format!("{derived:?}"), "{value} as {}", stringify!($ty));
                    assert!(PyErr::take(py).is_none());
                }).unwrap();
            }
        )*};
    }
    use ironbridge::pyo3;
    compare!(
        I8: i8, I16: i16, I32: i32, I64: i64, Isize: isize, U8: u8, U16: u16, U32: u32, U64: u64, Usize: usize,
        F32: f32, F64: f64, Bool: bool, Text: String, MaybeText: Option<String>, MaybeFloat: Option<f64>
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn bytes_and_text_are_held_without_a_copy(bytes in prop::collection::vec(any::<u8>(), 0..99), text in any::<String>()) {
        ironbridge::attach(|py| {
            let object = pyo3_bytes(py, &bytes);
            let held: Bytes = object.extract().unwrap();
            assert_eq!(&*held, &*bytes);
            assert_eq!(held.as_ptr(), object.as_bytes().as_ptr());
            assert!((&held).into_bound_py_any(py).unwrap().is(&object));
            let object = ironbridge::pyo3::types::PyString::new(py, &text);
            let held: Str = object.extract().unwrap();
            assert_eq!(&*held, &*text);
            assert_eq!(held.as_ptr(), object.to_str().unwrap().as_ptr());
            assert!((&held).into_bound_py_any(py).unwrap().is(&object));
        })
        .unwrap();
    }
}

fn pyo3_bytes<'py>(
    py: ironbridge::pyo3::Python<'py>,
    bytes: &[u8],
) -> Bound<'py, ironbridge::pyo3::types::PyBytes> {
    ironbridge::pyo3::types::PyBytes::new(py, bytes)
}

#[cfg(feature = "jiff")]
mod with_jiff {
    use jiff::civil::{Date, DateTime, Time};
    use jiff::tz::{Offset, TimeZone};
    use jiff::{SignedDuration, Timestamp, Zoned};

    use super::*;

    fn date() -> impl Strategy<Value = Date> {
        (1..=9999_i16, 1..=12_i8, 1..=28_i8).prop_map(|(y, m, d)| jiff::civil::date(y, m, d))
    }

    fn time() -> impl Strategy<Value = Time> {
        (0..24_i8, 0..60_i8, 0..60_i8, 0..1_000_000_i32)
            .prop_map(|(h, m, s, us)| jiff::civil::time(h, m, s, us * 1_000))
    }

    fn timestamp() -> impl Strategy<Value = Timestamp> {
        (-60_000_000_000_i64..250_000_000_000, 0..1_000_000_i32)
            .prop_map(|(s, us)| Timestamp::new(s, us * 1_000).unwrap())
    }

    fn zoned() -> impl Strategy<Value = Zoned> {
        let zones = prop_oneof![
            Just(TimeZone::UTC),
            Just(TimeZone::get("Europe/Berlin").unwrap()),
            Just(TimeZone::get("America/New_York").unwrap()),
            (-43_200..43_200_i32).prop_map(|s| TimeZone::fixed(Offset::from_seconds(s).unwrap())),
        ];
        (timestamp(), zones).prop_map(|(timestamp, zone)| timestamp.to_zoned(zone))
    }

    fn duration() -> impl Strategy<Value = SignedDuration> {
        (-80_000_000_000_i64..80_000_000_000, 0..1_000_000_i32)
            .prop_map(|(s, us)| SignedDuration::new(s, us * 1_000))
    }

    round_trips! {
        dates: date() => "date";
        times: time() => "time";
        datetimes: (date(), time()).prop_map(|(d, t)| DateTime::from_parts(d, t)) => "datetime";
        timestamps: timestamp() => "datetime";
        zoned_datetimes: zoned() => "datetime";
        signed_durations: duration() => "timedelta";
    }
}

#[cfg(feature = "chrono")]
mod with_chrono {
    use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

    use super::*;

    fn date() -> impl Strategy<Value = NaiveDate> {
        (1..=9999_i32, 1..=12_u32, 1..=28_u32)
            .prop_map(|(y, m, d)| NaiveDate::from_ymd_opt(y, m, d).unwrap())
    }

    fn time() -> impl Strategy<Value = NaiveTime> {
        (0..24_u32, 0..60_u32, 0..60_u32, 0..1_000_000_u32)
            .prop_map(|(h, m, s, us)| NaiveTime::from_hms_micro_opt(h, m, s, us).unwrap())
    }

    round_trips! {
        dates: date() => "date";
        times: time() => "time";
        naive_datetimes: (date(), time()).prop_map(|(d, t)| NaiveDateTime::new(d, t)) => "datetime";
        utc_datetimes: (date(), time()).prop_map(|(d, t)| NaiveDateTime::new(d, t).and_utc()) => "datetime";
        durations: (-80_000_000_000_000_000_i64..80_000_000_000_000_000).prop_map(TimeDelta::microseconds) => "timedelta";
    }

    #[test]
    fn a_datetime_without_a_zone_is_no_utc() {
        let error =
            crate::help::refusal::<DateTime<Utc>>("__import__('datetime').datetime(2024, 1, 1)");
        assert!(error.contains("found datetime"), "{error}");
    }
}

#[cfg(feature = "rust_decimal")]
mod with_decimal {
    use rust_decimal::Decimal;

    use super::*;

    round_trips! {
        decimals: (any::<i64>(), 0..=18_u32).prop_map(|(digits, scale)| Decimal::new(digits, scale)) => "Decimal";
    }

    #[test]
    fn a_decimal_keeps_its_digits() {
        let shown = crate::help::shown("12.340".parse::<Decimal>().unwrap());
        assert_eq!(shown, "Decimal('12.340')");
    }
}

#[cfg(feature = "uuid")]
mod with_uuid {
    use super::*;

    round_trips! {
        uuids: any::<u128>().prop_map(uuid::Uuid::from_u128) => "UUID";
    }
}

#[cfg(feature = "num-bigint")]
mod with_bigint {
    use num_bigint::{BigInt, BigUint, Sign};

    use super::*;

    round_trips! {
        big_integers: (prop::collection::vec(any::<u32>(), 0..20), any::<bool>())
            .prop_map(|(digits, minus)| BigInt::from_slice(if minus { Sign::Minus } else { Sign::Plus }, &digits)) => "int";
        big_unsigned_integers: prop::collection::vec(any::<u32>(), 0..20).prop_map(|d| BigUint::from_slice(&d)) => "int";
    }
}

#[cfg(feature = "num-complex")]
mod with_complex {
    use num_complex::Complex64;

    use super::*;

    round_trips! {
        complex_numbers: (floats(), floats()).prop_map(|(re, im)| Complex64::new(re, im)) => "complex";
    }
}
