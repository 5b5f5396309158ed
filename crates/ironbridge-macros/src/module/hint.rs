//! Rust types in Python's words, for the contract: `&[String]` is `list[str]`.
//!
//! A macro sees names, not types. A name that could be anything is `Any`, which fits everything, so that the contract
//! never refuses what would work.

use syn::{GenericArgument, PathArguments, Type};

use super::parameter::is_closure;

/// The Python type hint of a Rust type. The names in it are those that `contract.py` knows.
pub(crate) fn hint(ty: &Type) -> String {
    match ty {
        Type::Reference(reference) => hint(&reference.elem),
        Type::Paren(paren) => hint(&paren.elem),
        Type::Group(group) => hint(&group.elem),
        Type::Slice(slice) => list(&slice.elem),
        Type::Array(array) => list(&array.elem),
        Type::Tuple(tuple) if tuple.elems.is_empty() => "None".to_owned(),
        Type::Tuple(tuple) => {
            let items: Vec<String> = tuple.elems.iter().map(hint).collect();
            format!("tuple[{}]", items.join(", "))
        }
        Type::ImplTrait(_) if is_closure(ty) => "Callable".to_owned(),
        Type::Path(path) => path.path.segments.last().map_or_else(any, |last| {
            let arguments = match &last.arguments {
                PathArguments::AngleBracketed(arguments) => arguments
                    .args
                    .iter()
                    .filter_map(|argument| match argument {
                        GenericArgument::Type(ty) => Some(ty),
                        _ => None,
                    })
                    .collect(),
                _ => Vec::new(),
            };
            named(&last.ident.to_string(), &arguments)
        }),
        _ => any(),
    }
}

fn any() -> String {
    "Any".to_owned()
}

fn list(item: &Type) -> String {
    match &*hint(item) {
        // Rust's bytes become `bytes`, and come from several types.
        "int" if is_byte(item) => any(),
        item => format!("list[{item}]"),
    }
}

fn is_byte(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("u8"))
}

fn named(name: &str, arguments: &[&Type]) -> String {
    let simple = match name {
        "bool" => "bool",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128"
        | "usize" | "BigInt" | "BigUint" => "int",
        "f32" | "f64" => "float",
        "Complex" | "Complex32" | "Complex64" => "complex",
        "str" | "String" | "char" | "PyBackedStr" | "Str" => "str",
        "Path" | "PathBuf" => "Path",
        "PyBackedBytes" | "Bytes" => "bytes",
        "Duration" => "timedelta",
        "Decimal" => "Decimal",
        "Uuid" => "UUID",
        "Callback" | "Function" => "Callable",
        _ => "",
    };
    if !simple.is_empty() {
        return simple.to_owned();
    }
    match (name, arguments) {
        ("Option", [inner]) => match &*hint(inner) {
            "Any" => any(),
            inner => format!("{inner} | None"),
        },
        ("Box" | "Arc" | "Rc" | "Cow", [inner]) => hint(inner),
        ("Vec" | "VecDeque", [item, ..]) => list(item),
        ("HashSet" | "BTreeSet" | "IndexSet", [item, ..]) => format!("set[{}]", hint(item)),
        ("HashMap" | "BTreeMap" | "IndexMap", [key, value, ..]) => {
            format!("dict[{}, {}]", hint(key), hint(value))
        }
        ("Iter" | "Generator", [item, ..]) => format!("Iterator[{}]", hint(item)),
        ("AsyncIter", [item]) => format!("AsyncIterator[{}]", hint(item)),
        _ => any(),
    }
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn rust_types_have_python_names() {
        for (rust, python) in [
            ("&[String]", "list[str]"),
            ("&[u8]", "Any"),
            ("Option<&Path>", "Path | None"),
            ("HashMap<String, Vec<f32>>", "dict[str, list[float]]"),
            ("(i64, bool)", "tuple[int, bool]"),
            ("()", "None"),
            ("Option<Analysis>", "Any"),
            ("impl Fn(u64) -> Result<()> + Send + 'static", "Callable"),
            ("std::borrow::Cow<'_, str>", "str"),
            ("ironbridge::AsyncIter<String>", "AsyncIterator[str]"),
        ] {
            let ty = syn::parse_str(rust).expect("a Rust type");
            assert_eq!(hint(&ty), python, "{rust}");
        }
    }
}
