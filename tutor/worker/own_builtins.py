"""Keep the builtins that the engine uses, whatever the script does to `builtins`.

The modules of `tutor` look names up in a copy. The libraries that they call share the script's
builtins, as under python; where the recorder needs much of them, `everywhere` lends them the copy.
"""

import builtins
import sys
import types
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from sys import (
    getprofile,
    getrecursionlimit,
    gettrace,
    setprofile,
    setrecursionlimit,
    settrace,
)

_SHARED = vars(builtins)
_OWN = dict(_SHARED)
_LIMIT = getrecursionlimit()


class _Loader(SourceFileLoader):
    def exec_module(self, module: types.ModuleType) -> None:
        vars(module)["__builtins__"] = _OWN
        super().exec_module(module)


class _Finder(PathFinder):
    """Finds the modules of `tutor`."""

    @classmethod
    def find_spec(
        cls,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        if not fullname.startswith("tutor."):
            return None
        found = super().find_spec(fullname, path, target)
        if found is not None and isinstance(found.loader, SourceFileLoader):
            found.loader = _Loader(found.loader.name, found.loader.path)
        return found


def install() -> None:
    """Let the modules of `tutor` that are imported from now on use the copy."""
    sys.meta_path.insert(0, _Finder)


class everywhere:  # noqa: N801  (a context manager; `contextlib` needs the builtins)
    """Let all code use the builtins and limits that Python began with, and trace nothing."""

    def __enter__(self) -> None:
        self._limit, self._trace, self._profile = getrecursionlimit(), gettrace(), getprofile()
        settrace(None)
        setprofile(None)
        setrecursionlimit(_LIMIT)
        self._changed = _SHARED.copy()
        _SHARED.update(_OWN)

    def __exit__(self, *error: object) -> None:
        setrecursionlimit(self._limit)
        settrace(self._trace)
        setprofile(self._profile)
        for name in _OWN.keys() - self._changed.keys():
            del _SHARED[name]
        _SHARED.update(self._changed)
