"""Compares a module with what a Rust trait declares, and says everything that does not fit.

Nothing is refused that could work: an annotation or a type that is not known here fits everything.
"""

import collections.abc as abc
import datetime
import decimal
import difflib
import enum
import functools
import inspect
import os
import pathlib
import sys
import types
import typing
import uuid
from inspect import Parameter

MISSING = object()
NAMES = {
    "Any": typing.Any,
    "AsyncIterator": abc.AsyncIterator,
    "Callable": abc.Callable,
    "Decimal": decimal.Decimal,
    "Iterator": abc.Iterator,
    "Path": pathlib.Path,
    "UUID": uuid.UUID,
    "timedelta": datetime.timedelta,
}
PLACED = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def compare(module, members, classes):
    """A list of (member, what is wrong, place in Python or None, its class's number or None, its number there)."""
    found = []
    compare_members(module, members, "", None, found)
    for number, (name, is_protocol, members) in enumerate(classes):
        cls = getattr(module, name, None)
        if isinstance(cls, type) and not is_protocol:
            compare_members(cls, members, f"{name}.", number, found)
    return found


def compare_members(owner, members, prefix, cls, found):
    for number, member in enumerate(members):

        def report(text, place=owner, shown=prefix + member[0], number=number):
            found.append((shown, text, place_of(place), cls, number))

        compare_member(owner, member, report)


def compare_member(owner, member, report):
    name, kind, is_async, parameters, result = member

    value = owner
    for part in name.split("."):
        parent, value = value, getattr(value, part, MISSING)
        if value is MISSING:
            if isinstance(parent, type):
                may_come = is_set_later(parent, part)
            else:
                may_come = isinstance(parent, types.ModuleType) and hasattr(parent, "__getattr__")
            if not may_come:
                report(missing(parent, part), parent)
            return
    if kind in ("get", "set"):
        compare_attribute(parent, part, value, kind, result, parameters, report)
        return
    if kind == "class" and not isinstance(value, type):
        report(f"is no class, but {described(value)}", value)
        return
    if not callable(value):
        report(f"cannot be called: it is {described(value)}; `#[python(get)]` reads a value", owner)
        return
    compare_call(parent, part, value, kind, is_async, parameters, result, report)


