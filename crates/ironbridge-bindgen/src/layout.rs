//! Lays the items out as rustfmt would, with comments, which no token stream can hold.

use std::fmt::Write;

use crate::abilities::{abilities, is_copy, is_key};
use crate::rust::{Field, Id, Item, ItemKind, Method, Rust, Uses, Variant, Writer};

/// The longest line.
const WIDTH: usize = 100;
/// The longest inside of an attribute, as rustfmt has it.
const ATTRIBUTE_WIDTH: usize = 70;

/// The module's trait and the items, in this order, with the imports that they need.
pub(crate) fn layout(module: &ModuleTrait, items: &[Item]) -> Laid {
    let mut writer = Writer {
        items,
        uses: Uses::default(),
    };
    let mut body = String::new();
    Writer::docs(&mut body, "", &module.docs);
    let _ = writeln!(body, "#[ironbridge::module(\"{}\")]", module.python_name);
    writer.handle(&mut body, &module.name, &module.methods);
    for (number, item) in items.iter().enumerate() {
        body.push('\n');
        writer.item(&mut body, Id(number), item);
    }
    Laid {
        body,
        uses: writer.uses,
    }
}

/// The trait of the module itself.
pub(crate) struct ModuleTrait {
    pub(crate) name: String,
    pub(crate) python_name: String,
    pub(crate) docs: Vec<String>,
    pub(crate) methods: Vec<Method>,
}

/// Items without the head of the file.
pub(crate) struct Laid {
    pub(crate) body: String,
    pub(crate) uses: Uses,
}

impl Laid {
    /// The `use` lines, the standard library's first.
    pub(crate) fn imports(&self) -> String {
        let mut out = String::new();
        let (std, others): (Vec<&str>, Vec<&str>) = self
            .uses
            .paths
            .iter()
            .partition(|path| path.starts_with("std::"));
        for group in [std, others] {
            if group.is_empty() {
                continue;
            }
            let mut modules: Vec<(&str, Vec<&str>)> = Vec::new();
            for path in group {
                let (module, name) = path.rsplit_once("::").unwrap_or(("", path));
                match modules.iter_mut().find(|(known, _)| *known == module) {
                    Some((_, names)) => names.push(name),
                    None => modules.push((module, vec![name])),
                }
            }
            // As rustfmt sorts: by the bytes of each segment, lists last.
            modules.sort_by_cached_key(|(module, names)| {
                let last = match &**names {
                    [name] => (*name).to_owned(),
                    _ => "{".to_owned(),
                };
                let segments = module.split("::").map(str::to_owned);
                segments.chain([last]).collect::<Vec<_>>()
            });
            for (module, names) in modules {
                let _ = match &*names {
                    [name] => writeln!(out, "use {module}::{name};"),
                    names => {
                        let line = format!("use {module}::{{{}}};", names.join(", "));
                        writeln!(out, "{line}")
                    }
                };
            }
            out.push('\n');
        }
        out
    }
}

