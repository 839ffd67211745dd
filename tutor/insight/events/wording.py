"""Describe an event in one line."""

import math
import re
from bisect import bisect_left

from tutor.history.timeline import Timeline
from tutor.insight.events.detect import Events
from tutor.insight.events.first_nonfinite import not_finite
from tutor.insight.events.kinds import Kind, RunEvent
from tutor.insight.explain.wording import format_value
from tutor.schema import values


def describe(events: Events, event: RunEvent) -> str:
    """Return what happened: `loss rose 0.25 → 0.31`. Without numbers if the values were dropped."""
    timeline, step = events.timeline, event.step
    match event.kind:
        case Kind.EXCEPTION:
            return timeline.steps.raised(step).partition("\n")[0] or events.failure
        case Kind.ROSE:
            return f"loss rose {_rise(timeline, step)}"
        case Kind.PRINTED:
            return _printed(timeline, step)
    name, more = events.subject(event)
    others = f", and {more} more" if more else ""
    match event.kind:
        case Kind.NONFINITE:
            view = timeline.view(name, step)
            return f"{name} became {(not_finite(view) if view else '') or 'not finite'}{others}"
        case Kind.ACCUMULATED:
            before = timeline.view(name, step - 1)
            onto = (
                f" onto {format_value(before)}" if before is not None and before.is_complete else ""
            )
            return f"{name} accumulated{onto}{others}"
        case _:
            return f"{name} {event.kind.value}{_norms(timeline, name, step)}{others}"


def _rise(timeline: Timeline, step: int) -> str:
    _, losses = timeline.losses(step)
    place = len(losses) - 1
    while not math.isfinite(losses[place - 1]) or losses[place - 1] == losses[-1]:
        place -= 1
    return _pair(losses[place - 1], losses[-1])


def _norms(timeline: Timeline, name: str, step: int) -> str:
    column, steps = timeline.columns[name], timeline.steps
    place = column.index(step)
    before = place - 1
    while steps.place(column.steps[before]).phase != "backward" or not column.is_there(before):
        before -= 1
    views = column.view(before), column.view(place)
    known = [found for view in views if view is not None and (found := values.statistics(view))]
    return f": norm {_pair(known[0]['norm'], known[1]['norm'])}" if len(known) == 2 else ""


def _printed(timeline: Timeline, step: int) -> str:
    # Asked for the newest step, the timeline does not copy the output.
    pieces, steps = timeline.output(len(timeline)), timeline.output_log.steps
    text = b""
    for place in range(bisect_left(steps, step), len(steps)):
        if steps[place] != step or len(text) > 400:
            break
        text += pieces[place][1]
    lines = text[:400].decode(errors="replace").split("\n")
    first = next((line.strip() for line in lines if line.strip()), "")
    return f"printed: {first}" if first else "printed"


def _pair(before: float, now: float) -> str:
    """Return two different numbers with as many digits as distinguish them."""
    for digits in (4, 6, 9, 17):
        texts = [f"{number:.{digits}g}" for number in (before, now)]
        if texts[0] != texts[1]:
            break
    return re.sub(r"e\+?(-?)0*", r"e\1", " → ".join(texts))
