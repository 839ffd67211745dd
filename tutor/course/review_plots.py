"""Judge the plots of a lesson by the values that its run had for them."""

from collections.abc import Iterator

import numpy as np

from tutor.course.finding import Finding
from tutor.course.lesson_run import LessonRun
from tutor.insight.plots import COARSE, sample_of
from tutor.script.declarations import Plot
from tutor.script.lesson import Lesson
from tutor.wire.messages import Sampled


def plot_findings(lesson: Lesson, run: LessonRun) -> Iterator[Finding]:
    """Yield a finding for each plot that cannot be drawn at the end of a finished run."""
    for plot in lesson.metadata.plots:
        wanted = sample_of(plot, *COARSE)
        sampled = next((one for one in run.samples if one.sample == wanted), None)
        if sampled is None:
            problem = f"the plot {plot.title!r} was not drawn"
            yield Finding(lesson.path, plot.line, problem, "report this as a bug")
            continue
        for problem, cure in _problems(plot, sampled):
            problem = f"the plot {plot.title!r}: {problem}"
            yield Finding(lesson.path, plot.line, problem, cure)


def _problems(plot: Plot, sampled: Sampled) -> Iterator[tuple[str, str]]:
    """Yield problem and cure of each part of a plot that has no drawable value."""
    for expression, reason in sampled.problems:
        yield f"{expression} has no value at the end ({reason})", "correct it"
    if sampled.problems:
        return
    numbers = [np.frombuffer(value or b"") for value in sampled.values]
    start = len(plot.points)
    drawn = [numbers[:start]] if plot.points else []
    drawn += [numbers[start + 2 * i : start + 2 * i + 2] for i in range(len(plot.lines))]
    for coordinates in drawn:
        if len({one.size for one in coordinates}) > 1:
            sizes = " and ".join(str(one.size) for one in coordinates)
            yield f"its coordinates are {sizes} numbers", "give as many of each"
    if plot.bars and not sampled.names:
        yield f"{plot.bars} is no dictionary of numbers", "write {'name': number}"
    surface = np.frombuffer(sampled.surface or b"")
    if plot.of and not np.isfinite(surface).any():
        yield f"{plot.of} is nowhere finite in `over`", "correct the range"
