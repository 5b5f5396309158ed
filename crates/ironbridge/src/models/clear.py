"""What Python does when a model goes, or did not come."""

import gc
import sys
import traceback
import weakref

MOST_HOLDERS = 8


class Holder:
    """Stands for a weak reference where an object allows none."""

    def __init__(self, model):
        self.model = model

    def __call__(self):
        return self.model


def watch(model):
    """A way to find the model again, if it is still there."""
    try:
        return weakref.ref(model)
    except TypeError:
        return Holder(model)


def clear():
    """Collects garbage, and empties torch's cache where torch uses CUDA already."""
    collected = gc.collect()
    # Never imported here: that would take seconds, and memory.
    torch = sys.modules.get("torch")
    try:
        if torch is None or not torch.cuda.is_initialized():
            return collected, False
        torch.cuda.empty_cache()
    except Exception:  # A torch without CUDA, or one that is half imported.
        return collected, False
    return collected, True


def references(watched):
    model = watched()
    return None if model is None else sys.getrefcount(model)


def left(watched):
    """How many references hold the model still, and who; nothing where it is gone."""
    try:
        return held(watched)
    finally:
        if isinstance(watched, Holder):
            watched.model = None
            gc.collect()


def held(watched):
    count = references(watched)
    # Objects that live for ever have counts that mean nothing.
    if count is None or count > 1 << 28:
        return None
    # What is counted of an object that nothing else holds; CPython's versions differ in it.
    nothing = Holder(None)
    own = references(Holder(nothing)) - 1
    if isinstance(watched, weakref.ref):
        own -= 1
    if count <= own:
        return None
    model = watched()
    holders = []
    for holder in gc.get_referrers(model):
        if holder is watched or isinstance(watched, Holder) and holder is vars(watched):
            continue
        holders.append(describe(holder, model))
    more = len(holders) - MOST_HOLDERS
    if more > 0:
        holders[MOST_HOLDERS:] = [f"{more} more"]
    return count - own, holders


def describe(holder, model):
    kind = type(holder)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(holder, dict):
        keys = [key for key, value in list(holder.items()) if value is model]
        key = keys[0] if keys else None
        for module in list(sys.modules.values()):
            if getattr(module, "__dict__", None) is holder:
                return f"the module {module.__name__}, as {key}"
        return f"a dict, under {key!r}"
    code = getattr(holder, "f_code", None)
    if code is not None:
        return f"a frame of {getattr(code, 'co_qualname', code.co_name)}"
    if isinstance(holder, (list, tuple, set, frozenset)):
        return f"a {name} of {len(holder)}"
    return f"a {name}"


def settle(error):
    """Has an exception that was read let go of what its frames hold: a half-loaded model."""
    seen = set()
    errors = [error]
    while errors:
        error = errors.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        errors += [error.__cause__, error.__context__]
        errors += getattr(error, "exceptions", ())


TOOLS = (watch, clear, left, settle)
