"""An engine that replays given frames, so that the screens are tested without torch.

`FakeEngine(descent())` carries out each command at once and in the same thread. With `manual=True`
a run records nothing until the test calls `run.work(steps)`, which imitates slow statements.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tutor.schema.frame import Frame, TensorView
from tutor.wire import messages

FINISHED = messages.Ended("finished")


def number(value: float) -> TensorView:
    """Return the view of a Python number."""
    kind = "int" if isinstance(value, int) else "float"
    return TensorView("number", (), kind, "cpu", False, "text", repr(value).encode())


def tensor(
    values: Sequence[float],
    shape: tuple[int, ...] | None = None,
    kind: str = "tensor",
    requires_grad: bool = False,
) -> TensorView:
    """Return the view of a float32 tensor on the CPU."""
    data = struct.pack(f"<{len(values)}f", *values)
    shape = (len(values),) if shape is None else shape
    return TensorView(kind, shape, "float32", "cpu", requires_grad, "<f4", data)


DESCENT = """\
# %% [markdown]
# # Down the slope
# A weight walks towards the bottom of a bowl, one small step at a time.

# %% The start
import torch

# `w` is a leaf: we made it, so autograd keeps its slope in `w.grad`.
w = torch.tensor([3.0, -1.0], requires_grad=True)
lr = 0.1

# %% The walk
for epoch in range(20):
    loss = ((w - 1) ** 2).sum()
    # The chain rule, walked backwards, leaves the slope of every weight.
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
    print(f"{epoch} {loss.item():.4f}")
    w.grad = None

# %% The end
print(w)
"""


Script = Sequence[tuple[Frame, bytes]]
"""The steps of a run, each with its output."""


def descent(epochs: int = 20) -> list[tuple[Frame, bytes]]:
    """Return the steps that a run of `DESCENT` records, computed here."""
    frames: list[tuple[Frame, bytes]] = []
    w, lr, loss = [3.0, -1.0], 0.1, None

    epoch: int | None = None

    def add(line: int, phase: str, changed: dict[str, TensorView | None], out: str = "") -> None:
        loop = 0 if epoch is None else 13
        step = len(frames) + 1
        frame = Frame(step, line, loop, epoch, phase, loss, phase == "loss", changed)
        frames.append((frame, out.encode()))

    add(6, "other", {})
    add(9, "data", {"w": tensor(w, requires_grad=True)})
    add(10, "data", {"lr": number(lr)})
    for epoch in range(epochs):
        add(13, "other", {"epoch": number(epoch)})
        loss = sum((x - 1) ** 2 for x in w)
        add(14, "loss", {"loss": tensor([loss], (), requires_grad=True)})
        slope = [2 * (x - 1) for x in w]
        add(16, "backward", {"w.grad": tensor(slope)})
        w = [x - lr * g for x, g in zip(w, slope, strict=True)]
        add(18, "update", {"w": tensor(w, requires_grad=True)})
        add(19, "other", {}, f"{epoch} {loss:.4f}\n")
        add(20, "zero", {"w.grad": None})
    epoch = None
    add(23, "other", {}, f"tensor({w})\n")
    return frames


@dataclass
class FakeRun:
    """Replays the steps of a script up to the goal; keeps every command in `commands`."""

    script: Script
    end: messages.Ended
    notify: Callable[[], None]
    manual: bool = False
    frozen: bool = False
    closed: bool = False
    recorded: int = 0
    first: int = 0
    """Steps that were replayed without recording."""
    goal: int = 0
    commands: list[tuple[str, int]] = field(default_factory=list)
    events: list[messages.Event] = field(default_factory=list)
    notified: bool = False

    @property
    def replayed(self) -> int:
        return self.first

    @property
    def line(self) -> int:
        at = min(self.recorded, len(self.script) - 1)
        return self.script[at][0].line if self.script else 0

    def take(self) -> list[messages.Event]:
        events, self.events, self.notified = self.events, [], False
        return events

    def go(self, until: int) -> None:
        self.commands.append(("go", until))
        self.frozen = False
        self.goal = until - self.first
        if not self.manual:
            self.work(len(self.script) + 1)

    def pause(self) -> None:
        self.commands.append(("pause", 0))
        self.frozen = self.manual and self.goal > self.recorded
        self.goal = 0

    def close(self) -> None:
        self.closed = True

    def work(self, steps: int = 1) -> None:
        """Record up to `steps` more steps, as far as the commands allow."""
        events: list[messages.Event] = []
        while steps and self.recorded < min(self.goal, len(self.script)):
            frame, output = self.script[self.recorded]
            if output:
                events.append(messages.Printed(frame.step, ((1, output),)))
            events.append(frame)
            self.recorded += 1
            steps -= 1
        if self.recorded == len(self.script) and self.goal > self.recorded:
            events.append(self.end)
        elif self.recorded == self.goal:
            events.append(messages.Waited(self.first + self.recorded, self.line))
        self.report(events)

    def report(self, events: Iterable[messages.Event]) -> None:
        self.events += events
        if self.events and not self.notified:
            self.notified = True
            self.notify()


class FakeEngine:
    """Every launch replays the same script."""

    can_run = True

    def __init__(
        self,
        script: Script = (),
        end: messages.Ended = FINISHED,
        manual: bool = False,
        device: str | None = "cpu · 2 cores · AVX2 · torch 2.13.0",
    ) -> None:
        self.script = list(script) or descent()
        self.end = end
        self.manual = manual
        self.exact = self.script
        """The steps of a replay, with every value."""
        self.device = device
        self.detected: str | None = None
        self.failure: str | None = None
        self.on_change: Callable[[], None] | None = None
        self.jobs: list[messages.Job] = []
        self.runs: list[FakeRun] = []
        self.is_started = self.is_closed = False

    def start(self) -> None:
        self.is_started = True

    def launch(self, job: messages.Job, notify: Callable[[], None]) -> FakeRun:
        script = self.exact if job.launch.exact else self.script
        run = FakeRun(script[job.begin :], self.end, notify, self.manual)
        run.first = job.begin
        self.jobs.append(job)
        self.runs.append(run)
        run.report(
            [
                messages.Started(1, {"device": "cpu", "torch": "2.13.0"}),
                messages.Waited(0, run.line),
            ]
        )
        return run

    def close(self) -> None:
        self.is_closed = True
