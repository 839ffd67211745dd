"""What went on inside recorded steps: a second run replays up to them and notes every operation.

The learner's own run is untouched. The shadow waits at the step that was asked for last, so that
the next one is brought by one statement more.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping

import msgspec

from tutor.history import replay_check
from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame, Inside, Operation
from tutor.session.engine_protocol import AnyEngine, AnyRun
from tutor.wire.messages import FOREVER, Digested, Ended, Launch

MOST = 300_000
"""Operations that are kept; beyond it the oldest steps' go, and a replay brings them back."""


class Shadow:
    """At most one replay at a time.

    Args:
        wake: Called from another thread when `drain` has something.
    """

    def __init__(self, engine: AnyEngine, launch: Launch, wake: Callable[[], None]) -> None:
        self._engine = engine
        self._launch = launch
        self._wake = wake
        self._run: AnyRun | None = None
        self._begin = 0
        self._gone = 0
        """Up to this step nothing is noted, or no longer: another replay must bring it."""
        self._until = 0
        self._asked = 0
        self._ended: Ended | None = None
        self._insides: dict[int, Inside | None] = {}
        self._ledger = _Ledger()
        self._count = 0
        self.replays = 0
        """How many replays were begun: ids of one mean nothing in another."""
        self.labels: dict[int, str] = {}
        """The names that the script gives to what operations made, by their ids."""
        self.strays: set[int] = set()
        """Steps at which the replay did something else than the run."""

    @property
    def failure(self) -> Ended | None:
        """How the replay ended before it came to what was asked for; None if it did not."""
        is_waiting = self._asked > 0 and not self.has(self._asked)
        return self._ended if is_waiting else None

    def has(self, step: int) -> bool:
        return step in self._insides

    def inside(self, step: int) -> Inside | None:
        """What went on in a step; None if nothing did, or it is not known yet."""
        return self._insides.get(step)

    def known(self, step: int) -> Mapping[int, Operation]:
        """What is known of each operation as of a step, forwards."""
        return _AsOf(self._ledger, step)

    def step_of(self, number: int) -> int:
        """The step in which an operation ran, 0 if that is not known."""
        return self._ledger.step_of(number)

    def attend(self, timeline: Timeline, step: int) -> None:
        """See to it that the inside of `step` is known: the one after the last may be a statement
        that raised."""
        if step == self._asked:
            return
        self._asked = step
        if step < 1 or self.has(step):
            return
        if self._run is None or step <= self._gone or self._ended is not None:
            self._start(timeline.passes.window(step))
        self._go(timeline, step)

    def drain(self, timeline: Timeline) -> None:
        """Take in what the replay noted."""
        for event in self._run.take() if self._run else ():
            if isinstance(event, Frame):
                self._take(event.step, event.inside)
                if not replay_check.check(timeline, event, self._launch.source):
                    self.strays.add(event.step)
            elif isinstance(event, Digested):
                replay_check.check(timeline, event, self._launch.source)
            elif isinstance(event, Ended):
                self._ended = event
                if self._asked == len(timeline) + 1:
                    self._take(self._asked, event.inside)
        latest = self._insides.get(self._asked)
        if self._begin and latest and any(one.kind == "unknown" for one in latest.operations):
            # What made it came before the window, or nobody can say: look from the beginning.
            self._start(0)
            self._go(timeline, self._asked)

    def _go(self, timeline: Timeline, step: int) -> None:
        if self._run is not None and step > self._until:
            self._until = step
            self._run.go(step if step <= len(timeline) else FOREVER)

    def close(self) -> None:
        if self._run is not None:
            self._run.close()
        self._run = None

    def _start(self, begin: int) -> None:
        """Begin another replay. Its operations have other numbers, so the old ones are void."""
        self.close()
        self.replays += 1
        self._begin = self._gone = begin
        self._ended = None
        self._insides, self._ledger, self.labels, self._count = {}, _Ledger(), {}, 0
        launch = msgspec.structs.replace(
            self._launch, begin=begin, operations=begin, exact=True, show=(), slots={}
        )
        self._until = 0
        self._run = self._engine.launch(launch, self._wake)

    def _take(self, step: int, inside: Inside | None) -> None:
        self._insides[step] = inside
        if inside is None:
            return
        self._ledger.take(step, inside)
        # What a library did has many names, or none.
        many = {one.id for one in inside.operations[: inside.forwards] if one.kind == "library"}
        for name, number in inside.made.items():
            if number not in many:
                self.labels.setdefault(number, name)
        self._count += len(inside.operations)
        if self._count > MOST:
            self._forget()

    def _forget(self) -> None:
        """Drop the older half of the steps."""
        steps = sorted(self._insides)
        for step in steps[: len(steps) // 2]:
            del self._insides[step]
            self._ledger.forget(step)
            self._gone = step
        self._ledger.trim(self._gone)
        self._count = sum(len(one.operations) for one in self._insides.values() if one)


class _Ledger:
    """What was told of operations forwards. Nothing is looked through before it is asked for."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._firsts: list[int] = []
        """For each of those steps the first id that was new in it."""
        self.count = 0
        """Ids that were given."""
        self._told: dict[int, tuple[Operation, ...]] = {}
        self._by_id: dict[int, dict[int, Operation]] = {}
        """By step, made when one of its operations is asked for."""
        self._again: dict[int, list[tuple[int, Operation]]] = {}
        """By id: leaves and data, which many steps tell of, with those steps."""

    def take(self, step: int, inside: Inside) -> None:
        told = inside.operations
        self._told[step] = told
        self._steps.append(step)
        self._firsts.append(self.count + 1)
        self.count = max(self.count, max((one.id for one in told), default=0))
        for one in told[: inside.forwards]:
            if one.kind in ("leaf", "data"):
                self._again.setdefault(one.id, []).append((step, one))

    def forget(self, step: int) -> None:
        self._told.pop(step, None)
        self._by_id.pop(step, None)

    def trim(self, step: int) -> None:
        """Of what many steps tell of, drop what was told before this one, but for the newest."""
        for number, told in self._again.items():
            first = bisect_right(told, step, key=lambda one: one[0])
            self._again[number] = told[max(0, first - 1) :]

    def step_of(self, number: int) -> int:
        """The step in which an operation was first met, 0 if that is not known."""
        place = bisect_right(self._firsts, number) - 1
        return self._steps[place] if place >= 0 and number <= self.count else 0

    def find(self, number: int, step: int) -> Operation | None:
        """What was told of an operation up to a step."""
        if again := self._again.get(number):
            place = bisect_right(again, step, key=lambda one: one[0]) - 1
            return again[max(0, place)][1]
        made = self.step_of(number)
        by_id = self._by_id.get(made)
        if by_id is None:
            # A thread may be the one that asks: nobody sees it half done.
            by_id = {one.id: one for one in reversed(self._told.get(made, ()))}
            self._by_id[made] = by_id
        return by_id.get(number)


class _AsOf(Mapping[int, Operation]):
    """Of everything that was told of an operation, the newest up to a step."""

    def __init__(self, ledger: _Ledger, step: int) -> None:
        self._ledger = ledger
        self._step = step

    def __getitem__(self, number: int) -> Operation:
        found = self._ledger.find(number, self._step)
        if found is None:
            raise KeyError(number)
        return found

    def __iter__(self) -> Iterator[int]:
        return (number for number in range(1, len(self) + 1) if number in self)

    def __len__(self) -> int:
        return self._ledger.count