def missing(owner, name):
    """What to say of a name that is not there."""
    kind = "class" if isinstance(owner, type) else "module"
    names = [other for other in dir(owner) if not other.startswith("_")]
    near = difflib.get_close_matches(name, names, 1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    return f"missing: the {kind} has no `{name}`{hint}"


@functools.cache
def is_set_later(cls, name):
    """Whether objects of the class may get the attribute when they are made."""
    for base in cls.__mro__:
        if name in base.__dict__.get("__annotations__", ()) or "__getattr__" in base.__dict__:
            return True
        if base is not object and base.__flags__ & (1 << 9) == 0:  # a class of C can do what it likes
            return True
        for value in base.__dict__.values():
            code = getattr(inspect.unwrap(value) if callable(value) else value, "__code__", None)
            if code is not None and name in code.co_names:
                return True
    return False


def compare_attribute(owner, name, value, kind, result, parameters, report):
    if isinstance(value, types.FunctionType):
        report("is a function, not a value: it is called, so declare it without `get` and `set`", value)
        return
    annotation = MISSING
    if isinstance(owner, type):
        raw = inspect.getattr_static(owner, name, None)
        if isinstance(raw, property):
            if kind == "set" and raw.fset is None:
                report("is a property that cannot be set", raw.fget)
                return
            function = raw.fget if kind == "get" else raw.fset
            annotation = hint_of(function, "return") if kind == "get" else last_hint(function)
        else:
            for base in owner.__mro__:
                if name in base.__dict__.get("__annotations__", ()):
                    annotation = resolved(base.__dict__["__annotations__"][name], namespace_of(base))
                    break
    else:
        raw = getattr(owner, "__annotations__", {}).get(name, MISSING)
        annotation = type(value) if raw is MISSING else resolved(raw, vars(owner))
        if value is None and raw is MISSING:
            annotation = MISSING
    if annotation is MISSING:
        return
    if kind == "get":
        if not fits_result(hint(result), annotation):
            report(f"is declared as {result}, Python says {spelled(annotation)}")
    elif not fits_argument(hint(parameters[0][2]), annotation):
        report(f"is set to {parameters[0][2]}, Python wants {spelled(annotation)}")


def last_hint(function):
    parameters = list(function.__code__.co_varnames[: function.__code__.co_argcount])
    return hint_of(function, parameters[-1]) if parameters else MISSING


def compare_call(owner, name, value, kind, is_async, parameters, result, report):
    function = inspect.unwrap(value) if kind != "class" else value
    if not is_async and inspect.iscoroutinefunction(function):
        report("is an `async def`: declare it as `async fn`", value)
    gives = kind_of(hint(result))
    agrees = True
    if inspect.isasyncgenfunction(function):
        if is_async:
            report("is an asynchronous generator, which is not awaited: declare it without `async`, with `AsyncIter<…>` as result", value)
        elif gives not in ("asynchronous iterator", UNKNOWN):
            report("is an asynchronous generator: declare its result as `AsyncIter<…>`", value)
            agrees = False
    elif inspect.isgeneratorfunction(function) and gives == "asynchronous iterator":
        report("is a generator that is not asynchronous: declare its result as `Iter<…>`", value)
        agrees = False
    try:
        signature = inspect.signature(value)
    except (ValueError, TypeError):
        return  # many functions of C tell nothing of theirs
    wanted = list(signature.parameters.values())
    if isinstance(owner, type) and takes_self(owner, name):
        if wanted and wanted[0].kind in PLACED:
            wanted = wanted[1:]
    source = value if kind != "class" else getattr(value, "__init__", value)
    compare_parameters(wanted, parameters, source, report)
    if kind != "class" and result != "None" and agrees:
        annotation = hint_of(function, "return")
        if annotation is not MISSING and not fits_result(hint(result), annotation):
            report(f"gives {spelled(annotation)}, which does not fit {result}", value)


def takes_self(owner, name):
    raw = inspect.getattr_static(owner, name, None)
    return not isinstance(raw, (staticmethod, classmethod, type(dict.__dict__["fromkeys"])))


def compare_parameters(wanted, declared, function, report):
    placed = [p for p in wanted if p.kind in PLACED]
    by_name = {p.name: p for p in wanted if p.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)}
    star = next((p for p in wanted if p.kind is Parameter.VAR_POSITIONAL), None)
    double_star = next((p for p in wanted if p.kind is Parameter.VAR_KEYWORD), None)
    given, position, takes_rest, takes_names = set(), 0, False, False
    for name, kind, text, names, rust_type in declared:
        if kind == "positional":
            target = placed[position] if position < len(placed) else star
            position += 1
            if target is None:
                if name in by_name:
                    report(f"`{name}` is passed by its name in Python: mark it `#[python(keyword)]`", function)
                    given.add(name)
                else:
                    count = f"{len(placed)} positional argument{'' if len(placed) == 1 else 's'}"
                    report(f"`{name}` is one too many: Python takes {count}", function)
                continue
            place = next((i for i, p in enumerate(placed) if p.name == name), None)
            if place is not None and target.name != name:
                report(f"`{name}` is argument {place + 1} in Python, here it is argument {position}", function)
            given.add(target.name)
        elif kind in ("keyword", "default"):
            target = by_name.get(name, double_star)
            if target is None:
                positional = any(p.name == name for p in placed)
                near = difflib.get_close_matches(name, by_name, 1)
                why = "it has no name for callers in Python" if positional else "Python has no such parameter"
                report(f"`{name}` cannot be passed by its name: {why}{f'; did you mean `{near[0]}`?' if near else ''}", function)
                given.add(name)
                continue
            if kind == "default" and target.kind is not Parameter.VAR_KEYWORD and target.default is Parameter.empty:
                report(f"`{name}` has no default in Python: it must always be passed", function)
            given.add(name)
        elif kind == "args":
            takes_rest = True
            if star is None and position >= len(placed):
                report(f"`{name}` passes any number of arguments, but Python has no `*args`", function)
            continue
        else:
            takes_names = takes_names or kind == "kwargs"
            if kind == "kwargs" and double_star is None and not by_name:
                report(f"`{name}` passes arguments by name, but Python has no `**kwargs`", function)
            for option in names:
                if option not in by_name and double_star is None:
                    report(f"`{option}` of {rust_type} is no parameter in Python", function)
            given.update(names)
            continue
        annotation = hint_of_parameter(function, target)
        if annotation is not MISSING and not fits_argument(hint(text), annotation):
            report(f"`{name}` is passed {text} (`{rust_type}`), Python wants {spelled(annotation)}", function)
    for p in wanted:
        has_no_default = p.default is Parameter.empty and p.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        by_place_later = takes_rest and p.kind in PLACED
        if has_no_default and p.name not in given and not by_place_later and not takes_names:
            report(f"Python's `{p.name}` has no default and is not passed", function)


