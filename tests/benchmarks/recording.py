"""What recording costs: the recorded run against the bare run, interleaved, in one session.

    python tests/benchmarks/recording.py [ROUNDS]

Each loop of `loops/` prints the process time of its own loop. Bare is plain Python with one thread;
recorded is the same file in a worker, with a client that takes every frame.
"""

import os
import statistics
import subprocess
import sys
import threading
from pathlib import Path

from tutor.engine.client import Engine
from tutor.engine.protocol import FOREVER, Ended, Launch, Printed
from tutor.frame import Frame
from tutor.timeline import Timeline

LOOPS = Path(__file__).parent / "loops"
BARS = {"a": 1.35, "b": 1.50, "c": 1.15, "d": 1.15}


def bare(path: Path) -> float:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    found = subprocess.run(
        [sys.executable, path], env=environment, capture_output=True, check=True, text=True
    )
    return float(found.stdout)


def recorded(engine: Engine, path: Path) -> tuple[float, int]:
    """Seconds of the loop, and the steps that were recorded."""
    news = threading.Event()
    run = engine.launch(Launch(str(path), path.read_text()), news.set)
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
                return float(printed), len(timeline)


def main(rounds: int) -> None:
    engine = Engine()
    engine.start()
    try:
        for name, bar in BARS.items():
            path = LOOPS / f"{name}.py"
            times = [(bare(path), *recorded(engine, path)) for _ in range(rounds)]
            plain = statistics.median(one for one, _, _ in times)
            ours = statistics.median(two for _, two, _ in times)
            print(
                f"({name}) recorded / bare {ours / plain:.2f} (bar {bar:.2f}), "
                f"{times[0][2]} steps, bare {plain:.2f} s",
                flush=True,
            )
    finally:
        engine.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