impl Writer<'_> {
    fn docs(out: &mut String, indent: &str, docs: &[String]) {
        for line in docs {
            let gap = if line.is_empty() { "" } else { " " };
            let _ = writeln!(out, "{indent}///{gap}{line}");
        }
    }

    fn comments(out: &mut String, indent: &str, comments: &[String]) {
        for comment in comments {
            let _ = writeln!(out, "{indent}// {comment}");
        }
    }

    fn item(&mut self, out: &mut String, id: Id, item: &Item) {
        Self::docs(out, "", &item.docs);
        match &item.kind {
            ItemKind::Pending => {}
            ItemKind::Struct { attributes, fields } => {
                let abilities = abilities(self.items, id);
                self.derive(out, abilities.clone, abilities.eq, false);
                Self::python(out, "", attributes);
                self.structure(out, &item.name, fields);
            }
            ItemKind::Options(fields) => {
                let abilities = abilities(self.items, id);
                self.derive(out, abilities.clone, abilities.eq, true);
                out.push_str("#[python(options)]\n");
                self.structure(out, &item.name, fields);
            }
            ItemKind::Values {
                attributes,
                variants,
            } => {
                self.using("ironbridge::Python", "Python");
                out.push_str("#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Python)]\n");
                Self::python(out, "", attributes);
                self.enumeration(out, &item.name, variants);
            }
            ItemKind::Union { variants } => {
                let abilities = abilities(self.items, id);
                self.derive(out, abilities.clone, abilities.eq, false);
                self.enumeration(out, &item.name, variants);
            }
            ItemKind::NewType(inner) => {
                self.using("ironbridge::Python", "Python");
                let abilities = abilities(self.items, id);
                let mut traits = vec!["Debug"];
                traits.extend(abilities.clone.then_some("Clone"));
                traits.extend(is_copy(self.items, inner).then_some("Copy"));
                traits.extend(abilities.eq.then_some("PartialEq"));
                if is_key(self.items, inner) {
                    traits.extend(["Eq", "Hash"]);
                }
                traits.push("Python");
                let _ = writeln!(out, "#[derive({})]", traits.join(", "));
                let inner = self.owned(inner);
                let _ = writeln!(out, "pub struct {}(pub {inner});", item.name);
            }
            ItemKind::Handle { arguments, methods } => {
                let _ = match &**arguments {
                    "" => writeln!(out, "#[ironbridge::class]"),
                    arguments => writeln!(out, "#[ironbridge::class({arguments})]"),
                };
                self.handle(out, &item.name, methods);
            }
        }
    }

    fn derive(&mut self, out: &mut String, clone: bool, eq: bool, default: bool) {
        self.using("ironbridge::Python", "Python");
        let mut traits = vec!["Debug"];
        traits.extend(clone.then_some("Clone"));
        traits.extend(default.then_some("Default"));
        traits.extend(eq.then_some("PartialEq"));
        traits.push("Python");
        let _ = writeln!(out, "#[derive({})]", traits.join(", "));
    }

    fn python(out: &mut String, indent: &str, attributes: &[String]) {
        if attributes.is_empty() {
            return;
        }
        let joined = attributes.join(", ");
        if joined.chars().count() <= ATTRIBUTE_WIDTH {
            let _ = writeln!(out, "{indent}#[python({joined})]");
            return;
        }
        // What does not fit on one line has a line for each.
        let _ = writeln!(out, "{indent}#[python(");
        for (number, attribute) in attributes.iter().enumerate() {
            let comma = if number + 1 < attributes.len() {
                ","
            } else {
                ""
            };
            let _ = writeln!(out, "{indent}    {attribute}{comma}");
        }
        let _ = writeln!(out, "{indent})]");
    }

    fn structure(&mut self, out: &mut String, name: &str, fields: &[Field]) {
        if fields.is_empty() {
            let _ = writeln!(out, "pub struct {name} {{}}");
            return;
        }
        let _ = writeln!(out, "pub struct {name} {{");
        for field in fields {
            Self::docs(out, "    ", &field.docs);
            Self::comments(out, "    ", &field.comments);
            Self::python(out, "    ", &field.attributes);
            let type_ = self.owned(&field.type_);
            let _ = writeln!(out, "    pub {}: {type_},", field.name);
        }
        out.push_str("}\n");
    }

    fn enumeration(&mut self, out: &mut String, name: &str, variants: &[Variant]) {
        let _ = writeln!(out, "pub enum {name} {{");
        for variant in variants {
            Self::docs(out, "    ", &variant.docs);
            Self::python(out, "    ", &variant.attributes);
            let _ = match &variant.type_ {
                Some(type_) => {
                    let type_ = self.owned(type_);
                    writeln!(out, "    {}({type_}),", variant.name)
                }
                None => writeln!(out, "    {},", variant.name),
            };
        }
        out.push_str("}\n");
    }

    fn handle(&mut self, out: &mut String, name: &str, methods: &[Method]) {
        if methods.is_empty() {
            let _ = writeln!(out, "pub trait {name} {{}}");
            return;
        }
        let _ = writeln!(out, "pub trait {name} {{");
        for (number, method) in methods.iter().enumerate() {
            let is_plain = method.docs.is_empty() && method.comments.is_empty();
            let follows_plain = number > 0
                && methods[number - 1].docs.is_empty()
                && methods[number - 1].comments.is_empty();
            if number > 0 && !(is_plain && follows_plain) {
                out.push('\n');
            }
            self.method(out, method);
        }
        out.push_str("}\n");
    }

    fn method(&mut self, out: &mut String, method: &Method) {
        const INDENT: &str = "    ";
        Self::docs(out, INDENT, &method.docs);
        Self::comments(out, INDENT, &method.comments);
        Self::python(out, INDENT, &method.attributes);
        self.using("ironbridge::Result", "Result");
        let mut parameters = vec!["&self".to_owned()];
        for parameter in &method.parameters {
            let type_ = if method.is_async {
                self.given(&parameter.type_)
            } else {
                self.argument(&parameter.type_)
            };
            let attribute = match &*parameter.attributes {
                [] => String::new(),
                attributes => format!("#[python({})] ", attributes.join(", ")),
            };
            parameters.push(format!("{attribute}{}: {type_}", parameter.name));
        }
        let keyword = if method.is_async { "async fn" } else { "fn" };
        let result = match &method.result {
            Rust::Unit => "Result<()>".to_owned(),
            // An attribute stays where it is.
            result if method.attributes.iter().any(|it| it == "get") => {
                format!("Result<{}>", self.owned(result))
            }
            result => format!("Result<{}>", self.given(result)),
        };
        let head = format!("{INDENT}{keyword} {}(", method.name);
        let tail = format!(") -> {result};");
        let line = format!("{head}{}{tail}", parameters.join(", "));
        match line.chars().count() {
            0..WIDTH => {
                let _ = writeln!(out, "{line}");
                return;
            }
            // Where it is the semicolon that does not fit, rustfmt moves the result alone.
            WIDTH => {
                let _ = writeln!(out, "{head}{})", parameters.join(", "));
                let _ = writeln!(out, "{INDENT}{}", tail.trim_start_matches(") "));
                return;
            }
            _ => {}
        }
        let _ = writeln!(out, "{head}");
        for parameter in parameters {
            let line = format!("{INDENT}{INDENT}{parameter},");
            if line.chars().count() > WIDTH && line.contains(")] ") {
                // An attribute that leaves no room stands above.
                let (attribute, rest) = parameter.split_once(")] ").unwrap_or((&parameter, ""));
                let _ = writeln!(out, "{INDENT}{INDENT}{attribute})]");
                let _ = writeln!(out, "{INDENT}{INDENT}{rest},");
            } else {
                let _ = writeln!(out, "{line}");
            }
        }
        let _ = writeln!(out, "{INDENT}{tail}");
    }
}
