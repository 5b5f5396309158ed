//! Names with a meaning of their own: the special forms of `typing`, and the classes that have a Rust counterpart.

use super::types::{Dtype, Type};

/// What a name means to a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    /// A type without arguments.
    Any,
    None,
    Bool,
    Int,
    Float,
    Complex,
    Str,
    Bytes,
    Path,
    DateTime,
    Date,
    Time,
    TimeDelta,
    Decimal,
    Uuid,
    SelfType,
    /// `str` or `bytes`, the same throughout a signature.
    AnyStr,
    // Forms with arguments.
    List,
    Tuple,
    Set,
    Dict,
    /// `Counter[T]`: a dict of counts.
    Counter,
    Iterable,
    Iterator,
    Generator,
    /// `AsyncIterator`, `AsyncIterable`, `AsyncGenerator`: what counts is the first argument.
    AsyncIterator,
    Callable,
    ContextManager,
    Awaitable,
    Coroutine,
    NdArray,
    NumpyArray,
    Dtype(Dtype),
    Literal,
    Union,
    Optional,
    /// `Annotated`, `Final`, `ClassVar`, `Required`, …: what counts is the first argument.
    Wrapper,
    /// `TypeGuard`, `TypeIs`.
    Guard,
    /// What has no counterpart, and why.
    Unknown(&'static str),
}

impl Special {
    pub(super) fn plain(self) -> Option<Type> {
        Some(match self {
            Self::Any => Type::Any,
            Self::None => Type::None,
            Self::Bool | Self::Guard => Type::Bool,
            Self::Int => Type::Int,
            Self::Float => Type::Float,
            Self::Complex => Type::Complex,
            Self::Str | Self::AnyStr => Type::Str,
            Self::Bytes => Type::Bytes,
            Self::Path => Type::Path,
            Self::DateTime => Type::DateTime,
            Self::Date => Type::Date,
            Self::Time => Type::Time,
            Self::TimeDelta => Type::TimeDelta,
            Self::Decimal => Type::Decimal,
            Self::Uuid => Type::Uuid,
            Self::SelfType => Type::SelfType,
            Self::Unknown(reason) => Type::Unknown(reason.to_owned()),
            Self::Dtype(dtype) => match dtype {
                Dtype::Bool => Type::Bool,
                Dtype::Float16 | Dtype::Float32 | Dtype::Float64 => Type::Float,
                Dtype::Complex64 | Dtype::Complex128 => Type::Complex,
                _ => Type::Int,
            },
            _ => return None,
        })
    }
}

/// Looks a full dotted name up.
pub(super) fn special(full: &str) -> Option<Special> {
    let (module, name) = full.rsplit_once('.')?;
    match module {
        "typing" | "typing_extensions" | "collections.abc" | "_collections_abc" | "contextlib"
        | "collections" | "types" => typing(name),
        "builtins" => builtin(name),
        "numpy" | "numpy.typing" | "numpy._typing" => numpy(name),
        "os" if name == "PathLike" => Some(Special::Path),
        "pathlib" => matches!(
            name,
            "Path" | "PurePath" | "PosixPath" | "PurePosixPath" | "WindowsPath" | "PureWindowsPath"
        )
        .then_some(Special::Path),
        "_typeshed" => match name {
            "StrPath" | "StrOrBytesPath" | "GenericPath" | "FileDescriptorOrPath" => {
                Some(Special::Path)
            }
            "ReadableBuffer" | "ReadOnlyBuffer" | "BytesPath" => Some(Special::Bytes),
            "WriteableBuffer" => Some(Special::Unknown("a buffer that is written into")),
            "Incomplete" | "Unused" | "MaybeNone" => Some(Special::Any),
            "ConvertibleToInt" => Some(Special::Int),
            "ConvertibleToFloat" => Some(Special::Float),
            _ => None,
        },
        "datetime" => match name {
            "datetime" => Some(Special::DateTime),
            "date" => Some(Special::Date),
            "time" => Some(Special::Time),
            "timedelta" => Some(Special::TimeDelta),
            _ => None,
        },
        "decimal" => (name == "Decimal").then_some(Special::Decimal),
        "uuid" => (name == "UUID").then_some(Special::Uuid),
        "numbers" => match name {
            "Number" | "Real" => Some(Special::Float),
            "Integral" => Some(Special::Int),
            "Complex" => Some(Special::Complex),
            _ => None,
        },
        _ => None,
    }
}

