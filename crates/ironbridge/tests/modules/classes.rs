//! Classes: constructors, methods, properties, special methods; the state stays in Python.

use ironbridge::module::TypedClass;
use ironbridge::pyo3::prelude::*;
use ironbridge::{ErrorKind, Python, Result};

use crate::PYTHON;

#[derive(Debug, PartialEq, Python)]
#[python(class = "shop.Item")]
struct Item {
    name: String,
    count: u32,
}

#[ironbridge::module("shop")]
trait Shop {
    #[python(class)]
    fn basket(
        &self,
        owner: &str,
        #[python(keyword, default)] size: Option<usize>,
    ) -> Result<Basket>;
    #[python(name = "Basket.of")]
    fn basket_of(&self, owner: &str) -> Result<Basket>;
    #[python(name = "Basket.default")]
    fn default_basket(&self) -> Result<Basket>;
    #[python(get, name = "Basket.limit")]
    fn basket_limit(&self) -> Result<u32>;
    fn hamper(&self) -> Result<Basket>;
    fn owner_of(&self, basket: &Basket) -> Result<String>;
    fn no_basket(&self) -> Result<Basket>;
    fn make_item(&self, name: &str) -> Result<Item>;
}

#[ironbridge::class]
trait Basket {
    #[python(get)]
    fn owner(&self) -> Result<String>;
    #[python(get)]
    fn full(&self) -> Result<bool>;
    #[python(get)]
    fn note(&self) -> Result<String>;
    #[python(set = "note")]
    fn set_note(&self, text: &str) -> Result<()>;
    fn put(&self, item: &str, #[python(default)] times: Option<usize>) -> Result<usize>;
    #[python(name = "__len__")]
    fn len(&self) -> Result<usize>;
    #[python(name = "__getitem__")]
    fn get(&self, index: isize) -> Result<String>;
    #[python(name = "__setitem__")]
    fn set(&self, index: isize, item: &str) -> Result<()>;
    #[python(name = "__contains__")]
    fn contains(&self, item: &str) -> Result<bool>;
    #[python(name = "__call__")]
    fn call(&self, x: i64) -> Result<i64>;
}

/// Whatever has a length.
#[ironbridge::class(protocol)]
trait Sized_ {
    #[python(name = "__len__")]
    fn len(&self) -> Result<usize>;
}

#[ironbridge::module("shop")]
trait Loose {
    #[python(name = "Basket.default")]
    fn anything(&self) -> Result<Sized_>;
    fn no_basket(&self) -> Result<Sized_>;
}

fn shop() -> Shop {
    Shop::loader().module_path(PYTHON).load().expect("it fits")
}

#[test]
fn an_object_keeps_its_state_in_python() -> Result<()> {
    let basket = shop().basket("me", Some(2))?;
    assert_eq!(basket.put("tea", None)?, 1);
    assert!(!basket.full()?);
    let same = basket.clone();
    assert_eq!(same.put("milk", Some(2))?, 3);
    assert_eq!(basket.len()?, 3);
    assert!(basket.full()?);
    assert_eq!(basket.owner()?, "me");
    assert_eq!(basket.get(-1)?, "milk");
    basket.set(0, "jam")?;
    assert!(basket.contains("jam")? && !basket.contains("tea")?);
    assert_eq!(basket.call(10)?, 13);
    basket.set_note("fragile")?;
    assert_eq!(basket.note()?, "fragile");
    assert_eq!(format!("{basket:?}"), "Basket(<basket of me>)");
    let error = basket.get(9).unwrap_err();
    assert_eq!(error.to_string(), "IndexError: list index out of range");
    Ok(())
}

#[test]
fn static_and_class_methods_have_dotted_names() -> Result<()> {
    let shop = shop();
    assert_eq!(shop.basket_of("you")?.owner()?, "you");
    assert_eq!(shop.default_basket()?.owner()?, "nobody");
    assert_eq!(shop.basket_limit()?, 10);
    Ok(())
}

#[test]
fn objects_go_back_to_python_as_they_are() -> Result<()> {
    let shop = shop();
    let basket = shop.hamper()?; // a subclass will do
    assert_eq!(shop.owner_of(&basket)?, "grandmother");
    let same = ironbridge::attach(|py| {
        let Ok(back) = (&basket).into_pyobject(py);
        back.is(basket.object())
    })?;
    assert!(same);
    Ok(())
}

#[test]
fn another_class_is_refused_and_a_protocol_asks_for_none() -> Result<()> {
    let error = shop().no_basket().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert_eq!(
        error.to_string(),
        "no_basket(): expected Basket, found int 3"
    );
    let loose = Loose::loader().module_path(PYTHON).load()?;
    assert_eq!(loose.anything()?.len()?, 0);
    let error = loose.no_basket()?.len().unwrap_err();
    assert!(error.to_string().contains("__len__"), "{error}");
    Ok(())
}

#[test]
fn dataclasses_are_structs() -> Result<()> {
    let item = shop().make_item("tea")?;
    let expected = Item {
        name: "tea".to_owned(),
        count: 1,
    };
    assert_eq!(item, expected);
    Ok(())
}

#[test]
fn an_object_may_be_dropped_on_any_thread() -> Result<()> {
    let basket = shop().basket("me", None)?;
    std::thread::spawn(move || drop(basket))
        .join()
        .expect("it drops");
    Ok(())
}
