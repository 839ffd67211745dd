"""What it takes to draw where there is much to draw: python tests/benchmarks/draw.py

Each line is a drawing in milliseconds, and over the same of something small. A key press has 16 ms
for all panes together.
"""

from collections.abc import Callable

import numpy as np
from graph import PALETTE, milliseconds

from tutor.history.timeline import Timeline
from tutor.insight.events.detect import Events
from tutor.insight.search import Condition
from tutor.schema.frame import Frame, TensorView
from tutor.ui.draw.tensors.elements import draw_elements
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
        ("timeline, 100,000 steps", drawn(long), drawn(short)),
        ("condition, 100,000 steps", lambda: searched(long), lambda: searched(short)),
    ]
    for name, much, little in cases:
        found = milliseconds(much)
        print(f"{name:26} {found:9.3f} ms {found / milliseconds(little):8.1f} x the small one")


if __name__ == "__main__":
    measure()
