"""What a step changed, in a few words at the end of its source line."""

from tutor.history.timeline import Moment
from tutor.schema.frame import GRAD
from tutor.ui.draw.text.numbers import change

_CHANGE = 24
"""The least number of cells for a changed value."""


def by_interest(moment: Moment) -> list[str]:
    """Return the names that this step gave a value, the most interesting first."""
    views = {name: view for name, view in moment.changed.items() if view is not None}
    # Gradients are what a backward pass is about; counters of loops come last.
    return sorted(views, key=lambda name: (not name.endswith(GRAD), views[name].dtype == "int"))


def draw_changes(moment: Moment, width: int) -> str:
    """Return as many changes as fit into `width` cells, and the number of the others."""
    names = by_interest(moment)
    count = min(len(names), max(1, width // _CHANGE))
    changes = [
        change(n, moment.view(n), moment.before(n), width // count - 2) for n in names[:count]
    ]
    more = len(names) - count
    return "  ".join(changes) + (f" and {more} more" if more else "")