# Hints


@functools.cache
def hint(text):
    """The type that a declaration's text means."""
    return eval(text, dict(NAMES))


def namespace_of(thing):
    module = sys.modules.get(getattr(thing, "__module__", None))
    return vars(module) if module is not None else {}


def resolved(annotation, namespace):
    """An annotation that was written as text, evaluated; unknown names make it fit everything."""
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, dict(namespace))
    except Exception:
        return MISSING


def hint_of(function, name):
    function = inspect.unwrap(getattr(function, "__func__", function))
    annotation = getattr(function, "__annotations__", {}).get(name, MISSING)
    if annotation is MISSING or is_overloaded(function):
        return MISSING
    return resolved(annotation, getattr(function, "__globals__", {}))


def is_overloaded(function):
    """Whether the annotations are those of all overloads together, of which a declaration may be one."""
    return isinstance(function, types.FunctionType) and bool(typing.get_overloads(function))


def hint_of_parameter(function, parameter):
    annotation = parameter.annotation
    if annotation is Parameter.empty:
        return MISSING
    base = inspect.unwrap(getattr(function, "__func__", function))
    if is_overloaded(base):
        return MISSING
    annotation = resolved(annotation, getattr(base, "__globals__", namespace_of(function)))
    if annotation is not MISSING and parameter.default is None:
        annotation = typing.Optional[annotation]
    return annotation


UNKNOWN = "unknown"
KINDS = {
    bool: "bool",
    int: "int",
    float: "float",
    complex: "complex",
    str: "str",
    bytes: "bytes",
    type(None): "None",
    None: "None",
    list: "list",
    tuple: "tuple",
    dict: "dict",
    set: "set",
    frozenset: "set",
    abc.Sequence: "sequence",
    abc.MutableSequence: "list",
    abc.Mapping: "mapping",
    abc.MutableMapping: "dict",
    abc.Set: "set",
    abc.MutableSet: "set",
    abc.Iterable: "iterable",
    abc.Collection: "iterable",
    abc.Iterator: "iterator",
    abc.Generator: "iterator",
    abc.AsyncIterable: "asynchronous iterator",
    abc.AsyncIterator: "asynchronous iterator",
    abc.AsyncGenerator: "asynchronous iterator",
    abc.Callable: "callable",
    pathlib.Path: "path",
    pathlib.PurePath: "path",
    os.PathLike: "path",
    decimal.Decimal: "decimal",
    uuid.UUID: "uuid",
    datetime.timedelta: "timedelta",
}
# What Python takes for what: the annotation, and what Rust may pass.
ARGUMENTS = {
    "int": {"bool"},
    "float": {"int", "bool"},
    "complex": {"float", "int", "bool"},
    "sequence": {"list", "tuple", "str", "bytes"},
    "mapping": {"dict"},
    "iterable": {"list", "tuple", "set", "dict", "str", "bytes", "iterator"},
}
# What Rust takes for what: the declaration, and what Python may give.
RESULTS = {
    "int": {"bool"},
    "float": {"int", "bool"},
    "complex": {"float", "int", "bool"},
    "list": {"tuple", "sequence", "iterable"},
    "dict": {"mapping"},
    "iterator": {"list", "tuple", "set", "dict", "mapping", "sequence", "iterable", "str", "bytes"},
    "path": {"str"},
}


