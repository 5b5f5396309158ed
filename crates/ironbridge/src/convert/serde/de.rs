//! From Python objects to Rust.

use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyIterator, PyMapping,
    PySequence, PySet, PyString,
};
use serde::de::{
    self, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::failure::{Failure, one_of};
use crate::convert::depth::deeper;

type Object<'py> = Bound<'py, PyAny>;

/// Reads one object.
pub(super) struct Deserializer<'a, 'py>(&'a Object<'py>);

impl<'a, 'py> Deserializer<'a, 'py> {
    pub(super) fn new(object: &'a Object<'py>) -> Self {
        Self(object)
    }

    fn visit<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Failure> {
        let object = self.0;
        if let Ok(text) = object.cast::<PyString>() {
            match text.to_str() {
                Ok(text) => visitor.visit_str(text),
                Err(_) => Err(Failure::expected("text without lone surrogates")),
            }
        } else if object.is_none() {
            visitor.visit_unit()
        } else if let Ok(value) = object.cast::<PyBool>() {
            visitor.visit_bool(value.is_true())
        } else if object.is_instance_of::<PyInt>() {
            self.visit_integer(visitor)
        } else if let Ok(value) = object.cast::<PyFloat>() {
            visitor.visit_f64(value.value())
        } else if object.is_instance_of::<PyDict>() || object.cast::<PyMapping>().is_ok() {
            self.visit_mapping(visitor)
        } else if let Ok(bytes) = object.cast::<PyBytes>() {
            visitor.visit_bytes(bytes.as_bytes())
        } else if let Ok(bytes) = object.cast::<PyByteArray>() {
            visitor.visit_byte_buf(bytes.to_vec())
        } else if object.is_instance_of::<PySet>()
            || object.is_instance_of::<PyFrozenSet>()
            || object.cast::<PySequence>().is_ok()
        {
            self.visit_items(visitor)
        } else if let Ok(value) = object.extract::<f64>() {
            // A number of another library: `numpy.float32`, `Decimal`.
            visitor.visit_f64(value)
        } else {
            Err(de::Error::invalid_type(
                Unexpected::Other("an object"),
                &visitor,
            ))
        }
    }

    fn visit_integer<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Failure> {
        if let Ok(value) = self.0.extract::<i64>() {
            visitor.visit_i64(value)
        } else if let Ok(value) = self.0.extract::<u64>() {
            visitor.visit_u64(value)
        } else if let Ok(value) = self.0.extract::<i128>() {
            visitor.visit_i128(value)
        } else if let Ok(value) = self.0.extract::<u128>() {
            visitor.visit_u128(value)
        } else {
            Err(de::Error::invalid_value(
                Unexpected::Other("an int"),
                &visitor,
            ))
        }
    }

    fn visit_items<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Failure> {
        let _level = deeper(self.0.py())?;
        let mut items = Items {
            left: self.0.len().ok(),
            iterator: self.0.try_iter()?,
            index: 0,
        };
        let value = visitor.visit_seq(&mut items)?;
        match items.iterator.next() {
            None => Ok(value),
            Some(_) => Err(Failure::expected(format!("{} items", items.index))),
        }
    }

    fn visit_mapping<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Failure> {
        let _level = deeper(self.0.py())?;
        let items = self.0.call_method0("items")?.try_iter()?;
        visitor.visit_map(Entries { items, entry: None })
    }

    /// An object that is no mapping gives its attributes.
    fn visit_fields<'de, V: Visitor<'de>>(
        &self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let _level = deeper(self.0.py())?;
        visitor.visit_map(Attributes {
            object: self.0,
            fields: fields.iter(),
            current: None,
        })
    }

    fn has_fields(&self) -> bool {
        let object = self.0;
        object.hasattr("__dict__").unwrap_or(false)
            || object.hasattr("__slots__").unwrap_or(false)
            || object.hasattr("_fields").unwrap_or(false)
    }
}

impl<'de> de::Deserializer<'de> for Deserializer<'_, '_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.visit(visitor).map_err(|error| error.found(self.0))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.0.is_none() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let by_keys = self.0.is_instance_of::<PyDict>() || self.0.cast::<PyMapping>().is_ok();
        if !by_keys && self.has_fields() {
            return self
                .visit_fields(fields, visitor)
                .map_err(|error| error.found(self.0));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let object = self.0;
        let result = if object.is_instance_of::<PyString>() {
            visitor.visit_enum(Variant {
                name: object.clone(),
                content: None,
            })
        } else {
            let Some((name, content)) = only_entry(object)? else {
                let wanted = format!("{}, or a dict with one of them", one_of(variants));
                return Err(Failure::expected(wanted).found(object));
            };
            visitor.visit_enum(Variant {
                name,
                content: Some(content),
            })
        };
        result.map_err(|error| error.found(object))
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string byte_buf unit unit_struct seq tuple
        tuple_struct map identifier
    }
}

