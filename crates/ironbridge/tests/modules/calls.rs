//! Functions, constants, and the ways to pass arguments.

use std::collections::HashMap;
use std::path::Path;

use ironbridge::{ErrorKind, Python, Result};

use crate::PYTHON;

#[derive(Debug, Default, Clone, PartialEq, Python)]
#[python(options)]
struct DescribeOptions {
    unit: Option<String>,
    price: Option<f64>,
}

#[derive(Debug, PartialEq, Python)]
struct Named {
    name: String,
}

#[ironbridge::module("shop")]
trait Shop {
    fn add(&self, a: i64, b: i64) -> Result<i64>;
    fn name_of(&self, path: &Path) -> Result<String>;
    fn describe(
        &self,
        item: &str,
        #[python(default)] count: Option<u32>,
        #[python(keyword, default)] unit: Option<&str>,
        #[python(keyword, default)] price: Option<Option<f64>>,
    ) -> Result<String>;
    #[python(name = "describe")]
    fn describe_in(&self, item: &str, #[python(keyword)] unit: &str, count: u32) -> Result<String>;
    #[python(name = "describe")]
    fn describe_with(
        &self,
        item: &str,
        #[python(options)] options: &DescribeOptions,
    ) -> Result<String>;
    fn total(
        &self,
        #[python(args)] values: &[i64],
        #[python(kwargs)] factors: &HashMap<String, i64>,
    ) -> Result<i64>;
    fn keywords(&self, #[python(kwargs)] values: Named) -> Result<Vec<String>>;
    #[python(name = "numbers")]
    fn one_and_more(&self, one: i64, #[python(args)] more: Vec<i64>) -> Result<Vec<i64>>;
    fn optional(&self, text: Option<&str>) -> Result<String>;
    fn fails(&self) -> Result<()>;
    fn bad(&self) -> Result<Vec<Named>>;
    #[python(name = "class_")]
    fn r#class(&self, value: i64) -> Result<i64>;
    #[allow(clippy::many_single_char_names)]
    fn many(
        &self,
        a: i8,
        b: i8,
        c: i8,
        d: i8,
        e: i8,
        f: i8,
        g: i8,
        h: i8,
        i: i8,
        j: i8,
        k: i8,
        l: i8,
        m: i8,
        n: i8,
        o: i8,
        p: i8,
        q: i8,
        r: i8,
    ) -> Result<Vec<i8>>;
    #[python(get)]
    #[python(name = "VERSION")]
    fn version(&self) -> Result<String>;
    #[python(get)]
    fn level(&self) -> Result<i64>;
    #[python(set = "level")]
    fn set_level(&self, level: i64) -> Result<()>;

    /// A method of Rust's own.
    fn add_three(&self, a: i64, b: i64, c: i64) -> Result<i64> {
        self.add(self.add(a, b)?, c)
    }
}

fn shop() -> Shop {
    Shop::loader().module_path(PYTHON).load().expect("it fits")
}

#[test]
fn arguments_go_by_place_and_by_name() -> Result<()> {
    let shop = shop();
    assert_eq!(shop.add(2, 3)?, 5);
    assert_eq!(shop.add_three(1, 2, 3)?, 6);
    assert_eq!(shop.r#class(4)?, 8);
    let path = shop.name_of(Path::new("/a/größe b.txt"))?;
    assert!(path.ends_with("Path:größe b.txt"), "{path}");
    assert_eq!(shop.describe_in("tea", "box", 2)?, "tea 2 box None");
    assert_eq!(shop.optional(None)?, "None");
    assert_eq!(shop.optional(Some("x"))?, "'x'");
    let all = shop.many(
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
    )?;
    assert_eq!(all, (1..=18).collect::<Vec<i8>>());
    Ok(())
}

#[test]
fn what_is_left_out_keeps_pythons_default() -> Result<()> {
    let shop = shop();
    assert_eq!(shop.describe("tea", None, None, None)?, "tea 1 pc None");
    assert_eq!(
        shop.describe("tea", Some(4), None, Some(None))?,
        "tea 4 pc None"
    );
    let described = shop.describe("tea", None, Some("box"), Some(Some(2.5)))?;
    assert_eq!(described, "tea 1 box 2.5");
    Ok(())
}

#[test]
fn options_pass_the_fields_that_are_set() -> Result<()> {
    let shop = shop();
    let mut options = DescribeOptions::default();
    assert_eq!(shop.describe_with("tea", &options)?, "tea 1 pc None");
    options.price = Some(0.5);
    assert_eq!(shop.describe_with("tea", &options)?, "tea 1 pc 0.5");
    Ok(())
}

#[test]
fn any_number_of_arguments_is_passed() -> Result<()> {
    let shop = shop();
    assert_eq!(shop.total(&[], &HashMap::new())?, 0);
    let factors = HashMap::from([("a".to_owned(), 2), ("b".to_owned(), 5)]);
    assert_eq!(shop.total(&[1, 2, 3], &factors)?, 60);
    let named = Named {
        name: "x".to_owned(),
    };
    assert_eq!(shop.keywords(named)?, ["name='x'"]);
    assert_eq!(shop.one_and_more(1, vec![2, 3])?, [1, 2, 3]);
    Ok(())
}

#[test]
fn constants_are_read_and_written() -> Result<()> {
    let shop = shop();
    assert_eq!(shop.version()?, "1.2");
    let before = shop.level()?;
    shop.set_level(before + 1)?;
    assert_eq!(shop.level()?, before + 1);
    Ok(())
}

#[test]
fn an_exception_names_the_place_of_the_call() {
    let error = shop().fails().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exception);
    let story = format!("{error:#}");
    assert!(story.contains("KeyError: 'nothing here'"), "{story}");
    assert!(story.contains("shop.py"), "{story}");
    assert!(story.contains("tests/modules/calls.rs:"), "{story}");
}

#[test]
fn a_result_of_the_wrong_type_names_its_path() {
    let error = shop().bad().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert_eq!(
        error.to_string(),
        "bad()[1].name: expected str, found int 7"
    );
}

#[test]
fn handles_are_shared_by_threads() {
    fn is_shared<T: Send + Sync + Clone + std::fmt::Debug>(_: &T) {}
    let shop = shop();
    is_shared(&shop);
    let shown = format!("{shop:?}");
    assert!(
        shown.starts_with("Shop(module shop from directory "),
        "{shown}"
    );
    std::thread::scope(|scope| {
        for number in 0..4 {
            let shop = shop.clone();
            scope.spawn(move || {
                for other in 0..200 {
                    assert_eq!(shop.add(number, other).expect("it adds"), number + other);
                }
            });
        }
    });
}
