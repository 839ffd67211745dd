"""Whether a replay is the recorded run, and what in a script keeps it from being that."""

import ast
from collections.abc import Collection, Iterator
from functools import lru_cache

import msgspec

from tutor.history.timeline import Doubt, Timeline
from tutor.schema.frame import Frame, TensorView
from tutor.wire.messages import DIGESTED, Digested

_CLOCK = "reads the clock"
_CHANCE = "draws from a source without a seed"
_FILE = "reads a file"
_MACHINE = "asks the machine"

_CAUSES = {
    **dict.fromkeys(
        ("time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "process_time"), _CLOCK
    ),
    **dict.fromkeys(("now", "today", "utcnow"), _CLOCK),
    **dict.fromkeys(("urandom", "SystemRandom", "uuid1", "uuid4", "token_bytes", "token_hex",
                     "randbits", "randbelow"), _CHANCE),
    **dict.fromkeys(("open", "read_text", "read_bytes", "read_csv", "read_json", "read_parquet",
                     "loadtxt", "genfromtxt", "fromfile", "load", "imread", "urlopen"), _FILE),
    **dict.fromkeys(("getpid", "id", "listdir", "glob", "iterdir", "gethostname"), _MACHINE),
}  # fmt: skip
"""What a replay may meet otherwise, by the last name of the call."""

_UNSEEDED = ("seed", "default_rng", "RandomState", "Random")
"""Draw their own seed when they are called without one."""


def differing(timeline: Timeline, replayed: Frame) -> list[str]:
    """The names whose value after a replayed step is another one than was recorded. What was not
    kept on one side, and what the learner edited after that step, tells nothing."""
    edited: Collection[str] = timeline.edited.get(replayed.step, ())
    found = []
    for name, view in replayed.changed.items():
        recorded = timeline.view(name, replayed.step)
        if name in edited:
            continue
        if view is None or recorded is None:
            if view is not recorded:
                found.append(name)
        elif None not in (view.data, recorded.data):
            if view.data != recorded.data:
                found.append(name)
        elif None not in (view.summary, recorded.summary) and _packed(view) != _packed(recorded):
            found.append(name)
    return found


def _packed(view: TensorView) -> bytes:
    """A summary to be compared: NaN does not equal itself."""
    return msgspec.msgpack.encode(view.summary)


def check(timeline: Timeline, event: Frame | Digested, source: str) -> bool:
    """Hold what a replay tells against the recording; the first difference becomes its `doubt`.

    Returns:
        Whether it agrees.
    """
    if event.step > len(timeline):
        return True
    if isinstance(event, Digested):
        recorded = timeline.digests.get(event.step)
        if recorded is None or recorded == event.digest:
            return True
        since = f"in the {DIGESTED} steps before step {event.step:,}"
        _doubt(timeline, event.step, f"the state differs somewhere {since}{_blamed(source, 0)}")
        return False
    place = timeline.steps.place(event.step)
    if place.line != event.line:
        told = f"the replay ran line {event.line} where line {place.line} ran"
        _doubt(timeline, event.step, told + _blamed(source, place.line))
        return False
    if names := differing(timeline, event):
        listed = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
        told = f"{listed} came out otherwise in line {event.line}"
        _doubt(timeline, event.step, told + _blamed(source, event.line))
        return False
    return True


def _doubt(timeline: Timeline, step: int, reason: str) -> None:
    if timeline.doubt is None or step < timeline.doubt.step:
        timeline.doubt = Doubt(step, reason)


def _blamed(source: str, line: int) -> str:
    """Why a replay may differ, as far as the script's text tells."""
    found = suspects(source)
    here = [one for one in found if one[0] <= line <= one[1]]
    if not (told := here or found):
        return ": nothing in the script's text tells why"
    first, _, call, cause = told[0]
    return f": line {first} {cause} ({call})"


@lru_cache(8)
def suspects(source: str) -> tuple[tuple[int, int, str, str], ...]:
    """What in a script may come out otherwise in a replay.

    Returns:
        (first line, last line, the call, what it does) of each, in the order of the text.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ()
    return tuple(_suspects(tree))


def _suspects(tree: ast.Module) -> Iterator[tuple[int, int, str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        last = name.rpartition(".")[2]
        has_arguments = bool(node.args or node.keywords)
        cause = _CAUSES.get(last)
        if last in _UNSEEDED and not has_arguments:
            cause = _CHANCE
        if cause is not None:
            shown = next(
                (ast.unparse(one) for one in node.args if isinstance(one, ast.Constant)), ""
            )
            yield node.lineno, node.end_lineno or node.lineno, f"{name}({shown})", cause
