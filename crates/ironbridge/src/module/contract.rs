//! The contract between a trait and a Python module or class, as plain data.

/// What a trait declares.
#[derive(Debug)]
pub struct Contract {
    /// The trait's name.
    pub trait_name: &'static str,
    /// The module's dotted name; of a class its name.
    pub python_name: &'static str,
    /// Whether any object will do that has these members.
    pub is_protocol: bool,
    /// The Rust file of the declaration.
    pub file: &'static str,
    /// In the order of the declaration.
    pub members: &'static [Member],
}

/// A declared function, attribute or class.
#[derive(Debug)]
pub struct Member {
    /// The name in Python; dotted where it is a member of a member.
    pub python_name: &'static str,
    /// What it is.
    pub kind: MemberKind,
    /// Whether it was declared `async`.
    pub is_async: bool,
    /// The declared parameters.
    pub parameters: &'static [Parameter],
    /// The result in Python's words; `Any` where a macro cannot tell.
    pub result: &'static str,
    /// The contract of the result, where that is a declared class.
    pub class: Option<fn() -> &'static Contract>,
    /// The line of the declaration.
    pub line: u32,
    /// The declaration, in one line of Rust.
    pub declaration: &'static str,
}

/// What a member is in Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberKind {
    /// It is called.
    Function,
    /// It is read.
    Get,
    /// It is written.
    Set,
    /// It is a class, called for an object.
    Class,
}

/// A declared parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Its name in Python.
    pub name: &'static str,
    /// How the argument is passed.
    pub kind: ParameterKind,
    /// Its type in Python's words; `Any` where a macro cannot tell.
    pub hint: &'static str,
    /// The names that [`ParameterKind::Options`] may pass.
    pub names: &'static [&'static str],
    /// The declared type.
    pub rust_type: &'static str,
}

/// How an argument is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// By its place.
    Positional,
    /// By its name.
    Keyword,
    /// By its name, or left out.
    Default,
    /// By its name, or left out; in Python it has no place.
    KeywordDefault,
    /// The items, by their places.
    Args,
    /// The items, by their names.
    Kwargs,
    /// The fields that are set, by their names.
    Options,
}
