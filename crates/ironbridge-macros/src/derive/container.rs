//! The type itself: its name, generics, and what `#[python(…)]` says of it.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{DeriveInput, GenericParam, Generics, LitStr, parse_quote};

use super::attributes::{self, Known, Part};
use super::errors::Errors;
use super::rename::Rule;

const KNOWN: Known = Known {
    place: "a type",
    names: &[
        ("class", "class = \"module.Class\""),
        ("dict", "dict"),
        ("attributes", "attributes"),
        ("rename_all", "rename_all = \"…\""),
        ("rename_all_fields", "rename_all_fields = \"…\""),
        ("deny_unknown", "deny_unknown"),
        ("skip_none", "skip_none"),
        ("options", "options"),
        ("tag", "tag = \"…\""),
        ("from_only", "from_only"),
        ("into_only", "into_only"),
    ],
};

/// A type that derives.
pub(super) struct Container<'a> {
    pub(super) ident: &'a Ident,
    pub(super) generics: &'a Generics,
    pub(super) class: Option<LitStr>,
    pub(super) dict: Option<Ident>,
    pub(super) attributes: Option<Ident>,
    pub(super) rename_all: Rule,
    pub(super) rename_all_fields: Rule,
    pub(super) deny_unknown: Option<Ident>,
    pub(super) skip_none: Option<Ident>,
    pub(super) options: Option<Ident>,
    pub(super) tag: Option<LitStr>,
    from_only: Option<Ident>,
    into_only: Option<Ident>,
}

impl<'a> Container<'a> {
    pub(super) fn read(input: &'a DeriveInput, errors: &mut Errors) -> Self {
        let mut parts = attributes::read(&input.attrs, &KNOWN, errors);
        let rename_all = Part::take_text(&mut parts, "rename_all", errors);
        let rename_fields = Part::take_text(&mut parts, "rename_all_fields", errors);
        let container = Self {
            ident: &input.ident,
            generics: &input.generics,
            class: Part::take_text(&mut parts, "class", errors),
            dict: Part::take_flag(&mut parts, "dict", errors),
            attributes: Part::take_flag(&mut parts, "attributes", errors),
            rename_all: Rule::read(rename_all.as_ref(), errors),
            rename_all_fields: Rule::read(rename_fields.as_ref(), errors),
            deny_unknown: Part::take_flag(&mut parts, "deny_unknown", errors),
            skip_none: Part::take_flag(&mut parts, "skip_none", errors),
            options: Part::take_flag(&mut parts, "options", errors),
            tag: Part::take_text(&mut parts, "tag", errors),
            from_only: Part::take_flag(&mut parts, "from_only", errors),
            into_only: Part::take_flag(&mut parts, "into_only", errors),
        };
        container.check(input, errors);
        container
    }

    fn check(&self, input: &DeriveInput, errors: &mut Errors) {
        let is_enum = matches!(input.data, syn::Data::Enum(_));
        if let Some(class) = &self.class {
            check_class(class, errors);
        }
        let mut clash = |one: Option<&dyn ToTokens>, other: bool, text: &str| {
            if let Some(one) = one
                && other
            {
                errors.at(&one.to_token_stream(), text);
            }
        };
        clash(
            token(self.attributes.as_ref()),
            self.dict.is_some(),
            "`dict` takes mappings only, `attributes` never: give one of them",
        );
        clash(
            token(self.into_only.as_ref()),
            self.from_only.is_some(),
            "`from_only` and `into_only` leave nothing: give one of them",
        );
        clash(
            token(self.tag.as_ref()),
            !is_enum,
            "`tag` is for enums: it tells their variants apart",
        );
        clash(
            token(self.options.as_ref()),
            is_enum,
            "`options` is for structs: each field is a keyword argument",
        );
        clash(
            token(self.options.as_ref()),
            self.class.is_some(),
            "`options` become the keywords of a call, never an object: leave `class` out",
        );
    }

    /// The name of the type, as text.
    pub(super) fn subject(&self) -> String {
        self.ident.to_string()
    }

    /// Whether it is converted from Python. What borrows cannot own what comes from there.
    pub(super) fn converts_from(&self) -> bool {
        self.into_only.is_none() && self.generics.lifetimes().next().is_none()
    }

    pub(super) fn converts_into(&self) -> bool {
        self.from_only.is_none()
    }

