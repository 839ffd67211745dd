"""Follow one run of a lesson and hold it against all that the lesson claims."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tutor.history.record_events import record
from tutor.history.timeline import Timeline
from tutor.insight.plots import COARSE, sample_of
from tutor.schema.frame import Frame
from tutor.schema.tolerance import agrees, is_choice
from tutor.script.declarations import Expect, Plot
from tutor.script.lesson import Lesson
from tutor.wire.messages import Ended, Event, Sampled, Started, Trespassed

_QUOTED = 90
"""Characters of a value that a finding quotes."""

Finding = tuple[int, str]
"""A line of the lesson, and what is wrong there and how to mend it."""


class Review:
    """Takes the events of a run."""

    def __init__(self, lesson: Lesson) -> None:
        self.ended: Ended | None = None
        self.timeline = Timeline()
        """Of the same run, for whoever compares it with another one."""
        self._lesson = lesson
        self._device = "cpu"
        self._ran: set[int] = set()
        self._raised: dict[tuple[int, str], None] = {}
        """(line, error) of what the script caught, in order."""
        self._failed: dict[tuple[int, str], str] = {}
        self._answers: dict[tuple[int, str], str] = {}
        self._samples: list[Sampled] = []
        self._trespasses: list[Trespassed] = []

    def take(self, event: Event) -> None:
        """Take in what the run tells."""
        record(self.timeline, event)
        match event:
            case Frame():
                self._follow(event)
            case Started(environment=environment):
                self._device = environment["device"]
            case Sampled():
                self._samples.append(event)
            case Trespassed():
                self._trespasses.append(event)
            case Ended():
                self.ended = event

    def _follow(self, frame: Frame) -> None:
        self._ran.add(frame.line)
        if frame.raised:
            self._raised[frame.line, frame.raised] = None
        reasons = dict(frame.problems)
        asks = [ask for ask in self._lesson.asks if ask.line == frame.line]
        slots = [slot.expression for slot in self._lesson.slots().get(frame.line, ())]
        expressions = [*slots, *(ask.expression for ask in asks)]
        for expression, value in zip(expressions, frame.slots, strict=False):
            if value is None:
                reason = reasons.get(expression, "it has no value")
                self._failed.setdefault((frame.line, expression), reason)
        for ask, answer in zip(asks, frame.slots[len(slots) :], strict=False):
            if answer is not None:
                self._answers.setdefault((ask.line, ask.expression), answer)

    @property
    def left_behind(self) -> set[str]:
        """The files and folders that the run tells it left."""
        return {one.what for one in self._trespasses if one.kind == "file"}

    # What came of it

    def findings(self) -> Iterator[Finding]:
        """All that does not hold."""
        yield from self._end_findings()
        yield from self._trespass_findings()
        yield from self._slot_findings()
        yield from self._ask_findings()
        yield from self._name_findings()
        yield from self._error_findings()
        for index, expect in enumerate(self._lesson.metadata.expects):
            if problem := self._expect_problem(index, expect):
                yield expect.line, problem
        if self.ended is not None and self.ended.outcome == "finished":
            yield from self._plot_findings()

    def _end_findings(self) -> Iterator[Finding]:
        limit, ended = self._lesson.metadata.steps, self.ended
        if ended is None or len(self.timeline) > limit:
            told = f"it runs more than {limit:,} statements; shorten it, or write steps = in"
            yield self._lesson.metadata.first or 1, f"{told} [tool.tutor]"
        if ended is not None and ended.outcome != "finished":
            cure = "the lesson must run to its end"
            if "AssertionError" in ended.message:
                cure = "the assert does not hold; correct the claim or the code"
            yield ended.line, f"{ended.message.split(': ', 1)[-1]}; {cure}"

    def _trespass_findings(self) -> Iterator[Finding]:
        for one in self._trespasses:
            if one.kind == "network":
                told = f"it asks the network for {one.what}; a lesson must run without one"
            else:
                told = leaves(one.what)
            yield one.line or self._lesson.metadata.first or 1, told

    def _slot_findings(self) -> Iterator[Finding]:
        for line, slots in self._lesson.slots().items():
            for slot in slots:
                if line not in self._ran:
                    yield (
                        slot.line,
                        f"the slot {slot.raw} is never filled: line {line} is no "
                        f"step of this run; move the note to one that runs outside functions",
                    )
                elif reason := self._failed.get((line, slot.expression)):
                    yield (
                        slot.line,
                        f"the slot {slot.raw} has no value after line {line} ({reason}); "
                        f"name a value that is there then",
                    )

    def _ask_findings(self) -> Iterator[Finding]:
        for ask in self._lesson.asks:
            if ask.line not in self._ran:
                yield ask.line, "the @ask is never asked: the statement below it did not run"
            elif reason := self._failed.get((ask.line, ask.expression)):
                yield (
                    ask.line,
                    f"the @ask's answer {ask.expression} has no value here ({reason}); "
                    f"name a value that is there then",
                )
            elif ask.choices:
                answer = self._answers.get((ask.line, ask.expression), "")
                if not any(is_choice(answer, choice) for choice in ask.choices):
                    yield (
                        ask.line,
                        f"the @ask's answer is {_quoted(answer)}, which is none of its choices "
                        f"({' | '.join(ask.choices)}); add it to them",
                    )

    def _name_findings(self) -> Iterator[Finding]:
        metadata, known = self._lesson.metadata, self.timeline.columns
        ours = {one for one, _ in metadata.compare}
        for name in sorted(ours | {name for pair in metadata.closed_forms for name in pair}):
            if name not in known:
                told = f"`compare` names {name}, which never has a value; name one that has"
                yield metadata.lines["compare"], told
        if metadata.loss is not None and metadata.loss not in known:
            told = f"`loss` names {metadata.loss}, which never has a value; name one that has"
            yield metadata.lines["loss"], told
        for plot in metadata.plots:
            for place in plot.at:
                if place.partition("[")[0] not in known:
                    told = f"`at` names {place}, which never has a value; name one that has"
                    yield plot.line, f"plot: {told}"

    def _error_findings(self) -> Iterator[Finding]:
        expected: set[tuple[int, str]] = set()
        failing: set[str] = set()
        for raises in self._lesson.metadata.raises:
            titles = [cell.title for cell in self._lesson.cells if cell.kind == "code"]
            if raises.cell not in titles:
                told = f"raises: no cell is called {raises.cell!r}; give the title of one"
                yield raises.line, told
                continue
            here = [
                (line, error)
                for line, error in self._raised
                if (cell := self._lesson.cell_at(line)) and cell.title == raises.cell
            ]
            matching = {one for one in here if one[1].startswith(raises.error)}
            expected |= matching
            if not matching:
                instead = f"it raised {_quoted(here[0][1])}" if here else "none did"
                told = f"no statement of {raises.cell!r} raised {_quoted(raises.error)}: {instead}"
                yield raises.line, f"raises: {told}; correct `error` or the code"
                failing.add(raises.cell)
        if not self._lesson.metadata.is_lesson:
            return
        for line, error in self._raised:
            cell = self._lesson.cell_at(line)
            # Where another error was expected that was told already.
            if (line, error) not in expected and not (cell and cell.title in failing):
                told = f"raised {_quoted(error)}, which no [[tool.tutor.raises]] expects"
                yield line, f"the statement {told}; declare it there"

    def _plot_findings(self) -> Iterator[Finding]:
        for plot in self._lesson.metadata.plots:
            wanted = sample_of(plot, *COARSE)
            sampled = next((one for one in self._samples if one.sample == wanted), None)
            if sampled is None:
                yield plot.line, f"the plot {plot.title!r} was not drawn; report this as a fault"
            else:
                for problem in _plot_problems(plot, sampled):
                    yield plot.line, f"the plot {plot.title!r}: {problem}"

    def _expect_problem(self, index: int, expect: Expect) -> str | None:
        if not self._device.startswith(expect.device):
            return None
        passes, step = self.timeline.passes, len(self.timeline)
        when, made = "at the end", passes.count(step)
        if expect.at is not None:
            when = f"after {expect.at} passes"
            step = passes.end(expect.at) if expect.at <= made else 0
        frame = self.timeline.frame(step)
        if frame is None:
            return (
                f"nothing is known of {expect.of} {when}: the loops made {made} passes; "
                f"correct `at`"
            )
        found = frame.shown[index]
        if found is None:
            reason = dict(frame.problems).get(expect.of, "it has no value then")
            return f"{expect.of} cannot be had {when} ({reason}); correct `of` or `at`"
        if agrees(found, expect.value, expect.rtol, expect.atol):
            return None
        return (
            f"{expect.of} {when} is {_quoted(found)}, not {_quoted(expect.value)}; correct the "
            f"figure in `is` or the code that makes it"
        )


def leaves(what: str) -> str:
    """That a file or folder is there after the run."""
    return f"it leaves {what} behind; remove it, or write to io.BytesIO or a temporary file"


def _plot_problems(plot: Plot, sampled: Sampled) -> Iterator[str]:
    for expression, reason in sampled.problems:
        yield f"{expression} has no value at the end ({reason}); correct it"
    if sampled.problems:
        return
    numbers = [np.frombuffer(value or b"") for value in sampled.values]
    pairs = [*([numbers[: len(plot.points)]] if plot.points else [])]
    start = len(plot.points)
    pairs += [numbers[start + 2 * i : start + 2 * i + 2] for i in range(len(plot.lines))]
    for one in pairs:
        if len({part.size for part in one}) > 1:
            sizes = " and ".join(str(part.size) for part in one)
            yield f"its coordinates are {sizes} numbers; give as many of each"
    if plot.bars and not sampled.names:
        yield f"{plot.bars} is no dictionary of numbers; write {{'name': number}}"
    surface = np.frombuffer(sampled.surface or b"")
    if plot.of and not np.isfinite(surface).any():
        yield f"{plot.of} is nowhere finite in `over`; correct the range"


def _quoted(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
