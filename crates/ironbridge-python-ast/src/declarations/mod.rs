//! What Python modules declare: functions, classes, aliases, and what their type hints mean.
//!
//! A [`Library`] finds and reads modules; [`Module`] is what one of them says, as plain data, with [`Hint`]s as they are
//! written. [`Library::resolve`] follows names through imports, aliases and re-exports, and gives the [`Type`] that a
//! hint means. Classes are told apart by [`Library::kind`].
//!
//! ```
//! use ironbridge_python_ast::declarations::{Declaration, Library, Module, Type};
//!
//! let library = Library::of_module(
//!     Module::read("shop", "shop.py".as_ref(), "def price(item: str) -> 'float | None': ...").unwrap(),
//! );
//! let module = library.target();
//! let Declaration::Function(price) = &module.entries[0].declaration else { panic!() };
//! let signature = price.signature().unwrap();
//! let returns = library.resolve(signature.returns.as_ref().unwrap(), &[]);
//! assert_eq!(returns, Type::Union(vec![Type::Float, Type::None]));
//! ```

mod classes;
mod conditions;
mod docstring;
mod files;
mod functions;
mod hint;
mod hints;
mod kinds;
mod library;
mod model;
mod names;
mod reader;
mod resolve;
mod special;
mod types;

pub use hint::{Hint, Line, QualifiedName};
pub use kinds::{ClassKind, DataField, DataKind};
pub use library::{Found, Library, ReadError, Root};
pub use model::{
    Alias, Class, Constant, Declaration, Decorator, Entry, Field, FieldOptions, Function,
    FunctionKind, Import, LiteralValue, Module, NewType, Parameter, ParameterKind, Signature,
    TypeVariable,
};
pub use types::{Dtype, Type};
