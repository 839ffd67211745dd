"""Compare a replay with the recorded run, and find what in the script can make them differ."""

import ast
from collections.abc import Collection, Iterator
from functools import lru_cache

import msgspec

from tutor.history.timeline import Divergence, Timeline
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
"""The last name of a call -> why a replay may differ there."""

_UNSEEDED = ("seed", "default_rng", "RandomState", "Random")
"""These calls choose a random seed if they have no argument."""


def differing(timeline: Timeline, replayed: Frame) -> list[str]:
    """Return the names that a replayed step changed to another value than the recorded one.

    Names without content on one side, and names that the learner edited after the step, are
    skipped.
    """
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
    """Return a summary as bytes, to compare it: NaN does not equal itself."""
    return msgspec.msgpack.encode(view.summary)


def check(timeline: Timeline, event: Frame | Digested, source: str) -> bool:
    """Compare an event of a replay with the recording, and note the first divergence.

    Returns:
        Whether they are the same; True for a step that is not recorded.
    """
    if event.step > len(timeline):
        return True
    if isinstance(event, Digested):
        recorded = timeline.digests.get(event.step)
        if recorded is None or recorded == event.digest:
            return True
        since = f"in the {DIGESTED} steps before step {event.step:,}"
        _note_divergence(
            timeline, event.step, f"the state differs somewhere {since}{_cause(source, 0)}"
        )
        return False
    place = timeline.steps.place(event.step)
    if place.line != event.line:
        difference = f"the replay ran line {event.line} where line {place.line} ran"
        _note_divergence(timeline, event.step, difference + _cause(source, place.line))
        return False
    if names := differing(timeline, event):
        listed = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
        difference = f"{listed} came out otherwise in line {event.line}"
        _note_divergence(timeline, event.step, difference + _cause(source, event.line))
        return False
    return True


def _note_divergence(timeline: Timeline, step: int, reason: str) -> None:
    if timeline.divergence is None or step < timeline.divergence.step:
        timeline.divergence = Divergence(step, reason)


def _cause(source: str, line: int) -> str:
    """Return the likely cause of a difference in `line`, found in the script's text."""
    found = suspects(source)
    here = [one for one in found if one[0] <= line <= one[1]]
    if not (likely := here or found):
        return ": nothing in the script's text tells why"
    first, _, call, cause = likely[0]
    return f": line {first} {cause} ({call})"


@lru_cache(8)
def suspects(source: str) -> tuple[tuple[int, int, str, str], ...]:
    """Return the calls in a script that may give another result in a replay.

    Returns:
        (first line, last line, the call, why it may differ) of each call.
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