/// The only entry of a dict of one.
fn only_entry<'py>(object: &Object<'py>) -> PyResult<Option<(Object<'py>, Object<'py>)>> {
    let Ok(mapping) = object.cast::<PyMapping>() else {
        return Ok(None);
    };
    if mapping.len()? != 1 {
        return Ok(None);
    }
    mapping.items()?.get_item(0)?.extract().map(Some)
}

struct Items<'py> {
    iterator: Bound<'py, PyIterator>,
    left: Option<usize>,
    index: usize,
}

impl<'de> SeqAccess<'de> for &mut Items<'_> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failure> {
        let Some(item) = self.iterator.next() else {
            return Ok(None);
        };
        let item = item?;
        let index = self.index;
        self.index += 1;
        self.left = self.left.map(|left| left.saturating_sub(1));
        let value = seed.deserialize(Deserializer(&item));
        value.map(Some).map_err(|error| error.at_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        self.left
    }
}

struct Entries<'py> {
    items: Bound<'py, PyIterator>,
    entry: Option<(Object<'py>, Object<'py>)>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        let Some(item) = self.items.next() else {
            return Ok(None);
        };
        let (key, value) = item?.extract::<(Object<'_>, Object<'_>)>()?;
        let name = seed.deserialize(Deserializer(&key));
        let name = name.map_err(|error| match key.repr() {
            Ok(key) => error.at(format!(" key {key}")),
            Err(_) => error,
        })?;
        self.entry = Some((key, value));
        Ok(Some(name))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let entry = self.entry.take();
        let (key, value) = entry.ok_or_else(Failure::out_of_order)?;
        seed.deserialize(Deserializer(&value)).map_err(|error| {
            // A struct's field and a map's key look alike here; both are told as the field, where it could be one.
            match key
                .cast::<PyString>()
                .ok()
                .and_then(|key| key.to_str().ok())
            {
                Some(name) => error.at_field(name),
                None => error.at_key(&key),
            }
        })
    }
}

/// The fields of an object that has them as attributes.
struct Attributes<'a, 'py> {
    object: &'a Object<'py>,
    fields: std::slice::Iter<'static, &'static str>,
    current: Option<(&'static str, Object<'py>)>,
}

impl<'de> MapAccess<'de> for Attributes<'_, '_> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        for field in self.fields.by_ref() {
            if let Some(value) = self.object.getattr_opt(*field)? {
                self.current = Some((field, value));
                let name = de::value::BorrowedStrDeserializer::new(field);
                return seed.deserialize(name).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let current = self.current.take();
        let (name, value) = current.ok_or_else(Failure::out_of_order)?;
        let value = seed.deserialize(Deserializer(&value));
        value.map_err(|error| error.at_field(name))
    }
}

/// A variant's name, and its content where it has one.
struct Variant<'py> {
    name: Object<'py>,
    content: Option<Object<'py>>,
}

impl<'de, 'py> EnumAccess<'de> for Variant<'py> {
    type Error = Failure;
    type Variant = Content<'py>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Content<'py>), Failure> {
        let variant = seed.deserialize(Deserializer(&self.name))?;
        Ok((variant, Content(self.name, self.content)))
    }
}

struct Content<'py>(Object<'py>, Option<Object<'py>>);

impl<'py> Content<'py> {
    fn read<R>(
        self,
        read: impl FnOnce(Deserializer<'_, 'py>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let Self(name, content) = self;
        let Some(content) = content else {
            return Err(Failure::expected(format!("a dict with {}", name.repr()?)));
        };
        read(Deserializer(&content)).map_err(|error| error.at_key(&name))
    }
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        match self.1 {
            None => Ok(()),
            Some(content) if content.is_none() => Ok(()),
            Some(_) => Err(Failure::expected(format!("{} alone", self.0.repr()?))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Failure> {
        self.read(|content| seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.read(|content| de::Deserializer::deserialize_seq(content, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.read(|content| de::Deserializer::deserialize_struct(content, "", fields, visitor))
    }
}
