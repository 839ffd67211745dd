"""The timeline: a bar of the recorded steps, and a row of words about the current step."""

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from tutor.history.timeline import Timeline
from tutor.insight.events.detect import Events
from tutor.insight.events.kinds import Kind
from tutor.insight.events.wording import describe
from tutor.ui.draw.text.palette import PHASES, Palette
from tutor.ui.draw.text.strips import Styled, strip
from tutor.ui.draw.time.events import GLYPHS, style_of

SHADES = "░▒▓█"
HERE = "◆"
ERROR = "✗"
BOUNDARY = "┬"
FORK = "Y"
DIVERGED = "~"

_REVERSE, _UNDERLINE = Style(reverse=True), Style(underline=True)

_COMMON = (Kind.ACCUMULATED, Kind.ROSE, Kind.PRINTED)
"""Kinds of event of which a run may have thousands."""


def draw_timeline(
    timeline: Timeline,
    step: int,
    width: int,
    palette: Palette,
    *,
    error: bool = False,
    events: Events | None = None,
    fork: int = 0,
) -> list[Strip]:
    """Return two rows: a bar of all recorded steps, and where `step` is, in words.

    If every step has a cell, the cell is the letter of its phase, in the colour of the most severe
    event at the step, and underlined if an iteration begins there. With more steps than cells, a
    cell stands for several steps. It shows the most serious event among them, else `┬` if an
    iteration begins there, or a shade that is darker the more iterations begin. `Y` is the last
    step shared with the parent run, `~` the first step that no replay reproduces exactly.

    Args:
        error: Whether the run ended in an error after its last recorded step.
        fork: The step after which this run was forked from its parent, 0 if it has none.
    """
    count = len(timeline)
    bar = max(0, width - 1 if error else width)
    if not count:
        parts: list[Styled] = [("·" * bar, palette.muted)]
    elif count <= bar:
        parts = [_letter(timeline, n, events, palette) for n in range(1, count + 1)]
    else:
        parts = _stretches(timeline, bar, events, palette)
    for mark, sign, style in (
        (fork, FORK, palette.accent),
        (timeline.divergence.step if timeline.divergence else 0, DIVERGED, palette.warning),
    ):
        if 0 < mark <= count and parts:
            parts[step_to_cell(timeline, mark, bar)] = (sign, style)
    if 0 < step <= count and parts:
        cell = step_to_cell(timeline, step, bar)
        parts[cell] = _here(parts[cell], count <= bar, palette)
    if error:
        parts.append((ERROR, palette.error))
    words = _words(timeline, step, palette, error, events, fork)
    return [strip(parts, width, palette.text), _fitted(words, width, palette)]


def cell_to_step(timeline: Timeline, cell: int, width: int, *, error: bool = False) -> int:
    """Return the first step that a cell of the bar stands for."""
    count, bar = len(timeline), max(1, width - 1 if error else width)
    if count <= bar:
        return min(count, cell + 1)
    return min(count, cell * count // bar + 1)


def step_to_cell(timeline: Timeline, step: int, bar: int) -> int:
    """Return the cell that stands for a step in a bar of `bar` cells."""
    count = len(timeline)
    return step - 1 if count <= bar else (step * bar - 1) // count


def remarks(timeline: Timeline, fork: int) -> list[str]:
    """Return remarks about the whole run: whether it is approximate, and where it was forked."""
    found = [f"approximate from step {timeline.divergence.step:,}"] if timeline.divergence else []
    return [*found, f"forked after step {fork:,}"] if fork else found


def _here(cell: Styled, is_letter: bool, palette: Palette) -> Styled:
    """Return the cell of the current step."""
    text, style = cell
    if not is_letter:
        return HERE, palette.changed + _REVERSE
    return text.upper() if text.isalpha() else HERE, style + _REVERSE + Style(underline=False)


def _letter(timeline: Timeline, step: int, events: Events | None, palette: Palette) -> Styled:
    """Return the cell of a single step."""
    place = timeline.steps.place(step)
    style = palette.phases.get(place.phase, palette.phases["other"])
    if events is not None and (kind := events.most_severe(step, step)) is not None:
        style = style_of(kind, palette)
    begins = place.loop and timeline.iterations.next(step - 1) == step
    letter = PHASES.get(place.phase, PHASES["other"])
    return letter, style + _UNDERLINE if begins else style


def _stretches(
    timeline: Timeline, width: int, events: Events | None, palette: Palette
) -> list[Styled]:
    """Return cells that stand for several steps; the time does not grow with their number."""
    count = len(timeline)
    # A kind of event in nearly every cell would be no information, and hide the iterations.
    kinds = [
        kind
        for kind in Kind
        if events is not None
        and events.count(kind) > 0
        and (kind not in _COMMON or events.count(kind) <= width // 2)
    ]
    parts: list[Styled] = []
    for cell in range(width):
        first, last = cell * count // width + 1, (cell + 1) * count // width
        kind = events.most_severe(first, last, kinds) if events is not None and kinds else None
        begun = _begun(timeline, first, last)
        if kind is not None:
            parts.append((GLYPHS[kind], style_of(kind, palette)))
        elif not begun:
            is_in_loop = timeline.steps.place(first).loop > 0
            parts.append(("─", palette.accent if is_in_loop else palette.muted))
        elif begun == 1:
            parts.append((BOUNDARY, palette.accent))
        else:
            # Shades by powers of four: 2, 4, 16 and 64 iterations or more in a cell.
            parts.append((SHADES[min(3, (begun.bit_length() - 1) // 2)], palette.accent))
    return parts


def _begun(timeline: Timeline, first: int, last: int) -> int:
    """Count the iterations that begin within these steps; at least one if a loop begins."""
    start = timeline.iterations.next(first - 1)
    if start is None or start > last:
        return 0
    one, other = timeline.steps.place(start), timeline.steps.place(last)
    if one.loop != other.loop:
        return 1
    return (other.iteration or 0) - (one.iteration or 0) + 1 if one.loop else 0


def _words(
    timeline: Timeline,
    step: int,
    palette: Palette,
    error: bool,
    events: Events | None,
    fork: int,
) -> list[Styled]:
    """Return the words about the current step, the most important first."""
    count = len(timeline)
    if not step:
        text = "nothing has run yet" if not count else f"step 0 of {count} · before the first"
        return [(text, palette.muted)]
    place = timeline.steps.place(step)
    words: list[Styled] = [(f"step {step} of {count}", palette.strong)]
    if error and step == count:
        words.append(("then it failed", palette.error))
    if place.iteration is not None:
        words.append((f"iteration {place.iteration}", palette.text))
    words.append((place.phase, palette.phases.get(place.phase, palette.text)))
    words.append((f"line {place.line}", palette.text))
    if events is not None:
        for event in events.at(step):
            if event.kind is not Kind.EXCEPTION:
                words.append((describe(events, event), style_of(event.kind, palette)))
    words += [(remark, palette.warning) for remark in remarks(timeline, fork)]
    return words


def _fitted(words: list[Styled], width: int, palette: Palette) -> Strip:
    # Words that do not fit are left out, the last ones first.
    while len(words) > 1 and sum(cell_len(text) for text, _ in words) + 3 * len(words) - 3 > width:
        words.pop()
    parts: list[Styled] = []
    for word in words:
        parts.extend([(" · ", palette.muted), word] if parts else [word])
    return strip(parts, width, palette.text)
