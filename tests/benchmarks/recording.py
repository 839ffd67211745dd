"""Measure the cost of recording: the recorded run over the bare run, interleaved.

    python tests/benchmarks/recording.py [ROUNDS [LOOP ...]]

Each loop of `loops/` prints the process time of its own loop. Bare is plain Python with one thread.
Recorded is the same text in a worker, with a client that receives every frame. Each loop runs with
one and with three recorded statements an iteration, the rest being inside functions, and as people
write it, with every statement a step of its own.
"""

import os
import re
import statistics
import subprocess
import sys
import threading
from pathlib import Path

from tutor.engine.client import Engine
from tutor.history.timeline import Timeline
from tutor.schema.frame import Frame
from tutor.wire.messages import FOREVER, Ended, Job, Launch, Printed

LOOPS = Path(__file__).parent / "loops"
BARS = {
    "a": {1: 1.20, 3: 1.35},
    "b": {1: 1.25, 3: 1.50},
    "c": {1: 1.15},
    "d": {3: 1.15},
}
"""The allowed ratio by loop and statements an iteration: recorded over bare."""

EVERY = 0
"""The number of statements that stands for all of them, as people write the loop."""


def text(loop: str, statements: int) -> str:
    source = (LOOPS / f"{loop}.py").read_text()
    return re.sub(r"^STATEMENTS = \d$", f"STATEMENTS = {statements}", source, flags=re.MULTILINE)


def bare(source: str) -> float:
    """Return the seconds of the loop in plain Python."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    found = subprocess.run(
        [sys.executable, "-"],
        env=environment,
        input=source,
        capture_output=True,
        check=True,
        text=True,
    )
    return float(found.stdout.split()[-1])


def recorded(engine: Engine, source: str) -> tuple[float, int]:
    """Return the seconds of the loop, and the number of recorded steps."""
    news = threading.Event()
    run = engine.launch(Job(Launch("loop.py", source)), news.set)
    run.go(FOREVER)
    timeline, printed = Timeline(), b""
    while True:
        news.wait()
        news.clear()
        for event in run.take():
            if isinstance(event, Frame):
                timeline.append(event)
            elif isinstance(event, Printed):
                printed += b"".join(text for stream, text in event.output if stream == 1)
            elif isinstance(event, Ended):
                assert event.outcome == "finished", event
                run.close()
                return float(printed.split()[-1]), len(timeline)


def report(engine: Engine, loop: str, statements: int, rounds: int) -> None:
    source = text(loop, statements)
    times = [(bare(source), *recorded(engine, source)) for _ in range(rounds)]
    plain = statistics.median(one for one, _, _ in times)
    ours = statistics.median(two for _, two, _ in times)
    steps = times[0][2]
    name = {1: "1 statement", 3: "3 statements", EVERY: "every statement"}[statements]
    bar = BARS[loop].get(statements)
    verdict = f"bar {bar:.2f}: {'held' if ours / plain <= bar else 'NOT HELD'}" if bar else "no bar"
    cost = f"{(ours - plain) / steps * 1e6:7.1f} µs a step"
    print(f"({loop}) {name:15} {ours / plain:5.2f} x bare, {cost}   {verdict}", flush=True)


def main(rounds: int, loops: list[str]) -> None:
    engine = Engine()
    engine.start()
    try:
        for loop in loops:
            for statements in (1, 3, EVERY):
                report(engine, loop, statements, rounds)
    finally:
        engine.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7, sys.argv[2:] or list(BARS))
