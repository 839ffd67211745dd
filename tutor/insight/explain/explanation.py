"""What an explanation consists of: see `why`."""

from dataclasses import dataclass

from tutor.insight.calculus.dual import Array
from tutor.insight.explain.wording import numbers as told
from tutor.schema.frame import TensorView


@dataclass(frozen=True, eq=False)
class Origin:
    """A value or a gradient that one can go to."""

    id: int
    """Of the operation that made the value."""
    label: str
    """`w·x`, or `∂loss/∂(w·x)`."""
    view: TensorView | None
    """None: it is not known."""
    number: int = 0
    """Which output of the operation."""
    is_gradient: bool = False


@dataclass(frozen=True, eq=False)
class Row:
    """A line of an explanation."""

    what: str
    formula: str
    numbers: str
    follow: Origin | None = None
    """What the line leads to."""


@dataclass(frozen=True, eq=False)
class Term:
    """What one use of a value contributes to its gradient."""

    consumer: Origin
    """The gradient that came to the operation which used the value."""
    via: tuple[str, ...]
    """Nodes that torch put between: `t` in a `linear`."""
    derivative: str | None
    """The local derivative, with names: `2·a`, or what becomes of g: `g @ Bᵀ`. None: there is no
    rule, or what it gives is not what torch passed on."""
    local: Array | None
    """Its numbers, if it is a factor and they are known."""
    contribution: TensorView
    formula: str
    """`2·a·∂loss/∂(a²)`; says so where no derivative is known."""
    numbers: str
    """The same in numbers, with what it gives."""
    inputs: tuple[Origin, ...]
    """The values that the local derivative is made of."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a value or a gradient is what it is."""

    of: Origin
    formula: str
    """How it was made; "" where that is not known."""
    numbers: str
    """The same with the numbers in it, without the result."""
    note: str
    """What else is to be said, as that nothing is known; "" for nothing."""
    inputs: tuple[Origin, ...] = ()
    """Of a value: what it was made of."""
    terms: tuple[Term, ...] = ()
    """Of a gradient: what it is the sum of; the first `why.TERMS` of many."""
    before: TensorView | None = None
    """Of a leaf's gradient: its `.grad` before this was added, None if there was none."""
    after: TensorView | None = None
    """And after."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """All of it, a line for each thing that can be read or followed."""
        result = told(self.of.view)
        shown = f"{self.numbers} = {result}" if self.numbers else result
        rows = [Row(self.of.label, self.formula, shown)]
        for term in self.terms:
            rows.append(Row(term.consumer.label, term.formula, term.numbers, term.consumer))
            rows += [Row(one.label, "", told(one.view), one) for one in term.inputs]
        rows += [Row(one.label, "", told(one.view), one) for one in self.inputs]
        if self.after is not None and self.before is not None:
            sums = f"{told(self.before)} + {result} = {told(self.after)}"
            rows.append(Row(".grad", "what was there + this", sums))
        elif self.after is not None:
            rows.append(Row(".grad", "was empty", told(self.after)))
        if self.note:
            rows.append(Row("", self.note, ""))
        return tuple(rows)
