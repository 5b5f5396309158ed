//! What a field's type tells by its looks.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{GenericArgument, PathArguments, Type};

/// Where to show errors of a value of the type. Names resolve as they do for the whole expansion.
pub(super) fn span(ty: &Type) -> Span {
    Span::call_site().located_at(ty.span())
}

/// The last name of a path type, and its type arguments.
pub(super) fn parts(ty: &Type) -> Option<(String, Vec<&Type>)> {
    let path = match ty {
        Type::Path(path) if path.qself.is_none() => &path.path,
        Type::Group(group) => return parts(&group.elem),
        Type::Paren(paren) => return parts(&paren.elem),
        _ => return None,
    };
    let last = path.segments.last()?;
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
    Some((last.ident.to_string(), arguments))
}

/// The `T` of `Option<T>`, where the type is one.
pub(super) fn argument<'a>(ty: &'a Type, outer: &str) -> Option<&'a Type> {
    match parts(ty) {
        Some((name, arguments)) if name == outer && arguments.len() == 1 => Some(arguments[0]),
        _ => None,
    }
}

/// Whether values of the type cannot hold derived ones, which may hold others without end.
pub(super) fn is_leaf(ty: &Type) -> bool {
    if let Type::Tuple(tuple) = ty {
        return tuple.elems.iter().all(is_leaf);
    }
    if let Type::Array(array) = ty {
        return is_leaf(&array.elem);
    }
    let Some((name, arguments)) = parts(ty) else {
        return false;
    };
    match &*name {
        "str" | "char" | "i128" | "u128" | "PathBuf" | "Duration" | "Bytes" | "Str" => true,
        "Option" | "Vec" | "HashMap" | "BTreeMap" | "HashSet" | "BTreeSet" => {
            !arguments.is_empty() && arguments.into_iter().all(is_leaf)
        }
        _ => is_plain(ty),
    }
}

/// Whether a value of the type is read by the short way. Only a guess by the looks: the trait that has it decides.
pub(super) fn is_plain(ty: &Type) -> bool {
    let Some((name, arguments)) = parts(ty) else {
        return false;
    };
    match (&*name, &*arguments) {
        (
            "String" | "bool" | "f32" | "f64" | "i8" | "i16" | "i32" | "i64" | "isize" | "u8"
            | "u16" | "u32" | "u64" | "usize",
            [],
        ) => true,
        ("Option", [inner]) => is_plain(inner),
        _ => false,
    }
}
