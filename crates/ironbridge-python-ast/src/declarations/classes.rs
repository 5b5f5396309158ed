//! Reads classes: bodies, and the functional forms of named tuples, typed dicts and enums.

use std::rc::Rc;

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::conditions::branches;
use super::docstring;
use super::hint::{Hint, QualifiedName};
use super::hints;
use super::model::{Class, Declaration, Field, FieldOptions};
use super::reader::Reader;

impl Reader<'_> {
    pub(super) fn class(&mut self, definition: &ast::StmtClassDef) -> Class {
        let name = self.names.nest(definition.name.as_str());
        let type_parameters = definition.type_params.as_deref();
        self.names.open_type_parameters(type_parameters);
        let arguments = definition.arguments.as_deref();
        let bases = arguments.map_or_else(Vec::new, |arguments| {
            arguments.args.iter().map(|it| self.hint(it)).collect()
        });
        let decorators = definition.decorator_list.iter();
        let mut class = Class {
            name: QualifiedName::new(&*self.names.module, &*name),
            docs: docstring::of_body(&definition.body),
            line: self.line(definition.name.range),
            bases,
            flags: arguments.map_or_else(Vec::new, |it| hints::flags(&it.keywords)),
            type_parameters: hints::type_parameters(&self.names, self.source, type_parameters),
            decorators: decorators
                .map(|it| hints::decorator(&self.names, self.source, &it.expression))
                .collect(),
            fields: Vec::new(),
            attributes: Vec::new(),
            methods: Vec::new(),
            classes: Vec::new(),
        };
        self.names.open_class(&name, &definition.body);
        self.class_body(&definition.body, &mut class, false);
        self.names.close_class();
        self.names.close_type_parameters();
        class
    }

    fn class_body(&mut self, body: &[Stmt], class: &mut Class, keep: bool) {
        for (number, statement) in body.iter().enumerate() {
            let docs = || body.get(number + 1).and_then(docstring::of_statement);
            match statement {
                Stmt::FunctionDef(definition) => self.method(definition, class, keep),
                Stmt::ClassDef(definition) => {
                    let nested = Rc::new(self.class(definition));
                    class.classes.push(nested);
                }
                Stmt::AnnAssign(assign) => {
                    if let Expr::Name(name) = &*assign.target {
                        let hint = Some(self.hint(&assign.annotation));
                        let field = self.field(name, hint, assign.value.as_deref(), docs());
                        add(&mut class.fields, field, keep);
                    }
                }
                Stmt::Assign(assign) => {
                    for target in &assign.targets {
                        let targets = match target {
                            Expr::Tuple(tuple) => &*tuple.elts,
                            single => std::slice::from_ref(single),
                        };
                        for target in targets {
                            if let Expr::Name(name) = target {
                                let value = (targets.len() == 1).then_some(&*assign.value);
                                let field = self.field(name, None, value, docs());
                                add(&mut class.fields, field, keep);
                            }
                        }
                    }
                }
                other => {
                    let Some(branches) = branches(other) else {
                        continue;
                    };
                    for (number, body) in branches.bodies.into_iter().enumerate() {
                        self.class_body(body, class, keep || number > 0);
                    }
                }
            }
        }
    }

    fn method(&mut self, definition: &ast::StmtFunctionDef, class: &mut Class, keep: bool) {
        let name = definition.name.as_str();
        let earlier = class.methods.iter().position(|it| it.name == name);
        let before = earlier.map(|index| Rc::clone(&class.methods[index]));
        let Some(function) = self.function(definition, true, before.as_deref()) else {
            return;
        };
        let function = Rc::new(function);
        if name == "__init__" && !self.is_stub && function.implementation.is_some() {
            class.attributes = self.attributes(&definition.body, &function);
        }
        match (earlier, &before) {
            (Some(_), Some(before)) if keep && before.implementation.is_some() => {}
            (Some(index), _) => class.methods[index] = function,
            (None, _) => class.methods.push(function),
        }
    }

    fn field(
        &mut self,
        name: &ast::ExprName,
        hint: Option<Hint>,
        value: Option<&Expr>,
        docs: Option<String>,
    ) -> Field {
        Field {
            name: name.id.as_str().to_owned(),
            hint,
            value: value.map(|value| hints::text(self.source, value)),
            literal: value.and_then(hints::literal),
            options: value.map(|it| self.field_options(it)).unwrap_or_default(),
            docs,
            line: self.line(name.range),
        }
    }

    /// What `field(…)`, `attrs.field(…)`, `Field(…)` say.
    fn field_options(&self, value: &Expr) -> FieldOptions {
        let Expr::Call(call) = value else {
            return FieldOptions::default();
        };
        let Some(function) = self.names.qualify(&call.func) else {
            return FieldOptions::default();
        };
        let last = function.name.rsplit('.').next().unwrap_or_default();
        if !matches!(last, "field" | "Field" | "ib" | "attrib") {
            return FieldOptions::default();
        }
        let keyword = |name: &str| call.arguments.find_keyword(name).map(|it| &it.value);
        let text = |value: &Expr| hints::text(self.source, value);
        let factory = keyword("default_factory").or_else(|| keyword("factory"));
        let positional = match (last, &*call.arguments.args) {
            ("Field", [first, ..]) if !matches!(first, Expr::EllipsisLiteral(_)) => Some(first),
            _ => None,
        };
        let default = keyword("default").or(positional).map(text);
        FieldOptions {
            is_call: true,
            default: default.or_else(|| factory.map(|it| format!("{}()", text(it)))),
            no_init: matches!(keyword("init"), Some(Expr::BooleanLiteral(it)) if !it.value),
            kw_only: match keyword("kw_only") {
                Some(Expr::BooleanLiteral(it)) => Some(it.value),
                _ => None,
            },
            alias: match keyword("alias") {
                Some(Expr::StringLiteral(it)) => Some(it.value.to_str().to_owned()),
                _ => None,
            },
        }
    }

    /// `NamedTuple("P", [("x", int)])`, `TypedDict("T", {"x": int})`, `Enum("E", "A B")`, `namedtuple("P", "x y")`.
    pub(super) fn functional_class(
        &mut self,
        name: &QualifiedName,
        function: &QualifiedName,
        call: &ast::ExprCall,
    ) -> Option<Declaration> {
        let (is_hinted, base) = match &*function.name {
            "NamedTuple" => (true, QualifiedName::new("typing", "NamedTuple")),
            "TypedDict" => (true, QualifiedName::new("typing", "TypedDict")),
            "namedtuple" if function.module == "collections" => {
                (false, QualifiedName::new("typing", "NamedTuple"))
            }
            "Enum" | "IntEnum" | "StrEnum" if function.module == "enum" => {
                (false, function.clone())
            }
            _ => return None,
        };
        let members = self.functional_members(call.arguments.args.get(1)?, is_hinted)?;
        let line = self.line(call.range());
        let fields = members.into_iter().map(|(name, hint)| Field {
            name,
            hint,
            value: None,
            literal: None,
            options: FieldOptions::default(),
            docs: None,
            line,
        });
        Some(Declaration::Class(Rc::new(Class {
            name: name.clone(),
            docs: None,
            line,
            bases: vec![Hint::Name(base)],
            flags: hints::flags(&call.arguments.keywords),
            type_parameters: Vec::new(),
            decorators: Vec::new(),
            fields: fields.collect(),
            attributes: Vec::new(),
            methods: Vec::new(),
            classes: Vec::new(),
        })))
    }

    fn functional_members(
        &self,
        members: &Expr,
        is_hinted: bool,
    ) -> Option<Vec<(String, Option<Hint>)>> {
        let text = |expression: &Expr| match expression {
            Expr::StringLiteral(string) => Some(string.value.to_str().to_owned()),
            _ => None,
        };
        match members {
            Expr::Dict(dict) => dict
                .items
                .iter()
                .map(|item| {
                    let hint = is_hinted.then(|| self.hint(&item.value));
                    Some((text(item.key.as_ref()?)?, hint))
                })
                .collect(),
            Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
                elts.iter()
                    .map(|element| match element {
                        Expr::Tuple(pair) => match &*pair.elts {
                            [name, hint] => Some((text(name)?, is_hinted.then(|| self.hint(hint)))),
                            _ => None,
                        },
                        single => Some((text(single)?, None)),
                    })
                    .collect()
            }
            single => {
                let names = text(single)?.replace(',', " ");
                let names = names.split_whitespace();
                Some(names.map(|name| (name.to_owned(), None)).collect())
            }
        }
    }
}

fn add(fields: &mut Vec<Field>, field: Field, keep: bool) {
    match fields.iter_mut().find(|known| known.name == field.name) {
        Some(_) if keep => {}
        // `x: int` and later `x = 3`.
        Some(known) if field.hint.is_none() && known.hint.is_some() => {
            known.value = field.value;
            known.literal = field.literal;
        }
        Some(known) => *known = field,
        None => fields.push(field),
    }
}
