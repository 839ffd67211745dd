"""The reviewer that speaks: runs lessons and tells every claim in them that does not hold."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tutor.catalog import find
from tutor.engine.protocol import Ended, Launch
from tutor.frame import Frame
from tutor.headless import Headless
from tutor.lesson import Expect, Lesson, LessonError, read
from tutor.request import Request

_QUOTED = 90
"""Characters of a value that a finding quotes."""


def check(paths: Sequence[Path], device: str | None = None) -> Iterator[str]:
    """Check these lessons, or all of the course: a line for each claim that does not hold.

    Raises:
        BadRequest: no run can start, with the reason.
    """
    with Headless() as headless:
        for path in paths or [entry.path for entry in find()]:
            try:
                lesson = read(path)
            except LessonError as error:
                yield str(error)
                continue
            for line, problem in _findings(headless, lesson, device):
                yield f"{path}:{line}: {problem}"
    if not paths:
        # A broken file has been told above; what remains is between files, such as a name twice.
        yield from (entry.error for entry in find() if entry.error and _reads(entry.path))


def agrees(found: Any, wanted: Any, rtol: float, atol: float) -> bool:
    """Whether two figures are the same: floats within |found - wanted| <= atol + rtol·|wanted|, all
    else exactly, lists element by element. NaN agrees with NaN."""
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(
            agrees(one, other, rtol, atol) for one, other in zip(found, wanted, strict=True)
        )
    numbers = (found, wanted)
    if any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        return type(found) is type(wanted) and bool(found == wanted)
    if not any(isinstance(number, float) for number in numbers):
        return bool(found == wanted)
    if math.isnan(found) or math.isnan(wanted):
        return math.isnan(found) and math.isnan(wanted)
    return bool(found == wanted or abs(found - wanted) <= atol + rtol * abs(wanted))


def _reads(path: Path) -> bool:
    try:
        read(path)
    except LessonError:
        return False
    return True


def _findings(headless: Headless, lesson: Lesson, device: str | None) -> Iterator[tuple[int, str]]:
    """Line and problem of each claim of `lesson` that does not hold."""
    request = Request(device, show=tuple(expect.of for expect in lesson.metadata.expects))
    launch = headless.launch_of(lesson, str(lesson.path), request, exact=False)
    review = _Review(lesson)
    for event in headless.events(_with_asks(launch, lesson)):
        if isinstance(event, Frame):
            review.take(event)
        elif isinstance(event, Ended):
            if event.outcome == "interrupted":
                raise KeyboardInterrupt
            review.ended = event
    yield from review.findings()


def _with_asks(launch: Launch, lesson: Lesson) -> Launch:
    """`launch` with the answers to asks evaluated as further slots of their statements."""
    slots = dict(launch.slots)
    for ask in lesson.asks:
        slots[ask.line] = (*slots.get(ask.line, ()), (ask.expression, ""))
    return msgspec.structs.replace(launch, slots=slots)


class _Review:
    """Follows a run and remembers what its claims came to."""

    def __init__(self, lesson: Lesson) -> None:
        self.ended = Ended("finished")
        self._lesson = lesson
        self._ran: set[int] = set()
        self._passes: dict[int, tuple[Any, ...]] = {}
        self._last: tuple[Any, ...] = ()
        self._reasons: dict[str, str] = {}
        self._failed: dict[tuple[int, str], str] = {}
        self._named: set[str] = set()
        self._answers: dict[tuple[int, str], str] = {}

    def take(self, frame: Frame) -> None:
        self._ran.add(frame.line)
        self._named.update(name for name, view in frame.changed.items() if view is not None)
        self._last = frame.shown
        if frame.iteration is not None:
            self._passes[frame.iteration + 1] = frame.shown
        elif not any(self._passes):
            self._passes[0] = frame.shown
        self._reasons = dict(frame.problems)
        asks = [ask for ask in self._lesson.asks if ask.line == frame.line]
        slots = [slot.expression for slot in self._lesson.slots().get(frame.line, ())]
        expressions = [*slots, *(ask.expression for ask in asks)]
        for expression, value in zip(expressions, frame.slots, strict=False):
            if value is None:
                reason = self._reasons.get(expression, "it has no value")
                self._failed.setdefault((frame.line, expression), reason)
        for ask, answer in zip(asks, frame.slots[len(slots) :], strict=False):
            if answer is not None:
                self._answers.setdefault((ask.line, ask.expression), answer)

    def findings(self) -> Iterator[tuple[int, str]]:
        if self.ended.outcome != "finished":
            cure = "the lesson must run to its end"
            if "AssertionError" in self.ended.message:
                cure = "the assert does not hold; correct the claim or the code"
            yield self.ended.line, f"{self.ended.message.split(': ', 1)[-1]}; {cure}"
        yield from self._slot_findings()
        yield from self._ask_findings()
        for name in sorted({name for pair in self._lesson.metadata.closed_forms for name in pair}):
            if name not in self._named:
                told = f"`compare` names {name}, which never has a value; name one that has"
                yield self._lesson.metadata.lines["compare"], told
        for index, expect in enumerate(self._lesson.metadata.expects):
            if problem := self._expect_problem(index, expect):
                yield expect.line, problem

    def _slot_findings(self) -> Iterator[tuple[int, str]]:
        for line, slots in self._lesson.slots().items():
            for slot in slots:
                if line not in self._ran:
                    yield (
                        slot.line,
                        (
                            f"the slot {slot.raw} is never filled: line {line} is no "
                            f"step of this run; move the note to one that runs outside functions"
                        ),
                    )
                elif reason := self._failed.get((line, slot.expression)):
                    yield (
                        slot.line,
                        (
                            f"the slot {slot.raw} has no value after line {line} ({reason}); "
                            f"name a value that is there then"
                        ),
                    )

    def _ask_findings(self) -> Iterator[tuple[int, str]]:
        for ask in self._lesson.asks:
            if ask.line not in self._ran:
                yield ask.line, "the @ask is never asked: the statement below it did not run"
            elif reason := self._failed.get((ask.line, ask.expression)):
                yield (
                    ask.line,
                    (
                        f"the @ask's answer {ask.expression} has no value here ({reason}); "
                        f"name a value that is there then"
                    ),
                )
            elif ask.choices:
                answer = self._answers.get((ask.line, ask.expression), "")
                if not any(_is_choice(answer, choice) for choice in ask.choices):
                    yield (
                        ask.line,
                        (
                            f"the @ask's answer is {_quoted(answer)}, which is none of its choices "
                            f"({' | '.join(ask.choices)}); add it to them"
                        ),
                    )

    def _expect_problem(self, index: int, expect: Expect) -> str | None:
        when = "at the end" if expect.at is None else f"after {expect.at} passes of the loop"
        if expect.at is None:
            shown: tuple[Any, ...] | None = self._last
        else:
            shown = self._passes.get(expect.at)
        if not shown:
            return (
                f"nothing is known of {expect.of} {when}: the loop made "
                f"{max(self._passes, default=0)} passes; correct `at`"
            )
        found = shown[index]
        if found is None:
            reason = self._reasons.get(expect.of, "it has no value then")
            return f"{expect.of} cannot be had {when} ({reason}); correct `of` or `at`"
        if agrees(found, expect.value, expect.rtol, expect.atol):
            return None
        return (
            f"{expect.of} {when} is {_quoted(found)}, not {_quoted(expect.value)}; correct the "
            f"figure in `is` or the code that makes it"
        )


def _is_choice(answer: str, choice: str) -> bool:
    """A choice is text, or a number written in any way."""
    try:
        return agrees(float(answer), float(choice), 1e-5, 5e-7)
    except ValueError:
        return answer.strip() == choice.strip()


def _quoted(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
