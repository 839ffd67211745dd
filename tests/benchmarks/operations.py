"""Measure the cost of noting every operation, with three statements an iteration, interleaved.

    python tests/benchmarks/operations.py [ROUNDS [LOOP ...]]

The process time of each loop of `loops/`, recorded without and with operations, relative to plain
Python. Operations are noted in a replay, so a run itself pays nothing for them. The last column is
what that replay costs before it reaches the steps whose operations are wanted.
"""

import statistics
import sys
import threading

from recording import bare, text

from tutor.engine.client import Engine
from tutor.schema.frame import Frame
from tutor.wire.messages import FOREVER, Ended, Job, Launch, Printed

BARS = {"a": 5.0, "b": 3.5, "c": 3.5, "d": 2.2}
"""The allowed ratio of each loop: with operations over bare."""


def recorded(engine: Engine, source: str, operations: int | None) -> tuple[float, int]:
    """Return the seconds of the loop, and the number of operations that were noted."""
    news = threading.Event()
    run = engine.launch(Job(Launch("loop.py", source), operations=operations), news.set)
    run.go(FOREVER)
    noted, printed = 0, b""
    while True:
        news.wait()
        news.clear()
        for event in run.take():
            if isinstance(event, Frame):
                noted += len(event.inside.operations) if event.inside else 0
            elif isinstance(event, Printed):
                printed += b"".join(text for stream, text in event.output if stream == 1)
            elif isinstance(event, Ended):
                assert event.outcome == "finished", event
                run.close()
                return float(printed.split()[-1]), noted


def report(engine: Engine, loop: str, rounds: int) -> None:
    source = text(loop, 3)
    times, noted = [], 0
    for _ in range(rounds):
        plain, _ = recorded(engine, source, None)
        before, _ = recorded(engine, source, FOREVER)
        full, noted = recorded(engine, source, 0)
        times.append((bare(source), plain, before, full))
    without, plain, before, full = (
        statistics.median(column) for column in zip(*times, strict=True)
    )
    ratio, bar = full / without, BARS[loop]
    print(
        f"({loop}) recorded {plain / without:5.2f} x bare   operations {ratio:5.2f} x bare, "
        f"{(full - plain) / noted * 1e6:5.1f} µs each   bar {bar:.1f}: "
        f"{'held' if ratio <= bar else 'NOT HELD'}   before {before / plain:5.2f} x recorded",
        flush=True,
    )


def main(rounds: int, loops: list[str]) -> None:
    engine = Engine()
    engine.start()
    try:
        for loop in loops:
            report(engine, loop, rounds)
    finally:
        engine.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7, sys.argv[2:] or list(BARS))
