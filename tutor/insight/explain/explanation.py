"""The parts of an explanation, which `why` builds."""

from dataclasses import dataclass

from tutor.insight.calculus.functions import Array
from tutor.insight.explain.wording import format_value
from tutor.schema.frame import TensorView


@dataclass(frozen=True, eq=False)
class Origin:
    """A value or a gradient that can be explained in turn."""

    id: int
    """Of the operation that computed the value."""
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

    label: str
    formula: str
    numbers: str
    leads_to: Origin | None = None
    """What the learner can go to from this line."""


@dataclass(frozen=True, eq=False)
class Term:
    """What one use of a value contributes to its gradient."""

    consumer: Origin
    """The gradient of the output of the operation that used the value."""
    via: tuple[str, ...]
    """Nodes that torch put between: `t` in a `linear`."""
    derivative: str | None
    """The local derivative: a factor, `2·a`, or the product with the incoming gradient g,
    `g @ Bᵀ`. None if there is no rule, or if the rule contradicts what torch passed on."""
    local: Array | None
    """The numbers of the local derivative, if it is a factor and they are known."""
    contribution: TensorView
    formula: str
    """`2·a·∂loss/∂(a²)`; says so where no derivative is known."""
    numbers: str
    """The formula with its numbers and the result."""
    inputs: tuple[Origin, ...]
    """The values that the local derivative depends on."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a value or a gradient is what it is."""

    of: Origin
    formula: str
    """How it was computed; "" if that is not known."""
    numbers: str
    """The formula with its numbers, without the result."""
    note: str
    """A remark, such as why nothing is known; "" if there is none."""
    inputs: tuple[Origin, ...] = ()
    """Of a value: the values that it was computed from."""
    terms: tuple[Term, ...] = ()
    """Of a gradient: the terms of its sum, at most `why.TERMS`."""
    before: TensorView | None = None
    """Of a leaf's gradient: its `.grad` before this pass, None if it had none."""
    after: TensorView | None = None
    """Of a leaf's gradient: its `.grad` after this pass."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """Everything, one line for each thing to read or to go to."""
        result = format_value(self.of.view)
        shown = f"{self.numbers} = {result}" if self.numbers else result
        rows = [Row(self.of.label, self.formula, shown)]
        for term in self.terms:
            rows.append(Row(term.consumer.label, term.formula, term.numbers, term.consumer))
            rows += [Row(one.label, "", format_value(one.view), one) for one in term.inputs]
        rows += [Row(one.label, "", format_value(one.view), one) for one in self.inputs]
        if self.after is not None and self.before is not None:
            sums = f"{format_value(self.before)} + {result} = {format_value(self.after)}"
            rows.append(Row(".grad", "what was there + this", sums))
        elif self.after is not None:
            rows.append(Row(".grad", "was empty", format_value(self.after)))
        if self.note:
            rows.append(Row("", self.note, ""))
        return tuple(rows)
