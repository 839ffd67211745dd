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
"""A question, and the version of the values that its answer depends on."""


class PlotEvaluator:
    """Evaluates plots in a second run: an expression never touches the learner's run.

    Args:
        wake: Called from another thread when `drain` has something to take.
    """

    def __init__(self, engine: AnyEngine, launch: Launch, wake: Callable[[], None]) -> None:
        self._query = QueryReplay(Sampled, engine, launch, wake)
        self._still = _imported(launch.source) | vars(builtins).keys()
        """Names of modules and builtins: they never change, unless the script rebinds them."""
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
        """Return the newest data of this plot, None if there was none."""
        return self._latest.get(plot.line)

    def picture(
        self, plot: Plot, timeline: Timeline, step: int, size: tuple[int, int]
    ) -> PlotData | None:
        """Return the data of a plot at a step; None if it is not known, and is requested."""
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
            # One question at a time: of those asked meanwhile the last one is asked next.
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
            problems = ((sample.of or sample.expressions[0], failure),)
            nothing = (None,) * len(sample.expressions)
            self._keep(key, Answer(step, Sampled(sample, nothing, problems=problems)))
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
        """Return a key that stays equal as long as the plot does.

        It holds when each value that the plot uses was last changed. If the plot uses a name whose
        changes are not recorded, the key is the step itself.
        """
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
    """Return the names that import statements bind."""
    return {
        (one.asname or one.name).partition(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for one in node.names
    }
