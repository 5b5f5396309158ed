"""Loads modules from a directory or from text, and reads them again when their files change."""

import importlib
import importlib.util
import linecache
import os
import sys


def import_from_directory(name, directory):
    """Imports a module of that directory, which is looked into first from now on."""
    directory = os.fspath(directory)
    if not os.path.isdir(directory):
        raise ModuleNotFoundError(f"no directory {directory!r} to load {name!r} from", name=name)
    known = {os.path.normcase(os.path.realpath(entry or os.curdir)) for entry in sys.path}
    if os.path.normcase(os.path.realpath(directory)) not in known:
        sys.path.insert(0, directory)
        importlib.invalidate_caches()
    first = name.partition(".")[0]
    there = sys.modules.get(first)
    module = importlib.import_module(name)
    place = origin(module)
    if place is not None and not is_under(place, directory):
        taken = "was imported before" if there is not None else "is found earlier on sys.path"
        raise ImportError(
            f"the module {name!r} of {directory} is hidden by {place}, which {taken}", name=name, path=place
        )
    return module


def origin(module):
    """The file or directory that a module was loaded from, where it has one."""
    file = getattr(module, "__file__", None)
    if file is None:
        file = next(iter(getattr(module, "__path__", [])), None)
    return file


def is_under(path, directory):
    path, directory = (os.path.normcase(os.path.realpath(place)) for place in (path, directory))
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)


TEXTS = {}


class TextImporter:
    """Finds and loads the modules whose text the program carries, as `sys.meta_path` wants it.

    Python's own import then sees to it that a module runs once, whoever asks meanwhile.
    """

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in TEXTS:
            return None
        return importlib.util.spec_from_loader(name, TextImporter, origin=f"<{name}.py of the program>")

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        text, file = TEXTS[module.__name__], module.__spec__.origin
        module.__file__ = file
        module.__ironbridge_text__ = text
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec", dont_inherit=True), module.__dict__)

    @staticmethod
    def get_source(name):
        return TEXTS[name]


def import_text(name, text):
    """Makes a module of text, under its name in `sys.modules`, once."""
    if name not in sys.modules:
        TEXTS.setdefault(name, text)
        if TextImporter not in sys.meta_path:
            sys.meta_path.insert(0, TextImporter)
        try:
            importlib.import_module(name)
        finally:
            if name not in sys.modules:
                TEXTS.pop(name, None)
    module = importlib.import_module(name)
    if getattr(module, "__ironbridge_text__", None) != text:
        raise ImportError(
            f"there is a module {name!r} already, from {origin(module) or 'elsewhere'}: "
            "give the one that the program carries another name",
            name=name,
        )
    return module


def source_files(name, directory):
    """The modules to watch and their files: of the same package, or of the same directory."""
    module = sys.modules[name]
    root = directory or os.path.dirname(origin(module) or "")
    files = []
    for other, loaded in list(sys.modules.items()):
        file = getattr(loaded, "__file__", None)
        if file is None or not file.endswith(".py") or not root or not is_under(file, root):
            continue
        related = directory is not None or other == name or other.partition(".")[0] == name.partition(".")[0]
        if related and not in_site_packages(file, root):
            files.append((other, file))
    return files


def in_site_packages(file, root):
    return "site-packages" in os.path.relpath(os.path.realpath(file), os.path.realpath(root)).split(os.sep)


def reload(name, changed):
    """Reads changed modules again, and after them the module that is called, which imports their names."""
    importlib.invalidate_caches()
    last = sys.modules[name]
    for other in changed:
        linecache.checkcache(origin(sys.modules[other]))
        if other != name:
            reload_one(sys.modules[other])
    return reload_one(last)


def reload_one(module):
    """As `importlib.reload`, but by the text of the file: two edits within a second look alike to the cache."""
    cached = getattr(module, "__cached__", None)
    if cached is not None:
        try:
            os.remove(cached)
        except OSError:
            pass
    return importlib.reload(module)
