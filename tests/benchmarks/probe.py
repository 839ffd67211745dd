"""Measure a program in a pseudo-terminal: time, bytes, processor time and memory."""

import os
import select
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from pseudo_terminal import Terminal  # noqa: E402

QUIET = 0.15
"""Seconds without output after which a repaint counts as finished."""


def program(*arguments: str, size: tuple[int, int] = (120, 40)) -> Terminal:
    """Start `tutor ARGUMENTS` with cached byte code, as an installed program has."""
    return Terminal(*arguments, size=size, **_ENVIRONMENT)


def plain(kind: str, *arguments: str, size: tuple[int, int] = (120, 40)) -> Terminal:
    """Start one of the apps of `plain_apps.py`."""
    command = (str(HERE / "plain_apps.py"), kind)
    return Terminal(*arguments, size=size, command=command, **_ENVIRONMENT)


_caches = tempfile.TemporaryDirectory()
_ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": _caches.name}


@dataclass
class Cost:
    """The cost of one key press."""

    seconds: float
    """Until the last byte."""
    bytes: int
    cpu: float
    """Seconds of processor time."""


def press(terminal: Terminal, key: str) -> Cost:
    """Press a key and read its output to the end."""
    descriptor, pieces = terminal.child.child_fd, []
    cpu = cpu_seconds(terminal.child.pid)
    began = last = perf_counter()
    os.write(descriptor, key.encode())
    while select.select([descriptor], [], [], QUIET)[0]:
        pieces.append(os.read(descriptor, 65536))
        last = perf_counter()
    cost = Cost(last - began, sum(map(len, pieces)), cpu_seconds(terminal.child.pid) - cpu)
    terminal.feed(b"".join(pieces))
    return cost


def seconds_until(terminal: Terminal, holds: Callable[[], bool]) -> float:
    """Return the seconds until the predicate is true."""
    began = perf_counter()
    terminal.until(holds, limit=120)
    return perf_counter() - began


def cpu_seconds(pid: int) -> float:
    """Return the processor time of all living threads of a process."""
    times = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(path.read_text().split()[0]) for path in times) / 1e9


def seconds_until_still(pid: int) -> float:
    """Return how long a process goes on using processor time."""
    began = last = perf_counter()
    spent = cpu_seconds(pid)
    while perf_counter() - last < QUIET:
        sleep(0.002)
        if (now := cpu_seconds(pid)) != spent:
            spent, last = now, perf_counter()
    return last - began


def megabytes(pid: int, field: str = "VmRSS") -> float:
    """Return the resident memory of a process; with `VmHWM` its peak."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


def p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]


def report(what: str, value: float, bar: float, unit: str = "", detail: str = "") -> None:
    """Print the figure, its bar, and whether the bar is held."""
    verdict = "held    " if value <= bar else "NOT HELD"
    shown = f" ({detail})" if detail else ""
    print(f"{verdict}  {what}: {value:.3g}{unit}, bar {bar:g}{unit}{shown}", flush=True)


def milliseconds(values: list[float]) -> str:
    return f"{median(values) * 1000:.1f} ms"
