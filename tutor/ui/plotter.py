"""What the plots of a lesson show at a step: asked of a second run, kept as long as it holds."""

import ast
import builtins
from collections import OrderedDict
from collections.abc import Callable

from tutor.declared import Plot
from tutor.engine.protocol import Launch, Sample, Sampled
from tutor.plots import Picture, names_in, picture_of, sample_of
from tutor.timeline import Timeline
from tutor.ui.engine import AnyEngine
from tutor.ui.pager import Pager

KEPT = 2000
"""Pictures that are kept: those that were not looked at for longest go."""

_Key = tuple[int, Sample, object]
"""Which plot, in which size, and what its values depend on."""


class Plotter:
    """The learner's own run is never asked: whatever a plot does, it does beside it.

    Args:
        wake: Called from another thread when `drain` has something.
    """

    def __init__(self, engine: AnyEngine, launch: Launch, wake: Callable[[], None]) -> None:
        self._pager = Pager(Sampled, engine, launch, wake)
        self._still = _imported(launch.source) | vars(builtins).keys()
        """Names that stand for the same thing all the time."""
        self._pictures: OrderedDict[_Key, Picture] = OrderedDict()
        self._asked: tuple[_Key, Plot, int] | None = None
        self._next: tuple[_Key, Plot, int] | None = None
        self.latest: dict[int, Picture] = {}
        """The picture of each plot that came last, by the plot's line."""

    @property
    def is_running(self) -> bool:
        return self._asked is not None

    @property
    def progress(self) -> str:
        """How far the replay is; "" where none is under way."""
        return self._pager.progress

    def picture(
        self, plot: Plot, timeline: Timeline, step: int, size: tuple[int, int]
    ) -> Picture | None:
        """The plot at a step. Where it is not known yet it is asked for, and `None`."""
        key = (plot.line, sample_of(plot, *size), self._version(plot, timeline, step))
        if (found := self._pictures.get(key)) is not None:
            self._pictures.move_to_end(key)
            self.latest[plot.line] = found
            return found
        if self._asked is None:
            self._ask(key, plot, step)
        elif self._asked[0] != key:
            # One question at a time; of those that come meanwhile the last one counts.
            self._next = (key, plot, step)
        return None

    def drain(self, timeline: Timeline) -> None:
        """Take in what the second run said."""
        self._pager.drain(timeline)
        if self._asked is None:
            return
        key, plot, step = self._asked
        if (answer := self._pager.answer) is not None:
            self._keep(key, picture_of(plot, answer.found, step))
        elif self._pager.failure:
            self._keep(key, Picture(step, problem=self._pager.failure))
        else:
            return
        self._asked = None
        if self._next is not None:
            following, self._next = self._next, None
            self._ask(*following)

    def close(self) -> None:
        """End the second run."""
        self._pager.close()
        self._asked = self._next = None

    def _ask(self, key: _Key, plot: Plot, step: int) -> None:
        self._asked = (key, plot, step)
        self._pager.want(step, key[1])

    def _keep(self, key: _Key, picture: Picture) -> None:
        self._pictures[key] = self.latest[key[0]] = picture
        if len(self._pictures) > KEPT:
            self._pictures.popitem(last=False)

    def _version(self, plot: Plot, timeline: Timeline, step: int) -> object:
        """What stays the same as long as the plot does: when each value that it uses was changed.
        The step itself where it uses something whose changes are not recorded."""
        wanted = names_in(plot) - self._still
        changed = [
            (name, timeline.changed_at(name, step))
            for name in timeline.columns()
            if name.partition(".")[0] in wanted
        ]
        known = {name.partition(".")[0] for name, at in changed if at}
        return tuple(changed) if wanted <= known else step


def _imported(source: str) -> set[str]:
    """The names of modules, and of what was imported from them."""
    return {
        (one.asname or one.name).partition(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for one in node.names
    }