def unwrapped(annotation):
    """An annotation without what says nothing of the value."""
    for _ in range(20):
        if isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif typing.get_origin(annotation) in (typing.Annotated, typing.Final, typing.ClassVar, typing.Required, typing.NotRequired):
            annotation = typing.get_args(annotation)[0]
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            break
    return annotation


def members_of_union(annotation):
    annotation = unwrapped(annotation)
    origin = typing.get_origin(annotation)
    if origin is typing.Union or origin is types.UnionType:
        return [part for member in typing.get_args(annotation) for part in members_of_union(member)]
    if origin is typing.Literal:
        return [type(value) for value in typing.get_args(annotation)]
    return [annotation]


def kind_of(annotation):
    origin = typing.get_origin(annotation) or annotation
    try:
        return KINDS.get(origin, UNKNOWN)
    except TypeError:
        return UNKNOWN


def remembered(function):
    """Answers what was asked before, where the types can be told apart."""
    kept = functools.lru_cache(4096)(function)

    @functools.wraps(function)
    def ask(rust, annotation):
        try:
            return kept(rust, annotation)
        except TypeError:  # not hashable
            return function(rust, annotation)

    return ask


@remembered
def fits_argument(rust, annotation):
    """Whether Python takes whatever Rust passes."""
    wanted = members_of_union(annotation)
    return all(any(fits(part, other, ARGUMENTS) for other in wanted) for part in members_of_union(rust))


@remembered
def fits_result(rust, annotation):
    """Whether Rust takes whatever Python gives."""
    wanted = members_of_union(rust)
    return all(any(fits(part, other, RESULTS) for other in wanted) for part in members_of_union(annotation))


def fits(value, taker, table):
    value, taker = unwrapped(value), unwrapped(taker)
    value_kind, taker_kind = kind_of(value), kind_of(taker)
    if isinstance(value, type) and issubclass(value, enum.Enum) and value_kind == UNKNOWN:
        return taker_kind in (UNKNOWN, "int", "str")
    if value_kind == UNKNOWN or taker_kind == UNKNOWN:
        return True
    if value_kind != taker_kind and value_kind not in table.get(taker_kind, ()):
        return False
    inner, outer = typing.get_args(value), typing.get_args(taker)
    if not inner or not outer or "callable" in (value_kind, taker_kind):
        return True
    inner, outer = items(value_kind, inner), items(taker_kind, outer)
    if inner is None or outer is None:
        return True
    if len(inner) == 1 and len(outer) > 1:
        inner = inner * len(outer)
    elif len(outer) == 1 and len(inner) > 1:
        outer = outer * len(inner)
    if len(inner) != len(outer):
        return False
    check = fits_argument if table is ARGUMENTS else lambda a, b: fits_result(b, a)
    return all(check(one, other) for one, other in zip(inner, outer))


def items(kind, arguments):
    """The types of the items: of a tuple of any length one."""
    if kind == "tuple":
        return arguments[:1] if len(arguments) == 2 and arguments[1] is Ellipsis else arguments
    if kind in ("dict", "mapping"):
        return arguments
    return arguments[:1]


# Words


def spelled(annotation):
    if annotation is None or annotation is type(None):
        return "None"
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__qualname__
    return repr(annotation).replace("typing.", "").replace("collections.abc.", "").replace("NoneType", "None")


def described(value):
    text = repr(value)
    return f"{type(value).__name__} {text[:60]}{'…' if len(text) > 60 else ''}"


def place_of(thing):
    """`file:line` of a function or class, or the file of a module."""
    try:
        function = inspect.unwrap(getattr(thing, "__func__", thing))
        code = getattr(function, "__code__", None)
        if code is not None:
            return f"{code.co_filename}:{code.co_firstlineno}"
        if isinstance(thing, type):
            return f"{inspect.getsourcefile(thing)}:{inspect.getsourcelines(thing)[1]}"
        return getattr(thing, "__file__", None)
    except (OSError, TypeError, ValueError):
        return None
