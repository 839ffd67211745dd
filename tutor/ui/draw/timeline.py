"""The timeline: where we are among the recorded steps, in two rows."""

from rich.style import Style
from textual.strip import Strip

from tutor.timeline import Timeline
from tutor.ui.draw.palette import PHASES, Palette
from tutor.ui.draw.strips import Run, line, strip

SHADES = "░▒▓█"
HERE = "◆"
ERROR = "✗"
BOUNDARY = "┬"

_REVERSE, _UNDERLINE = Style(reverse=True), Style(underline=True)


def draw_timeline(
    timeline: Timeline, step: int, width: int, palette: Palette, *, error: bool = False
) -> list[Strip]:
    """Two rows: a bar of all recorded steps, and where `step` is, in words.

    While every step has a cell of its own, the cell is the letter of its phase and a cell that
    begins an iteration is underlined. Beyond that a cell is a stretch of steps: `┬` where an
    iteration begins in it, darker the more of them do.

    Args:
        error: Whether the run ended in an error, after its last recorded step.
    """
    count = len(timeline)
    bar = max(0, width - 1 if error else width)
    if not count:
        runs: list[Run] = [("·" * bar, palette.muted)]
    elif count <= bar:
        runs = [_letter(timeline, n, n == step, palette) for n in range(1, count + 1)]
    else:
        runs = _stretches(timeline, step, bar, palette)
    if error:
        runs.append((ERROR, palette.error))
    return [strip(runs, width, palette.text), _words(timeline, step, width, palette, error)]


def cell_to_step(timeline: Timeline, cell: int, width: int, *, error: bool = False) -> int:
    """The first step that the bar's cell number `cell` stands for, so that it can be clicked."""
    count, bar = len(timeline), max(1, width - 1 if error else width)
    if count <= bar:
        return min(count, cell + 1)
    return min(count, cell * count // bar + 1)


def _letter(timeline: Timeline, step: int, is_here: bool, palette: Palette) -> Run:
    frame = timeline.frame(step)
    assert frame is not None
    letter = PHASES.get(frame.phase, PHASES["other"])
    style = palette.phases.get(frame.phase, palette.phases["other"])
    if is_here:
        return letter.upper() if letter.isalpha() else HERE, style + _REVERSE
    return letter, style + _UNDERLINE if _begins(timeline, step) else style


def _begins(timeline: Timeline, step: int) -> bool:
    """Whether an iteration of a loop begins at `step`."""
    frame = timeline.frame(step)
    return bool(frame and frame.loop) and timeline.next_iteration(step - 1) == step


def _stretches(timeline: Timeline, step: int, width: int, palette: Palette) -> list[Run]:
    """One run a cell; looks at two frames of each, however many steps it stands for."""
    count = len(timeline)
    runs: list[Run] = []
    for cell in range(width):
        first, last = cell * count // width + 1, (cell + 1) * count // width
        if first <= step <= last:
            runs.append((HERE, palette.changed + _REVERSE))
            continue
        begun = _begun(timeline, first, last)
        frame = timeline.frame(first)
        assert frame is not None
        if not begun:
            runs.append(("─", palette.accent if frame.loop else palette.muted))
        elif begun == 1:
            runs.append((BOUNDARY, palette.accent))
        else:
            # Shades by powers of four: 2, 4, 16 and 64 iterations or more in a cell.
            runs.append((SHADES[min(3, (begun.bit_length() - 1) // 2)], palette.accent))
    return runs


def _begun(timeline: Timeline, first: int, last: int) -> int:
    """How many iterations begin within these steps; at least one where another loop begins."""
    start = timeline.next_iteration(first - 1)
    if start is None or start > last:
        return 0
    one, other = timeline.frame(start), timeline.frame(last)
    if one is None or other is None or one.loop != other.loop:
        return 1
    return (other.iteration or 0) - (one.iteration or 0) + 1 if one.loop else 0


def _words(timeline: Timeline, step: int, width: int, palette: Palette, error: bool) -> Strip:
    count, frame = len(timeline), timeline.frame(step)
    if frame is None:
        told = "nothing has run yet" if not count else f"step 0 of {count} · before the first"
        return line(told, width, palette.muted)
    words: list[list[Run]] = [[(f"step {step} of {count}", palette.strong)]]
    if frame.iteration is not None:
        words.append([(f"iteration {frame.iteration}", palette.text)])
    words.append([(frame.phase, palette.phases.get(frame.phase, palette.text))])
    words.append([(f"line {frame.line}", palette.text)])
    if error and step == count:
        words.insert(1, [("then it failed", palette.error)])
    # What does not fit whole is left out from the end, the place itself last of all.
    while len(words) > 1 and sum(len(t) for [(t, _)] in words) + 3 * len(words) - 3 > width:
        words.pop()
    runs: list[Run] = []
    for part in words:
        runs.extend([(" · ", palette.muted), *part] if runs else part)
    return strip(runs, width, palette.text)
