//! What stands in the attributes: `#[module("name", source = "…")]`, `#[class("Name", protocol)]`, `#[python(…)]`.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Ident, LitStr, Token};

/// `#[module("embedders", source = "python/embedders.py")]`.
pub(crate) struct ModuleSettings {
    /// The module's dotted name.
    pub(crate) name: LitStr,
    /// A file, relative to the package, whose text is carried in the program.
    pub(crate) source: Option<LitStr>,
}

impl Parse for ModuleSettings {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: LitStr = input.parse().map_err(|error| {
            syn::Error::new(
                error.span(),
                "expected the Python module's name: `#[module(\"package.module\")]`",
            )
        })?;
        let text = name.value();
        if !text.split('.').all(is_python_name) {
            let message =
                format!("`{text}` is no name of a Python module, such as `package.module`");
            return Err(syn::Error::new(name.span(), message));
        }
        let mut source = None;
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key: Ident = input.parse()?;
            if key != "source" {
                let message = format!("unknown setting `{key}`; there is `source = \"file.py\"`");
                return Err(syn::Error::new(key.span(), message));
            }
            input.parse::<Token![=]>()?;
            source = Some(input.parse()?);
        }
        Ok(Self { name, source })
    }
}

/// `#[class]`, `#[class("Encoder")]`, `#[class(protocol)]`.
#[derive(Default)]
pub(crate) struct ClassSettings {
    /// The class's name, where it is not the trait's.
    pub(crate) name: Option<LitStr>,
    /// Whether every object will do whose members fit.
    pub(crate) protocol: bool,
}

impl Parse for ClassSettings {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut settings = Self::default();
        while !input.is_empty() {
            if input.peek(LitStr) {
                let name: LitStr = input.parse()?;
                if !is_python_name(&name.value()) {
                    return Err(syn::Error::new(
                        name.span(),
                        "this is no name of a Python class; where it stands is the module's business",
                    ));
                }
                settings.name = Some(name);
            } else {
                let key: Ident = input.parse()?;
                if key != "protocol" {
                    let message = format!(
                        "unknown setting `{key}`; there are the class's name in quotes, and `protocol`"
                    );
                    return Err(syn::Error::new(key.span(), message));
                }
                settings.protocol = true;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(settings)
    }
}

/// One item of `#[python(…)]`: `keyword`, `name = "type"`.
pub(crate) struct PythonItem {
    pub(crate) key: Ident,
    pub(crate) value: Option<LitStr>,
}

impl PythonItem {
    pub(crate) fn span(&self) -> Span {
        self.key.span()
    }
}

impl Parse for PythonItem {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.call(syn::ext::IdentExt::parse_any)?;
        let value = if input.parse::<Option<Token![=]>>()?.is_some() {
            Some(input.parse()?)
        } else {
            None
        };
        Ok(Self { key, value })
    }
}

/// Takes `#[python(…)]` out of the attributes and gives its items.
pub(crate) fn take_python(attributes: &mut Vec<Attribute>) -> syn::Result<Vec<PythonItem>> {
    let mut items = Vec::new();
    let mut errors = Errors::default();
    attributes.retain(|attribute| {
        if !attribute.path().is_ident("python") {
            return true;
        }
        let parsed =
            attribute.parse_args_with(Punctuated::<PythonItem, Token![,]>::parse_terminated);
        match parsed {
            Ok(parsed) => items.extend(parsed),
            Err(error) => errors.push(error),
        }
        false
    });
    errors.finish(items)
}

/// Several errors, reported together.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn at(&mut self, place: &impl Spanned, message: impl std::fmt::Display) {
        self.push(syn::Error::new(place.span(), message));
    }

    /// The value, or what was wrong.
    pub(crate) fn finish<T>(self, value: T) -> syn::Result<T> {
        self.0.map_or(Ok(value), Err)
    }

    /// The value of a result; its error is kept.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }
}

/// Whether the text is spelled as a Python name.
pub(crate) fn is_python_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|c| c.is_alphanumeric() || c == '_')
}
