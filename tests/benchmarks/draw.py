"""Time drawings of much data: python tests/benchmarks/draw.py

Each line is the time of one drawing in milliseconds, and its ratio to the same drawing of little
data. A key press has 16 ms for all panes together.
"""

from collections.abc import Callable
from itertools import cycle

import numpy as np
from graph import PALETTE, milliseconds

from tutor.history.timeline import Timeline
from tutor.insight.events.detect import Events
from tutor.insight.search import Condition
from tutor.schema.frame import Frame, TensorView
from tutor.ui.draw.plots.loss import Curve, draw_loss
from tutor.ui.draw.tensors.elements import draw_elements
from tutor.ui.draw.tensors.gradients import draw_gradients
from tutor.ui.draw.tensors.tensors import draw_tensors
from tutor.ui.draw.tensors.value import draw_value
from tutor.ui.draw.tensors.window import look, select
from tutor.ui.draw.time.timeline import draw_timeline


def window(rows: int, columns: int) -> None:
    """A window of 200 x 50 cells on a matrix."""
    elements = np.random.default_rng(0).normal(size=(rows, columns)).astype("f4")
    data = elements.tobytes()
    view = TensorView("tensor", elements.shape, "float32", "cpu", False, elements.dtype.str, data)
    seen = look(view, select(elements.shape, ""), (rows // 2, columns // 2), 200, 50)
    (top, bottom), (left, right) = seen.needed
    draw_elements(seen, elements[top:bottom, left:right], (top, left), 200, PALETTE)


def run(steps: int) -> Timeline:
    made = Timeline()
    for step in range(1, steps + 1):
        value = np.float64(step % 7).tobytes()
        changed = {"n": TensorView("number", (), "float", "cpu", False, "<f8", value)}
        made.append(Frame(step, 1, 1, step // 5, "other", None, False, changed))
    return made


def losses(count: int) -> None:
    """The loss curves of four runs, for the first time."""
    steps = range(1, count + 1)
    falling = np.geomspace(9.0, 1e-3, count) * np.random.default_rng(0).uniform(1, 2, (4, count))
    own, *others = falling.tolist()
    curves = [Curve(name, name, steps, one) for name, one in zip("abc", others, strict=True)]
    draw_loss(steps, own, 100, 20, PALETTE, log=True, name="main", others=curves)


def values_of(rows: int) -> Callable[[], object]:
    """Draw the values of a step in all panes; each call draws another step."""
    random, made = np.random.default_rng(0), Timeline()
    for step in range(1, 101):
        changed = {}
        for name in ("w", "b", "x", "w.grad", "b.grad"):
            data = random.normal(size=(rows, 16)).astype("f4").tobytes()
            changed[name] = TensorView("parameter", (rows, 16), "float32", "cpu", True, "<f4", data)
        made.append(Frame(step, 1, 1, step, "backward", None, False, changed))
    steps = cycle(range(1, 101))

    def draw() -> None:
        moment = made.at(next(steps))
        draw_tensors(moment, 120, PALETTE)
        draw_gradients(moment, 80, PALETTE)
        draw_value(moment.changed["x"], 80, 20, PALETTE)

    return draw


def drawn(made: Timeline) -> Callable[[], object]:
    """Draws the timeline's two rows in the middle of the run, its events found before."""
    events = Events(made)
    while events.advance():
        pass
    return lambda: draw_timeline(made, len(made) // 2, 120, PALETTE, events=events, fork=9)


def searched(made: Timeline) -> None:
    """Looks for what never holds, in the slices that the event loop allows."""
    search = Condition("abs(n - 1) > 1e9").search(made, 1, len(made))
    while search.advance(0.002):
        pass


def measure() -> None:
    long, short = run(100_000), run(100)
    cases: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        ("elements, 300 x 500", lambda: window(300, 500), lambda: window(3, 5)),
        ("values, 5 of 250 x 16", values_of(250), values_of(1)),
        ("losses, 4 x 50,000", lambda: losses(50_000), lambda: losses(50)),
        ("timeline, 100,000 steps", drawn(long), drawn(short)),
        ("condition, 100,000 steps", lambda: searched(long), lambda: searched(short)),
    ]
    for name, much, little in cases:
        found = milliseconds(much)
        print(f"{name:26} {found:9.3f} ms {found / milliseconds(little):8.1f} x the small one")


if __name__ == "__main__":
    measure()
