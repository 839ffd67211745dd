"""Ask a run for the values of a plot, and turn its answer into what is drawn."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tutor.history.series import Array
from tutor.script.declarations import Plot
from tutor.wire.messages import Sample, Sampled


@dataclass(frozen=True, eq=False)
class PlotData:
    """The content of a plot at one step, ready to be drawn."""

    step: int
    points: tuple[Array, ...] = ()
    """x, y and, if declared, the class of each point."""
    lines: tuple[tuple[Array, Array, str], ...] = ()
    """x, y and label of each line."""
    bars: tuple[tuple[str, float], ...] = ()
    surface: Array | None = None
    """`of` over its grid: (values,) of one varied name, (values of the second, of the first) of
    two."""
    problem: str = ""
    """Why something cannot be drawn, in one line; "" if everything can."""
    sampled: Sampled | None = None
    """The answer that this was made from."""


COARSE = 8, 8
"""A grid that is large enough to check whether a plot can be drawn."""


def sample_of(plot: Plot, columns: int, rows: int) -> Sample:
    """Return the request for the values of `plot`.

    Args:
        columns: How many values of the first varied name.
        rows: How many of the second.
    """
    return Sample(
        plot.expressions,
        plot.of,
        tuple((name, low, high) for name, (low, high) in plot.over.items()),
        (columns, rows)[: len(plot.over)],
    )


def plot_data(plot: Plot, sampled: Sampled, step: int) -> PlotData:
    """Return the answer of a run as the content of a plot."""
    numbers = [np.frombuffer(value or b"", "<f8") for value in sampled.values]
    points = tuple(numbers[: len(plot.points)])
    ends = numbers[len(plot.points) :]
    lines = []
    for place, one in enumerate(plot.lines):
        x, y = _same_length(ends[2 * place], ends[2 * place + 1])
        lines.append((x, y, one[2] if len(one) > 2 else ""))
    bars = zip(sampled.names, numbers[-1].tolist(), strict=False) if plot.bars else ()
    surface = None
    if sampled.surface is not None:
        surface = np.frombuffer(sampled.surface, "<f8").reshape(sampled.sample.counts[::-1])
    problem = "; ".join(f"{text}: {reason}" for text, reason in sampled.problems[:1])
    return PlotData(
        step, _same_length(*points), tuple(lines), tuple(bars), surface, problem, sampled
    )


def names_in(plot: Plot) -> frozenset[str]:
    """Return the script's names that the expressions of a plot use."""
    used = {name for text in plot.expressions for name in _names(text)}
    return frozenset(used | ({*_names(plot.of)} - plot.over.keys() if plot.of else set()))


def _names(text: str) -> Iterator[str]:
    """Yield the free names of an expression."""
    nodes = [*ast.walk(ast.parse(text.strip(), mode="eval"))]
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)}
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    yield from (node.id for node in names if node.id not in bound)


def _same_length(*arrays: Array) -> tuple[Array, ...]:
    """Return the arrays cut to the length of the shortest."""
    size = min((one.size for one in arrays), default=0)
    return tuple(one[:size] for one in arrays)