    /// Which objects the fields are read from.
    pub(super) fn from(&self) -> TokenStream {
        if self.dict.is_some() {
            quote!(__private::From::Mappings)
        } else if self.attributes.is_some() {
            quote!(__private::From::Attributes)
        } else {
            quote!(__private::From::Any)
        }
    }

    /// `impl … Trait for Type …` with the type's generics, the lifetimes before them and the bounds of its types.
    pub(super) fn implement(
        &self,
        lifetimes: &[&str],
        bound: Bound,
        of: &TokenStream,
        reference: bool,
        body: &TokenStream,
    ) -> TokenStream {
        let mut generics = self.generics.clone();
        let bounds: Vec<Ident> = self
            .generics
            .type_params()
            .map(|p| p.ident.clone())
            .collect();
        for lifetime in lifetimes.iter().rev() {
            let lifetime = syn::Lifetime::new(lifetime, proc_macro2::Span::call_site());
            generics
                .params
                .insert(0, GenericParam::Lifetime(parse_quote!(#lifetime)));
        }
        let clause = generics.make_where_clause();
        for parameter in bounds {
            clause.predicates.push(match bound {
                Bound::From => parse_quote!(#parameter: __private::FromPyObjectOwned<'__py>),
                Bound::Into => {
                    parse_quote!(for<'__each> &'__each #parameter: __private::IntoPyObject<'__py>)
                }
                Bound::IntoAny => parse_quote! {
                    for<'__each, '__any> &'__each #parameter: __private::IntoPyObject<'__any>
                },
            });
        }
        let (head, _, clause) = generics.split_for_impl();
        let (_, parameters, _) = self.generics.split_for_impl();
        let ident = self.ident;
        let reference = reference.then(|| quote!(&'__a));
        quote!(impl #head #of for #reference #ident #parameters #clause { #body })
    }

    /// `FromPyObject`, by an expression that may use `object`.
    pub(super) fn implement_from(&self, body: &TokenStream) -> TokenStream {
        if !self.converts_from() {
            return TokenStream::new();
        }
        self.implement(
            &["'__a", "'__py"],
            Bound::From,
            &quote!(__private::FromPyObject<'__a, '__py>),
            false,
            &quote! {
                type Error = __private::PyErr;
                fn extract(object: __private::Borrowed<'__a, '__py, __private::PyAny>) -> __private::PyResult<Self> {
                    #body
                }
            },
        )
    }

    /// `IntoPyObject` for the reference, by an expression that may use `self` and `py`, and for the value by that.
    pub(super) fn implement_into(&self, body: &TokenStream) -> TokenStream {
        if !self.converts_into() {
            return TokenStream::new();
        }
        let head = quote! {
            type Target = __private::PyAny;
            type Output = __private::Bound<'__py, __private::PyAny>;
            type Error = __private::PyErr;
        };
        let of = quote!(__private::IntoPyObject<'__py>);
        let by_reference = self.implement(
            &["'__a", "'__py"],
            Bound::Into,
            &of,
            true,
            &quote! {
                #head
                fn into_pyobject(self, py: __private::Python<'__py>) -> __private::PyResult<Self::Output> { #body }
            },
        );
        let by_value = self.implement(
            &["'__py"],
            Bound::Into,
            &of,
            false,
            &quote! {
                #head
                #[inline]
                fn into_pyobject(self, py: __private::Python<'__py>) -> __private::PyResult<Self::Output> {
                    __private::IntoPyObject::into_pyobject(&self, py)
                }
            },
        );
        quote!(#by_reference #by_value)
    }
}

fn token<T: ToTokens>(part: Option<&T>) -> Option<&dyn ToTokens> {
    part.map(|part| part as &dyn ToTokens)
}

/// What the types that a type is generic over must do.
#[derive(Clone, Copy)]
pub(super) enum Bound {
    From,
    Into,
    /// For any lifetime of the interpreter.
    IntoAny,
}

/// A class must be named with its module.
pub(super) fn check_class(class: &LitStr, errors: &mut Errors) {
    let value = class.value();
    let is_path = value.contains('.')
        && value.split('.').all(|name| {
            !name.is_empty()
                && !name.starts_with(|c: char| c.is_numeric())
                && name.chars().all(|c| c == '_' || c.is_alphanumeric())
        });
    if !is_path {
        errors.at(
            class,
            "expected the class with its module: `class = \"module.Class\"`",
        );
    }
}