fn builtin(name: &str) -> Option<Special> {
    Some(match name {
        "object" => Special::Any,
        "bool" => Special::Bool,
        "int" => Special::Int,
        "float" => Special::Float,
        "complex" => Special::Complex,
        "str" => Special::Str,
        "bytes" | "bytearray" | "memoryview" => Special::Bytes,
        "list" => Special::List,
        "tuple" => Special::Tuple,
        "set" | "frozenset" => Special::Set,
        "dict" => Special::Dict,
        "range" => Special::Unknown("a `range`"),
        "slice" => Special::Unknown("a `slice`"),
        "type" => Special::Unknown("a class object"),
        "map" | "filter" | "reversed" => Special::Iterator,
        "enumerate" | "zip" => Special::Unknown("an iterator of pairs of unknown types"),
        _ => return None,
    })
}

fn typing(name: &str) -> Option<Special> {
    Some(match name {
        // What is only known to be hashable or sized is any object.
        "Any" | "AnyType" | "Hashable" | "Sized" | "Container" => Special::Any,
        "NoneType" | "NoReturn" | "Never" => Special::None,
        "Text" | "LiteralString" => Special::Str,
        "ByteString" | "Buffer" | "SupportsBytes" => Special::Bytes,
        "AnyStr" => Special::AnyStr,
        "Self" => Special::SelfType,
        "SupportsInt" | "SupportsIndex" | "SupportsRound" => Special::Int,
        "SupportsFloat" | "SupportsAbs" => Special::Float,
        "SupportsComplex" => Special::Complex,
        "List" | "Sequence" | "MutableSequence" | "Collection" | "Deque" | "deque" | "KeysView"
        | "ValuesView" | "Reversible" => Special::List,
        "Tuple" => Special::Tuple,
        "Set" | "AbstractSet" | "FrozenSet" | "MutableSet" => Special::Set,
        "Dict" | "Mapping" | "MutableMapping" | "DefaultDict" | "defaultdict" | "OrderedDict"
        | "ChainMap" | "MappingProxyType" => Special::Dict,
        "Counter" => Special::Counter,
        "Iterable" => Special::Iterable,
        "Iterator" => Special::Iterator,
        "Generator" => Special::Generator,
        "Callable" | "FunctionType" => Special::Callable,
        "ContextManager"
        | "AbstractContextManager"
        | "nullcontext"
        | "closing"
        | "_GeneratorContextManager" => Special::ContextManager,
        "Awaitable" => Special::Awaitable,
        "Coroutine" | "CoroutineType" => Special::Coroutine,
        "Literal" => Special::Literal,
        "Union" => Special::Union,
        "Optional" => Special::Optional,
        "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired" | "ReadOnly" => {
            Special::Wrapper
        }
        "TypeGuard" | "TypeIs" => Special::Guard,
        "Type" => Special::Unknown("a class object"),
        "AsyncIterator" | "AsyncIterable" | "AsyncGenerator" => Special::AsyncIterator,
        "AsyncContextManager" | "AbstractAsyncContextManager" | "_AsyncGeneratorContextManager" => {
            Special::Unknown("an asynchronous context manager")
        }
        "IO" | "TextIO" | "BinaryIO" => Special::Unknown("a file object"),
        "Pattern" | "Match" => Special::Unknown("a regular expression"),
        "ModuleType" => Special::Unknown("a module"),
        "ItemsView" => Special::Unknown("a view of pairs"),
        "TracebackType" | "FrameType" | "CodeType" => Special::Unknown("an object of CPython"),
        "ParamSpecArgs" | "ParamSpecKwargs" | "Concatenate" | "Unpack" | "TypeVarTuple" => {
            Special::Unknown("parameters that a variable stands for")
        }
        _ => return None,
    })
}

fn numpy(name: &str) -> Option<Special> {
    Some(match name {
        "ndarray" => Special::NumpyArray,
        "NDArray" => Special::NdArray,
        "ArrayLike" => Special::Unknown("`ArrayLike` is more than an array"),
        "bool" | "bool_" => Special::Dtype(Dtype::Bool),
        "int8" | "byte" => Special::Dtype(Dtype::Int8),
        "int16" | "short" => Special::Dtype(Dtype::Int16),
        "int32" | "intc" => Special::Dtype(Dtype::Int32),
        "int64" | "int_" | "intp" | "longlong" => Special::Dtype(Dtype::Int64),
        "uint8" | "ubyte" => Special::Dtype(Dtype::UInt8),
        "uint16" | "ushort" => Special::Dtype(Dtype::UInt16),
        "uint32" | "uintc" => Special::Dtype(Dtype::UInt32),
        "uint64" | "uint" | "uintp" | "ulonglong" => Special::Dtype(Dtype::UInt64),
        "float16" | "half" => Special::Dtype(Dtype::Float16),
        "float32" | "single" => Special::Dtype(Dtype::Float32),
        "float64" | "double" | "float_" => Special::Dtype(Dtype::Float64),
        "complex64" | "csingle" => Special::Dtype(Dtype::Complex64),
        "complex128" | "cdouble" | "complex_" => Special::Dtype(Dtype::Complex128),
        _ => return None,
    })
}
