"""Find the line of the learner's code that asked for an operation."""

import os
import sys
import sysconfig
from types import FrameType

import msgspec
import torch

_SCRIPT, _LOCAL, _SKIPPED, _LIBRARY = range(4)
"""Kinds of files: the script; others outside libraries; those of torch and of the recorder that are
skipped; libraries."""

_TORCH = os.path.dirname(torch.__file__)
_SKIPPED_FILES = {
    os.path.join(_TORCH, *parts.split("/"))
    for parts in (
        "_tensor.py", "functional.py", "overrides.py", "_jit_internal.py", "_VF.py", "_ops.py",
        "nn/functional.py", "utils/_contextlib.py", "utils/_device.py", "autograd/function.py",
    )
}  # fmt: skip
_WORKER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SKIPPED_FILES |= {
    os.path.join(_WORKER, *parts.split("/"))
    for parts in ("operations/operations.py", "cpu_random.py")
}
_LIBRARIES = tuple(
    {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib")}
    | {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {_TORCH, os.path.dirname(_WORKER)}
)
_CALL = torch.nn.Module.__call__.__code__
"""Operations inside a module's call are not put into one library row: they are the module."""


class SourceLine(msgspec.Struct):
    """The place that asked for an operation."""

    line: int
    """The innermost line of the script on the call stack; 0 if there is none."""
    frame: FrameType | None
    """The innermost frame of the learner's code."""
    module: torch.nn.Module | None = None
    """The innermost module whose call is on the stack."""
    library: str = ""
    """The library function that the learner's code called, such as `SGD.step`; "" for none."""
    call: tuple[int, int, str] | None = None
    """Identifies that call while it runs."""
    constructs: bool = False
    """Whether it is the constructor of a class."""


class Origins:
    """Finds origins.

    Args:
        script: The file name of the script's code.
    """

    def __init__(self, script: str) -> None:
        self._files = dict.fromkeys(_SKIPPED_FILES, _SKIPPED) | {script: _SCRIPT}

    def find(self, depth: int) -> SourceLine:
        """Return the origin of the running operation, searching from `depth` frames above the
        caller's."""
        frame: FrameType | None = sys._getframe(depth + 1)
        files = self._files
        outermost: FrameType | None = None
        module: torch.nn.Module | None = None
        while frame is not None:
            code = frame.f_code
            kind = files.get(code.co_filename)
            if kind is None:
                kind = files[code.co_filename] = self._kind(code.co_filename)
            if kind <= _LOCAL:
                break
            if code is _CALL:
                outermost = None
                module = module or frame.f_locals["self"]
            elif kind == _LIBRARY and "<locals>" not in code.co_qualname:
                outermost = frame
            frame = frame.f_back
        own = frame
        if module is None:
            module = _module_around(frame)
        while frame is not None and files.get(frame.f_code.co_filename) != _SCRIPT:
            frame = frame.f_back
        line = frame.f_lineno if frame is not None else 0
        if outermost is None:
            return SourceLine(line, own, module)
        full = outermost.f_code.co_qualname
        name = full.removesuffix(".__init__")
        return SourceLine(line, own, module, name, (id(outermost), line, name), name != full)

    @staticmethod
    def _kind(file: str) -> int:
        if file.startswith("<"):
            return _LIBRARY
        return _LIBRARY if file.startswith(_LIBRARIES) else _LOCAL


def _module_around(frame: FrameType | None) -> torch.nn.Module | None:
    """Return the innermost module whose call contains the learner's frame."""
    while frame is not None and frame.f_code.co_name != "<module>":
        if frame.f_code is _CALL:
            found: torch.nn.Module = frame.f_locals["self"]
            return found
        frame = frame.f_back
    return None
