"""Validate values from a file, so that code which draws or compares them cannot fail."""

import math
import re
from functools import lru_cache
from typing import Any

import numpy as np

from tutor.history.recording.file import Damage
from tutor.schema.frame import BINS, EXACT, Summary, TensorView

_STORED = re.compile(r"<[iuf][248]|<f1[26]|<c(8|16|24|32)|\|[iub]1")

_INTEGER = re.compile(rb"-?[0-9]{1,2000}")

_FLOAT_LENGTH = 32

_DIMENSIONS = 32
"""The most dimensions that every version of NumPy supports."""

_LARGEST = 2**56
"""The most elements, with empty dimensions counted as 1: NumPy refuses larger shapes."""

_DEPTH = 100
"""The deepest nesting of lists and dictionaries."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def check_name(text: str, most: int = 1000) -> None:
    """Refuse a name, or another text of one line, that is too long or has control characters.

    Raises:
        Damage: from each function here, if the value is refused.
    """
    if len(text) > most or (not text.isprintable() and _CONTROL.search(text)):
        raise Damage(f"a name {text[:20]!r}")


def check_text(text: str, most: int = 2**20) -> None:
    """Refuse a text that is too long or has control characters other than tabs and line breaks."""
    if len(text) > most or (not text.isprintable() and _CONTROL_IN_TEXT.search(text)):
        raise Damage(f"a text {text[:20]!r}")


def check_plain(value: Any, also: type | None = None, depth: int = 0) -> None:
    """Refuse a value that is not built of numbers, texts, lists and dictionaries, as in JSON.

    Args:
        also: A further type that is allowed.
        depth: How deep the value is nested.
    """
    if depth > _DEPTH:
        raise Damage("lists within lists without end")
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, list | tuple):
        for one in value:
            check_plain(one, also, depth + 1)
    elif isinstance(value, dict):
        for key, one in value.items():
            if not isinstance(key, str | int | float | None):
                raise Damage(f"a key that is a {type(key).__name__}")
            check_plain(key)
            check_plain(one, also, depth + 1)
    elif not (
        isinstance(value, int | float | None) or (also is not None and isinstance(value, also))
    ):
        raise Damage(f"a value that is a {type(value).__name__}")


def check_view(view: TensorView) -> None:
    """Refuse a view that is inconsistent: its content must fit its shape and type."""
    kind, shape, dtype, device, stored = view.kind, view.shape, view.dtype, view.device, view.stored
    size = _size(kind, shape, dtype, device, stored)
    if view.data is not None:
        if size is None:
            _check_number(dtype, view.data)
        elif len(view.data) != size or view.count > EXACT or view.summary is not None:
            raise Damage(f"a {kind} of shape {shape} in {len(view.data):,} bytes")
    elif size is None:
        raise Damage("a plain number without a value")
    elif view.summary is not None:
        _check_summary(view.summary, view.count)


@lru_cache(4096)
def _size(kind: str, shape: tuple[int, ...], dtype: str, device: str, stored: str) -> int | None:
    """Return the bytes of content that a view with this header must have; None for a number."""
    check_name(dtype, 40)
    check_name(device, 40)
    if stored == "text":
        if (kind, shape) != ("number", ()) or dtype not in ("int", "float"):
            raise Damage(f"a plain number of type {dtype!r} and shape {shape}")
        return None
    if len(shape) > _DIMENSIONS or min(shape, default=0) < 0:
        raise Damage(f"a shape of {len(shape)} dimensions, the least {min(shape, default=0)}")
    if math.prod(size or 1 for size in shape) > _LARGEST:
        raise Damage("a shape without end")
    if not _STORED.fullmatch(stored):
        raise Damage(f"elements stored as {stored[:20]!r}")
    try:
        return math.prod(shape) * np.dtype(stored).itemsize
    except TypeError:
        raise Damage(f"elements stored as {stored!r}, unknown to this machine") from None


def _check_number(dtype: str, text: bytes) -> None:
    if dtype == "int":
        if not _INTEGER.fullmatch(text):
            raise Damage(f"an integer {text[:20]!r}")
        return
    try:
        float(text[:_FLOAT_LENGTH].decode("ascii"))
    except ValueError:
        raise Damage(f"a number {text[:20]!r}") from None
    if len(text) > _FLOAT_LENGTH:
        raise Damage(f"a number {text[:20]!r}")


def _check_summary(summary: Summary, count: int) -> None:
    rows, cols, histogram = summary.rows, summary.cols, summary.histogram
    check_name(summary.problem)
    if bool(rows) != bool(cols):
        raise Damage(f"a picture of {rows} x {cols}")
    if len(summary.block) != rows * cols * 4:
        raise Damage(f"a picture of {rows} x {cols} in {len(summary.block):,} bytes")
    if histogram and (len(histogram) != BINS or not any(histogram)):
        raise Damage(f"a histogram of {len(histogram)} bins")
    if summary.nonfinite > count or max(histogram, default=0) > count:
        raise Damage("statistics of more elements than there are")
