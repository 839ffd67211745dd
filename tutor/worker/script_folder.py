"""Search the script's folder for modules first, as Python does, but only for the script.

Under Python a `secrets.py` beside a script also takes the place of the standard module for every
library that imports it later, here NumPy's random numbers. The engine imports torch before the
script begins, and some of what torch needs only while the script runs. So a library finds what it
would find without the script's folder, and looks there only for what is found nowhere else.

The script itself finds the file, as under Python: a module of that name that the engine imported
before is forgotten if the script imports it by name. Two things stay different. A file named after
one of the packages that the engine runs on, such as `torch.py`, is not found, and neither is a file
beside the script that only another module of its folder imports by a name that is loaded already.
"""

import ast
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec, PathFinder
from types import FrameType, ModuleType

_ENGINE = ("encodings", "msgspec", "numpy", "torch", "tutor")
"""Packages that are never forgotten. Python has loaded `encodings` before any script."""


def enter(path: str, source: str) -> None:
    """Put the folder of the script at `path` in front of the search path."""
    folder = os.path.dirname(os.path.realpath(path))
    sys.path[:] = [folder, *sys.path]
    if shadowing := _modules_in(folder) & {*sys.stdlib_module_names, *map(_top, sys.modules)}:
        forgotten = set(filter(_can_be_shadowed, shadowing & set(_imported_by(source))))
        names = [name for name in sys.modules if _top(name) in forgotten]
        loaded = {name: sys.modules.pop(name) for name in names}
        sys.meta_path.insert(0, _LibrariesFirst(folder, path, loaded))


class _LibrariesFirst:
    """A finder that searches the script's folder last if a library imports.

    Args:
        folder: The script's folder, the first of the search path.
        path: The file name of the script's code.
        loaded: Modules that the script must find anew. A library gets them as they are.
    """

    def __init__(self, folder: str, path: str, loaded: dict[str, ModuleType]) -> None:
        self._folder = folder
        self._path = path
        self._loaded = loaded

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module is; None to search as usual."""
        if self._is_own(_importer(sys._getframe(1))):
            return None
        if name in self._loaded:
            return ModuleSpec(name, _Loaded(self._loaded[name]))
        if path is not None:
            return None  # in a package
        for finder in (BuiltinImporter, FrozenImporter):
            if (spec := finder.find_spec(name)) is not None:
                return spec
        return PathFinder.find_spec(name, [one for one in sys.path if one != self._folder], target)

    def _is_own(self, file: str) -> bool:
        """Return True if this file is the script or a module of its folder."""
        around = [one for one in sys.path if file.startswith(os.path.join(one, ""))]
        # The packages of a virtual environment may lie in the script's folder.
        return file == self._path or (bool(around) and max(around, key=len) == self._folder)


class _Loaded(Loader):
    """A loader of a module that is loaded already."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


def _importer(frame: FrameType | None) -> str:
    """Return the file name of the code that imports, from a frame inside the import system."""
    while frame is not None and _top(frame.f_globals.get("__name__") or "") in (
        "importlib",
        "_frozen_importlib",
        "_frozen_importlib_external",
    ):
        frame = frame.f_back
    return frame.f_code.co_filename if frame is not None else ""


def _modules_in(folder: str) -> set[str]:
    """Return the names of the modules and packages in a folder."""
    try:
        return {name.partition(".")[0] for name in os.listdir(folder or ".")}
    except OSError:
        return set()


def _imported_by(source: str) -> Iterator[str]:
    """Yield the top-level modules that a script imports by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (_top(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield _top(node.module)


def _can_be_shadowed(name: str) -> bool:
    """Return True if Python would search the script's folder for a module of this name."""
    finders = (BuiltinImporter, FrozenImporter)
    return name not in _ENGINE and not any(finder.find_spec(name) for finder in finders)


def _top(name: str) -> str:
    return name.partition(".")[0]
