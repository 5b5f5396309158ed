//! From Rust to Python objects.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
};

use super::failure::Failure;

type Object<'py> = Bound<'py, PyAny>;
type Done<'py> = Result<Object<'py>, Failure>;

/// Makes one object.
#[derive(Clone, Copy)]
pub(super) struct Serializer<'py>(pub(super) Python<'py>);

impl<'py> Serializer<'py> {
    fn object<T: IntoPyObject<'py>>(self, value: T) -> Done<'py> {
        Ok(value.into_bound_py_any(self.0)?)
    }

    fn items(self, length: Option<usize>, list: bool) -> Items<'py> {
        Items {
            serializer: self,
            done: Vec::with_capacity(length.unwrap_or(0).min(1 << 16)),
            list,
            variant: None,
        }
    }

    fn entries(self) -> Entries<'py> {
        Entries {
            serializer: self,
            dict: PyDict::new(self.0),
            key: None,
            variant: None,
        }
    }

    /// `{"Variant": content}`
    fn variant(self, name: &'static str, content: Object<'py>) -> Done<'py> {
        let dict = PyDict::new(self.0);
        dict.set_item(PyString::intern(self.0, name), content)?;
        Ok(dict.into_any())
    }
}

macro_rules! scalars {
    ($($method:ident: $rust:ty),*) => {$(
        fn $method(self, value: $rust) -> Done<'py> {
            self.object(value)
        }
    )*};
}

impl<'py> ser::Serializer for Serializer<'py> {
    type Ok = Object<'py>;
    type Error = Failure;
    type SerializeSeq = Items<'py>;
    type SerializeTuple = Items<'py>;
    type SerializeTupleStruct = Items<'py>;
    type SerializeTupleVariant = Items<'py>;
    type SerializeMap = Entries<'py>;
    type SerializeStruct = Entries<'py>;
    type SerializeStructVariant = Entries<'py>;

    scalars! {
        serialize_bool: bool,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
        serialize_f32: f32, serialize_f64: f64,
        serialize_char: char, serialize_str: &str
    }

    fn serialize_bytes(self, value: &[u8]) -> Done<'py> {
        Ok(PyBytes::new(self.0, value).into_any())
    }

    fn serialize_none(self) -> Done<'py> {
        self.serialize_unit()
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Done<'py> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Done<'py> {
        Ok(self.0.None().into_bound(self.0))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done<'py> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done<'py> {
        Ok(PyString::intern(self.0, variant).into_any())
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Done<'py> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Done<'py> {
        let content = value.serialize(self);
        self.variant(variant, content.map_err(|error| error.at_field(variant))?)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items<'py>, Failure> {
        Ok(self.items(length, true))
    }

    fn serialize_tuple(self, length: usize) -> Result<Items<'py>, Failure> {
        Ok(self.items(Some(length), false))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Items<'py>, Failure> {
        Ok(self.items(Some(length), false))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items<'py>, Failure> {
        let mut items = self.items(Some(length), false);
        items.variant = Some(variant);
        Ok(items)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'py>, Failure> {
        Ok(self.entries())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries<'py>, Failure> {
        Ok(self.entries())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries<'py>, Failure> {
        let mut entries = self.entries();
        entries.variant = Some(variant);
        Ok(entries)
    }
}

/// A list or tuple on its way.
pub(super) struct Items<'py> {
    serializer: Serializer<'py>,
    done: Vec<Object<'py>>,
    list: bool,
    variant: Option<&'static str>,
}

impl<'py> Items<'py> {
    fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Failure> {
        let index = self.done.len();
        let item = value.serialize(self.serializer);
        self.done.push(item.map_err(|error| {
            let error = error.at_index(index);
            self.variant.into_iter().fold(error, Failure::at_field)
        })?);
        Ok(())
    }

    fn finish(self) -> Done<'py> {
        let py = self.serializer.0;
        let object = if self.list {
            PyList::new(py, self.done)?.into_any()
        } else {
            PyTuple::new(py, self.done)?.into_any()
        };
        match self.variant {
            Some(variant) => self.serializer.variant(variant, object),
            None => Ok(object),
        }
    }
}

macro_rules! items {
    ($($of:ident::$method:ident),*) => {$(
        impl<'py> $of for Items<'py> {
            type Ok = Object<'py>;
            type Error = Failure;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Failure> {
                self.push(value)
            }

            fn end(self) -> Done<'py> {
                self.finish()
            }
        }
    )*};
}
items!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

/// A dict on its way.
pub(super) struct Entries<'py> {
    serializer: Serializer<'py>,
    dict: Bound<'py, PyDict>,
    key: Option<Object<'py>>,
    variant: Option<&'static str>,
}

impl<'py> Entries<'py> {
    fn set<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), Failure> {
        let object = value.serialize(self.serializer).map_err(|error| {
            let error = error.at_field(name);
            self.variant.into_iter().fold(error, Failure::at_field)
        })?;
        let name = PyString::intern(self.serializer.0, name);
        Ok(self.dict.set_item(name, object)?)
    }

    fn finish(self) -> Done<'py> {
        let dict = self.dict.into_any();
        match self.variant {
            Some(variant) => self.serializer.variant(variant, dict),
            None => Ok(dict),
        }
    }
}

impl<'py> SerializeMap for Entries<'py> {
    type Ok = Object<'py>;
    type Error = Failure;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Failure> {
        self.key = Some(key.serialize(self.serializer)?);
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Failure> {
        let key = self.key.take();
        let key = key.ok_or_else(Failure::out_of_order)?;
        let value = value.serialize(self.serializer);
        let value = value.map_err(|error| error.at_key(&key))?;
        match self.dict.set_item(&key, value) {
            Ok(()) => Ok(()),
            // A key that Python cannot hash: a list, a dict.
            Err(error) => Err(<Failure as ser::Error>::custom(error).at_key(&key)),
        }
    }

    fn end(self) -> Done<'py> {
        self.finish()
    }
}

macro_rules! entries {
    ($($of:ident),*) => {$(
        impl<'py> $of for Entries<'py> {
            type Ok = Object<'py>;
            type Error = Failure;

            fn serialize_field<T: ?Sized + Serialize>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Failure> {
                self.set(name, value)
            }

            fn end(self) -> Done<'py> {
                self.finish()
            }
        }
    )*};
}
entries!(SerializeStruct, SerializeStructVariant);
