"""Measure speed, bytes and memory of the screen, relative to a plain Textual app in the same run.

    python tests/benchmarks/terminal.py [first-paint keys lesson idle link memory stop end]

F0 is an empty app with a counter. F1 is one widget over the whole screen with one plain segment a
row. Variants are interleaved, and medians are compared.
"""

import re
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter

from probe import (
    HERE,
    Cost,
    Terminal,
    cpu_seconds,
    megabytes,
    milliseconds,
    p95,
    plain,
    press,
    program,
    report,
    seconds_until,
    seconds_until_still,
)
from pseudo_terminal import ENTER, HOME, REOPEN, RIGHT, is_alive

from tutor.engine.client import Engine
from tutor.wire.messages import Job, Launch, Started

SMOOTH = str(HERE / "loops" / "smooth.py")
FORWARD = RIGHT
MIDDLE = (120, 40)


def first_paint(rounds: int = 12) -> None:
    """Measure the time from exec to the first paint of the menu, and to its lessons."""
    empty, painted, complete = [], [], []
    for number in range(rounds + 1):
        began = perf_counter()
        with closing(plain("empty", size=(80, 24))) as terminal:
            terminal.until(lambda: b"0       " in terminal.raw)
            zero = perf_counter() - began
        began = perf_counter()
        with closing(program(size=(80, 24))) as terminal:
            terminal.until(lambda: b"see autograd work" in terminal.raw)
            one = perf_counter() - began
            terminal.until(lambda: b"numpy_twin" in terminal.raw)
            two = perf_counter() - began
        # The first round compiles.
        if number:
            empty.append(zero)
            painted.append(one)
            complete.append(two)
    detail = f"{milliseconds(painted)} over {milliseconds(empty)}"
    report("first paint of the menu / F0", median(painted) / median(empty), 1.4, detail=detail)
    detail = milliseconds(complete)
    report("menu with its lessons / F0", median(complete) / median(empty), 3.0, detail=detail)


def keys(rounds: int = 10, presses: int = 10) -> None:
    """Measure a key to its last byte: all panes change, or all of a heatmap changes."""
    for size, zoomed in (((80, 24), ""), (MIDDLE, ""), ((200, 60), ""), (MIDDLE, " noise")):
        name = f"{size[0]}x{size[1]}{zoomed}"
        with closing(plain("rows", size=size)) as rows, closing(_recorded(SMOOTH, size)) as ours:
            rows.wait_for("0")
            if zoomed:
                _zoom(ours)
            for terminal in (rows, ours):
                _presses(terminal, 5)
            plain_costs: list[Cost] = []
            costs: list[Cost] = []
            for _ in range(rounds):
                plain_costs += _presses(rows, presses)
                costs += _presses(ours, presses)
            one, two = [[c.seconds for c in found] for found in (plain_costs, costs)]
            detail = f"{milliseconds(two)} over {milliseconds(one)}"
            report(f"{name} key to last byte / F1", median(two) / median(one), 8, detail=detail)
            detail = f"{p95(two) * 1000:.1f} ms"
            report(f"{name} the same, p95 / F1 median", p95(two) / median(one), 12, detail=detail)
            one, two = [[c.cpu for c in found] for found in (plain_costs, costs)]
            detail = f"{milliseconds(two)} over {milliseconds(one)}"
            report(f"{name} CPU of a step / F1", median(two) / median(one), 8, detail=detail)
            one, two = [[c.bytes for c in found] for found in (plain_costs, costs)]
            detail = f"{median(two):.0f} over {median(one):.0f}"
            bar = 15 if zoomed else 2.5
            report(f"{name} bytes of a step / F1", median(two) / median(one), bar, detail=detail)


def lesson() -> None:
    """Measure the bytes of a lesson's steps, each run by its key."""
    with closing(program("open", "three_points")) as terminal:
        _wait(terminal, "waiting before line")
        costs = []
        while "finished" not in terminal.text:
            costs.append(press(terminal, FORWARD))
        sizes = [cost.bytes for cost in costs]
        seconds = [cost.seconds for cost in costs]
        detail = f"{len(sizes)} steps, most {max(sizes)}; key to last byte {milliseconds(seconds)}"
        report("120x40 bytes of a step of three_points", median(sizes), 4000, detail=detail)


def idle(seconds: float = 10.0) -> None:
    """Measure what is sent and computed while nothing happens."""
    with closing(plain("empty")) as empty, closing(_recorded(SMOOTH, MIDDLE)) as ours:
        empty.wait_for("0")
        for terminal in (empty, ours):
            _presses(terminal, 5)
            terminal.settle()
        pids = (empty.child.pid, ours.child.pid)
        before = [cpu_seconds(pid) for pid in pids]
        ours.read(timeout=1)
        seen = len(ours.raw)
        end = perf_counter() + seconds
        while perf_counter() < end:
            ours.read(timeout=end - perf_counter())
        spent = [cpu_seconds(pid) - one for pid, one in zip(pids, before, strict=True)]
        report("bytes while idle for 10 s", len(ours.raw) - seen, 0)
        share = [100 * one / (seconds + 1) for one in spent]
        detail = f"{share[1]:.3f}% over {share[0]:.3f}%"
        report("CPU while idle / F0", spent[1] / spent[0], 1.5, detail=detail)
        peaks = [megabytes(pid, "VmHWM") for pid in pids]
        detail = f"{peaks[1]:.0f} over {peaks[0]:.0f} MB"
        report("peak memory of the screen / F0", peaks[1] / peaks[0], 2.75, detail=detail)


