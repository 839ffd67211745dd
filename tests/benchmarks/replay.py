"""Measure replays over bare runs, the start of a worker, and a timeline of many steps.

    python tests/benchmarks/replay.py [ROUNDS]

The loops are those of `recording.py`, with every statement a step of its own; each prints the
process time of its own loop. Replayed is the same text in a worker that records only the last step.
"""

import statistics
import struct
import sys
import threading
from time import perf_counter

from recording import EVERY, bare, text

from tutor.engine.client import Engine
from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame, TensorView
from tutor.wire.messages import FOREVER, Ended, Job, Launch, Printed, Started

STEPS = 100_000


def replayed(engine: Engine, source: str, steps: int) -> float:
    """Return the seconds of the loop in a run that records only its last step."""
    news = threading.Event()
    run = engine.launch(Job(Launch("loop.py", source), begin=steps - 1), news.set)
    run.go(FOREVER)
    printed = b""
    while True:
        news.wait()
        news.clear()
        for event in run.take():
            if isinstance(event, Printed):
                printed += b"".join(piece for stream, piece in event.output if stream == 1)
            elif isinstance(event, Ended):
                assert event.outcome == "finished", event
                run.close()
                return float(printed.split()[-1])


def steps_of(engine: Engine, source: str) -> int:
    news = threading.Event()
    run = engine.launch(Job(Launch("loop.py", source)), news.set)
    run.go(FOREVER)
    count = 0
    while True:
        news.wait()
        news.clear()
        for event in run.take():
            count += isinstance(event, Frame)
            if isinstance(event, Ended):
                run.close()
                return count


def ready(engine: Engine) -> float:
    """Return the milliseconds from the launch of a run until its worker waits."""
    news = threading.Event()
    began = perf_counter()
    run = engine.launch(Job(Launch("x.py", "import torch\n")), news.set)
    while not any(isinstance(event, Started) for event in run.take()):
        news.wait()
        news.clear()
    run.close()
    return (perf_counter() - began) * 1e3


def resident() -> int:
    """Return the resident bytes of this process."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def scalar(value: float) -> TensorView:
    return TensorView("tensor", (), "float32", "cpu", True, "<f4", struct.pack("<f", value))


def many_steps() -> None:
    """Measure a timeline of `STEPS` steps with one scalar each."""
    before, began = resident(), perf_counter()
    timeline = Timeline((1, 5, 9))
    names = ("loss", "w.grad", "w", "b")
    for step in range(1, STEPS + 1):
        name = names[step % 4]
        iteration, changed = step // 4, {name: scalar(step)}
        is_loss = name == "loss"
        loss = float(step)
        timeline.append(Frame(step, 5, 4, iteration, "loss", loss, is_loss, changed))
    spent = perf_counter() - began
    size = (resident() - before) / STEPS
    print(f"timeline: {spent / STEPS * 1e6:.1f} µs and {size:.0f} bytes a step (200)")
    slowest = 0.0
    for step in (1, STEPS // 3, STEPS // 2, STEPS - 1, STEPS):
        began = perf_counter()
        moment = timeline.at(step)
        assert [moment.view(name) for name in moment.values]
        timeline.iterations.find(step // 4, step)
        slowest = max(slowest, perf_counter() - began)
    print(f"a jump among {STEPS:,}: at most {slowest * 1e3:.2f} ms (16)")
    began = perf_counter()
    timeline.fork(STEPS - 10)
    print(f"a fork after them: {(perf_counter() - began) * 1e3:.1f} ms")


def main(rounds: int) -> None:
    many_steps()
    engine = Engine(eager=True)
    engine.start()
    try:
        ready(engine)
        times = [ready(engine) for _ in range(20)]
        middle, most = statistics.median(times), max(times)
        print(f"a worker is ready in {middle:.0f} ms, at most {most:.0f} (50)")
        for loop in "abcd":
            source = text(loop, EVERY)
            steps = steps_of(engine, source)
            pairs = [(bare(source), replayed(engine, source, steps)) for _ in range(rounds)]
            plain, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
            allowed = 1.10 * plain + 0.05
            verdict = "held" if ours <= allowed else "NOT HELD"
            print(
                f"({loop}) {steps:6,} steps: {ours / plain:.2f} x bare, "
                f"{ours - plain:+.3f} s; 1.10 x bare + 50 ms: {verdict}",
                flush=True,
            )
    finally:
        engine.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
