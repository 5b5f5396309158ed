"""Makes a function of a block: the block's text becomes its body.

Lines and columns stay the ones of the file that the text stands in. Names that the block binds are declared global,
the last expression is returned, and the statements that Python allows in modules alone are put into other words.
"""

import __future__
import _ast as ast
import linecache
import sys

IMPORT_STAR = "\u02bcimport_star"
PARSE = ast.PyCF_ONLY_AST


def compile_block(text, file, line, name, parameters, bound_names, gives_value, is_async):
    """The code of a function `name(*parameters)`, an `async def` or not, and defaults for its hidden parameters."""
    remember_lines(file, line, text)
    flags = 0
    module = compile("\n" * (line - 1) + text, file, "exec", PARSE, dont_inherit=True)
    body = module.body
    for statement in body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            for alias in statement.names:
                flags |= getattr(__future__, alias.name).compiler_flag
    hidden = rewrite(body)
    if gives_value:
        last = body[-1]
        body[-1] = ast.Return(last.value, **place(last))
    at = dict(lineno=line, col_offset=0, end_lineno=line, end_col_offset=0)
    head = [ast.Global(list(bound_names), **at)] if bound_names else [ast.Pass(**at)]
    names = [*parameters, IMPORT_STAR] if hidden else parameters
    definition = ast.AsyncFunctionDef if is_async else ast.FunctionDef
    function = definition(
        name=name,
        args=ast.arguments(
            posonlyargs=[],
            args=[ast.arg(arg=parameter, **at) for parameter in names],
            vararg=None,
            kwonlyargs=[],
            kw_defaults=[],
            kwarg=None,
            defaults=[ast.Constant(None, **at)] if hidden else [],
        ),
        body=head + body,
        decorator_list=[],
        returns=None,
        **({"type_params": []} if sys.version_info >= (3, 12) else {}),
        **at,
    )
    whole = compile(
        ast.Module([function], []), file, "exec", flags, dont_inherit=True
    )
    [code] = [c for c in whole.co_consts if isinstance(c, type(whole))]
    return code, (import_star,) if hidden else None


def compile_async(text, file, mode):
    """The code of text that may await at its top; it then gives a coroutine when it is evaluated."""
    remember_lines(file, 1, text)
    return compile(text, file, mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def rewrite(body):
    """Mends in place what is legal in a module but not in a function; whether stars are imported."""
    stars = False
    for index, statement in enumerate(body):
        if isinstance(statement, ast.AnnAssign):
            # A simple annotated name cannot be global; one in parentheses can.
            statement.simple = 0
        elif isinstance(statement, ast.ImportFrom):
            if statement.module == "__future__":
                body[index] = ast.Pass(**place(statement))
            elif statement.names[0].name == "*":
                body[index] = star_call(statement)
                stars = True
        elif not isinstance(
            statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        ):
            inner = [getattr(statement, field, ()) for field in ("body", "orelse", "finalbody")]
            inner += [part.body for part in getattr(statement, "handlers", ())]
            inner += [part.body for part in getattr(statement, "cases", ())]
            for statements in inner:
                stars |= rewrite(statements)
    return stars


def star_call(statement):
    at = place(statement)
    return ast.Expr(
        ast.Call(
            ast.Name(IMPORT_STAR, ast.Load(), **at),
            [ast.Constant("." * statement.level + (statement.module or ""), **at)],
            [],
            **at,
        ),
        **at,
    )


def import_star(module):
    exec(f"from {module} import *", sys._getframe(1).f_globals)


def place(node):
    return dict(
        lineno=node.lineno,
        col_offset=node.col_offset,
        end_lineno=node.end_lineno,
        end_col_offset=node.end_col_offset,
    )


def remember_lines(file, line, text):
    """Lets tracebacks and `inspect.getsource` see the block: its lines stand in `linecache` where the file has them."""
    known = linecache.cache.get(file)
    # An entry without a time is never checked against the disk.
    lines = list(known[2]) if known and len(known) == 4 and known[1] is None else []
    new = [part + "\n" for part in text.split("\n")]
    end = line - 1 + len(new)
    lines.extend(["\n"] * (end - len(lines)))
    for offset, part in enumerate(new):
        if part.strip():
            lines[line - 1 + offset] = part
    linecache.cache[file] = (sum(map(len, lines)), None, lines, file)