def link(rate: int = 200_000) -> None:
    """Measure how far the screen lags behind when a key was held for 2 s on a slow link.

    The screen shows the worst case, a heatmap of noise.
    """
    lags: dict[str, list[float]] = {"ours": [], "ungated": []}
    for _ in range(3):
        with closing(_recorded(SMOOTH, MIDDLE)) as terminal:
            _zoom(terminal)
            lags["ours"].append(_lag(terminal, rate))
        ungated = plain("ungated", "open", SMOOTH)
        with closing(_recorded(SMOOTH, MIDDLE, ungated)) as terminal:
            _zoom(terminal)
            lags["ungated"].append(_lag(terminal, rate))
    ours, others = median(lags["ours"]), median(lags["ungated"])
    detail = f"{ours:.2f} s over {others:.2f} s"
    report("lag on 200 KB/s / ungated", ours / others, 0.1, detail=detail)


def memory() -> None:
    """Measure the memory of 10,000 steps in the process of the screen."""
    source = (HERE / "loops" / "b.py").read_text()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.py"
        path.write_text(re.sub(r"range\(\d+\)", "range(3330)", source))
        with closing(program("open", str(path))) as terminal:
            _wait(terminal, "waiting before line")
            before = megabytes(terminal.child.pid)
            terminal.send("r")
            _wait(terminal, "finished")
            terminal.settle()
            steps = int(terminal.status.split()[3].replace(",", ""))
            grown = megabytes(terminal.child.pid) - before
    detail = f"{steps:,} steps; {before:.0f} MB before"
    report("memory for 10,000 steps of (b)", grown * 10_000 / steps, 60, " MB", detail)


def stop(rounds: int = 7) -> None:
    """Measure the time from `p` to a worker that is idle, and from a launch to one that waits."""
    scripts = {
        "before line 3": "step = 0\nwhile True:\n    step += 1\n",
        "inside line 2": "first = 1\nsum(iter(int, 1))\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.py"
        for words, source in scripts.items():
            path.write_text(source)
            times = []
            with closing(program("open", str(path))) as terminal:
                for _ in range(rounds):
                    _wait(terminal, "step 0 │ waiting before line 1")
                    terminal.send("r")
                    _wait(terminal, "running on")
                    worker = max(terminal.descendants(), key=cpu_seconds)
                    terminal.send("p")
                    shown = seconds_until(terminal, lambda t=terminal, w=words: w in t.status)
                    times.append(shown + seconds_until_still(worker))
                    terminal.send(REOPEN)
            report(f"p to paused {words}", max(times), 0.6, " s", f"median {milliseconds(times)}")
    engine = Engine()
    engine.start()
    try:
        _launch(engine)
        times = [_launch(engine) for _ in range(3 * rounds)]
        report("a new worker", median(times) * 1000, 50, " ms", f"most {max(times) * 1000:.1f} ms")
    finally:
        engine.close()


def end(rounds: int = 5) -> None:
    """Measure the time from a signal until every process of the program has ended."""
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
        times = []
        for _ in range(rounds):
            with closing(program("open", SMOOTH)) as terminal:
                _wait(terminal, "step 0 │ waiting before line")
                terminal.send("r")
                _wait(terminal, "running on")
                started = terminal.descendants()
                terminal.signal(number)
                began = perf_counter()
                while any(map(is_alive, started)):
                    terminal.read(timeout=0.005)
                times.append(perf_counter() - began)
        report(f"{number.name} to nothing left", max(times), 1.0, " s", milliseconds(times))


def _launch(engine: Engine) -> float:
    news = threading.Event()
    began = perf_counter()
    run = engine.launch(Job(Launch("script.py", "first = 1\n")), news.set)
    while not any(isinstance(event, Started) for event in run.take()):
        news.wait()
        news.clear()
    seconds = perf_counter() - began
    run.close()
    return seconds


def _recorded(path: str, size: tuple[int, int], terminal: Terminal | None = None) -> Terminal:
    """Run a script to its end and move the cursor into its loop."""
    terminal = terminal or program("open", path, size=size)
    _wait(terminal, "waiting before line")
    terminal.send("r")
    _wait(terminal, "finished")
    terminal.send(HOME)
    _wait(terminal, "step 1 of")
    terminal.send(FORWARD * 40)
    _wait(terminal, "step 41 of")
    terminal.settle()
    return terminal


def _zoom(terminal: Terminal) -> None:
    """Zoom the noise of `smooth.py`, which is drawn as a heatmap."""
    terminal.send("3jjjjj")
    terminal.settle()
    terminal.send(ENTER)
    terminal.wait_for("── noise ──")
    terminal.settle()


def _presses(terminal: Terminal, count: int) -> list[Cost]:
    return [press(terminal, FORWARD) for _ in range(count)]


def _lag(terminal: Terminal, rate: int, held: float = 2.0, repeat: float = 1 / 30) -> float:
    """Return the seconds from the last press until the screen shows its step."""
    step = int(terminal.status.split()[1])
    began = perf_counter()
    taken = sent = 0
    total = round(held / repeat)
    while True:
        now = perf_counter() - began
        if sent < total and now >= sent * repeat:
            terminal.send(FORWARD)
            sent += 1
            released = perf_counter()
        taken += terminal.read(max(1, int(rate * now) - taken), timeout=0.005)
        # Unused capacity of the link is lost.
        taken = max(taken, int(rate * now) - rate // 50)
        if sent == total and terminal.status.startswith(f"step {step + total} of"):
            return perf_counter() - released


def _wait(terminal: Terminal, words: str) -> None:
    terminal.wait_for(words, limit=120)


PARTS: dict[str, Callable[[], None]] = {
    "first-paint": first_paint,
    "keys": keys,
    "lesson": lesson,
    "idle": idle,
    "link": link,
    "memory": memory,
    "stop": stop,
    "end": end,
}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
