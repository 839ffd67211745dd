"""Evaluate the plots of a lesson at a step, in a second run; answers are cached."""

import ast
import builtins
from collections import OrderedDict
from collections.abc import Callable

from tutor.history.timeline import Timeline
from tutor.insight.plots import PlotData, names_in, plot_data, sample_of
from tutor.script.declarations import Plot
from tutor.session.interfaces import AnyEngine
from tutor.session.replays.query import Answer, QueryReplay
from tutor.wire.messages import Launch, Sample, Sampled

KEPT = 2000
"""Size of the cache of answers; the least recently used are dropped."""

_Key = tuple[Sample, object]
"""What is asked, and what its answer depends on."""


class PlotEvaluator:
    """Evaluates plots in a second run: whatever an expression does, the learner's run is untouched.

    Args:
        wake: Called from another thread when `drain` has something to take.
    """

    def __init__(self, engine: AnyEngine, launch: Launch, wake: Callable[[], None]) -> None:
        self._query = QueryReplay(Sampled, engine, launch, wake)
        self._still = _imported(launch.source) | vars(builtins).keys()
        """Names that stand for the same thing all the time, unless the script gives them to
        values of its own."""
        self._answers: OrderedDict[_Key, Answer[Sampled]] = OrderedDict()
        self._asked: tuple[_Key, int] | None = None
        self._next: tuple[_Key, int] | None = None
        self._latest: dict[int, PlotData] = {}

    @property
    def is_awaited(self) -> bool:
        """Whether an answer is to come."""
        return self._asked is not None

    @property
    def progress(self) -> str:
        """How far the replay is; "" if no answer is awaited."""
        return self._query.progress

    def latest(self, plot: Plot) -> PlotData | None:
        """The last picture of this plot that there was."""
        return self._latest.get(plot.line)

    def picture(
        self, plot: Plot, timeline: Timeline, step: int, size: tuple[int, int]
    ) -> PlotData | None:
        """The plot at a step. Where that is not known yet it is asked for, and None."""
        key = sample_of(plot, *size), self._version(plot, timeline, step)
        if (found := self._answers.get(key)) is not None:
            self._answers.move_to_end(key)
            last = self._latest.get(plot.line)
            if last is None or last.sampled is not found.found:
                last = self._latest[plot.line] = plot_data(plot, found.found, found.step)
            return last
        if self._asked is None:
            self._evaluate(key, step)
        elif self._asked[0] != key:
            # One question at a time; of those that come meanwhile the last one counts.
            self._next = (key, step)
        return None

    def drain(self, timeline: Timeline) -> bool:
        """See `Replay.drain`; an answer goes into the cache, and the next question is asked."""
        has_news = self._query.drain(timeline)
        if self._asked is not None:
            self._take_answer(*self._asked)
        return has_news

    def _take_answer(self, key: _Key, step: int) -> None:
        if (answer := self._query.answer) is not None:
            self._keep(key, answer)
        elif failure := self._query.failure:
            sample = key[0]
            told = ((sample.of or sample.expressions[0], failure),)
            nothing = (None,) * len(sample.expressions)
            self._keep(key, Answer(step, Sampled(sample, nothing, problems=told)))
        else:
            return
        self._asked = None
        if self._next is not None:
            following, self._next = self._next, None
            self._evaluate(*following)

    def close(self) -> None:
        """End the second run."""
        self._query.close()
        self._asked = self._next = None

    def _evaluate(self, key: _Key, step: int) -> None:
        self._asked = (key, step)
        self._query.ask(step, key[0])

    def _keep(self, key: _Key, answer: Answer[Sampled]) -> None:
        self._answers[key] = answer
        if len(self._answers) > KEPT:
            self._answers.popitem(last=False)

    def _version(self, plot: Plot, timeline: Timeline, step: int) -> object:
        """What stays the same as long as the plot does: when each value that it uses was changed.
        The step itself where it uses something whose changes are not recorded."""
        roots = {name: name.partition(".")[0] for name in timeline.columns}
        wanted = names_in(plot) - (self._still - set(roots.values()))
        changed = [
            (name, timeline.changed_at(name, step))
            for name, root in roots.items()
            if root in wanted
        ]
        known = {roots[name] for name, at in changed if at}
        edited = tuple(sorted(timeline.edited.get(step, ())))
        return (tuple(changed), edited) if wanted <= known else step


def _imported(source: str) -> set[str]:
    """The names of modules, and of what was imported from them."""
    return {
        (one.asname or one.name).partition(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for one in node.names
    }
