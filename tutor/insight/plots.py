"""What is to be asked for a plot, and what came of it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tutor.script.declarations import Plot
from tutor.wire.messages import Sample, Sampled

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class PlotData:
    """The numbers of a plot at one step."""

    step: int
    points: tuple[Array, ...] = ()
    """x, y and, where there is one, the class of each point."""
    lines: tuple[tuple[Array, Array, str], ...] = ()
    """x, y and label of each line."""
    bars: tuple[tuple[str, float], ...] = ()
    surface: Array | None = None
    """`of` over its grid: (values,) of one name, (values of the second, of the first) of two."""
    problem: str = ""
    """Why there is nothing to draw, or not all, in a line."""
    sampled: Sampled | None = None
    """What it was made of."""


COARSE = 8, 8
"""A size that shows whether a plot can be drawn at all."""


def sample_of(plot: Plot, columns: int, rows: int) -> Sample:
    """The question to ask of a run for `plot`.

    Args:
        columns: How many values the first varied name takes.
        rows: How many the second.
    """
    return Sample(
        plot.expressions,
        plot.of,
        tuple((name, low, high) for name, (low, high) in plot.over.items()),
        (columns, rows)[: len(plot.over)],
    )


def plot_data(plot: Plot, sampled: Sampled, step: int) -> PlotData:
    """What a run answered, as what is to be drawn."""
    numbers = [np.frombuffer(value or b"", "<f8") for value in sampled.values]
    points = tuple(numbers[: len(plot.points)])
    ends = numbers[len(plot.points) :]
    lines = []
    for place, one in enumerate(plot.lines):
        x, y = _as_long(ends[2 * place], ends[2 * place + 1])
        lines.append((x, y, one[2] if len(one) > 2 else ""))
    bars = zip(sampled.names, numbers[-1].tolist(), strict=False) if plot.bars else ()
    surface = None
    if sampled.surface is not None:
        surface = np.frombuffer(sampled.surface, "<f8").reshape(sampled.sample.counts[::-1])
    problem = "; ".join(f"{text}: {reason}" for text, reason in sampled.problems[:1])
    return PlotData(step, _as_long(*points), tuple(lines), tuple(bars), surface, problem, sampled)


def names_in(plot: Plot) -> frozenset[str]:
    """The names of the script that a plot's expressions use."""
    used = {name for text in plot.expressions for name in _names(text)}
    return frozenset(used | ({*_names(plot.of)} - plot.over.keys() if plot.of else set()))


def _names(text: str) -> Iterator[str]:
    """The names that an expression uses and does not bind itself."""
    nodes = [*ast.walk(ast.parse(text.strip(), mode="eval"))]
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)}
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    yield from (node.id for node in names if node.id not in bound)


def _as_long(*arrays: Array) -> tuple[Array, ...]:
    """The arrays cut to the shortest: what has no partner cannot be drawn."""
    size = min((one.size for one in arrays), default=0)
    return tuple(one[:size] for one in arrays)
