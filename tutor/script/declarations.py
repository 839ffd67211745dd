"""The tables of `[tool.tutor]`: expected figures, expected exceptions, and plots."""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from tutor.schema import target
from tutor.script.convert import Finite, Invalid, require_expressions

Words = Annotated[str, Meta(pattern=r"\S")]
"""A text that is not empty."""


class Expect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure that the run must reproduce, from `[[tool.tutor.expect]]`."""

    at: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="give the number of finished iterations, or leave it out"),
    ] = None
    """After this many iterations of outermost loops, counted over all of them; 0 is just before the
    first iteration, None the end of the run."""
    of: Annotated[str, Meta(description='write of = "w.item()"')]
    """An expression over the script's names."""
    value: Annotated[Any, Meta(description="write is = 2.0")] = field(name="is")
    rtol: Annotated[float, Meta(ge=0, description="give a number that is not negative")] = 1e-5
    atol: Annotated[float, Meta(ge=0, description="give a number that is not negative")] = 5e-7
    device: Annotated[
        str, Meta(description='write device = "cpu" where only the CPU gives this figure')
    ] = ""
    """The only kind of device that gives this figure, such as cpu; "" if all do."""
    source: Annotated[str, Meta(description="say in quotes where the figure comes from")] = ""
    line: int = field(default=0, name="")
    """The line in the file where its table begins. Not a key of the table."""

    def __post_init__(self) -> None:
        require_expressions("of", [self.of])


class Raises(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An exception that a statement must raise and the script must catch, from
    `[[tool.tutor.raises]]`."""

    cell: Annotated[Words, Meta(description="give the title of the cell that it is raised in")]
    error: Annotated[Words, Meta(description='write error = "RuntimeError: how it begins"')]
    """How Python's message begins: `RuntimeError: Trying to backward through`."""
    source: Annotated[str, Meta(description="say in quotes where it comes from")] = ""
    line: int = field(default=0, name="")
    """The line in the file where its table begins. Not a key of the table."""


class Plot(Struct, frozen=True, forbid_unknown_fields=True):
    """A plot of expressions over the script's names, from `[[tool.tutor.plot]]`."""

    title: Annotated[Words, Meta(description="say in quotes what the plot shows")]
    points: Annotated[
        tuple[str, ...],
        Meta(
            min_length=2,
            max_length=3,
            description='write points = ["x", "y"], or ["x", "y", "class"]',
        ),
    ] = ()
    """Expressions of the points' x and y, and of the class that colours them, if any."""
    lines: Annotated[
        tuple[Annotated[tuple[str, ...], Meta(min_length=2, max_length=3)], ...],
        Meta(description='write lines = [["x", "w * x"], ["x", "2 * x", "the truth"]]'),
    ] = ()
    """Expressions of each line's x and y, and its label, if any."""
    of: Annotated[str, Meta(description='write of = "((w * x - y) ** 2).mean()"')] = ""
    """An expression of the varied names: a curve over one of them, a map over two."""
    over: Annotated[
        dict[Annotated[str, Meta(pattern=r"\A[^\W\d]\w*\Z")], tuple[Finite, Finite]],
        Meta(
            max_length=2,
            description="write over = { w = [-1, 5] }, with one name or two and finite numbers",
        ),
    ] = {}
    """The names that the plot varies, and the lowest and the highest value of each."""
    at: Annotated[
        tuple[Annotated[str, Meta(pattern=r"\A[\w.]+(\[[^\[\]]*\])?\Z")], ...],
        Meta(description='name values as the tensors pane does: at = ["w[0]", "model.bias"]'),
    ] = ()
    """The values of the run that correspond to the varied names: the ball, the trajectory."""
    level: Annotated[Finite | None, Meta(description="give a number")] = None
    """Where a map is divided in two: the boundary is drawn."""
    log: Annotated[bool, Meta(description="write true or false")] = False
    """Whether heights, or the colours of a map, are on a logarithmic scale."""
    bars: Annotated[str, Meta(description="write bars = \"{'first': w1.grad.norm()}\"")] = ""
    """An expression of a dictionary: a bar for each of its numbers."""
    line: int = field(default=0, name="")
    """The line in the file where its table begins. Not a key of the table."""

    def __post_init__(self) -> None:
        require_expressions("points", self.points)
        require_expressions("lines", [text for line in self.lines for text in line[:2]])
        require_expressions("of", [self.of] if self.of else [])
        require_expressions("bars", [self.bars] if self.bars else [])
        for name, (low, high) in self.over.items():
            if not low < high:
                cure = "begin with the smaller number"
                raise Invalid("over", f"`over` has {name} = [{low:g}, {high:g}]", cure)
        for place in self.at:
            try:
                target.parse_target(place)
            except ValueError:
                raise Invalid("at", f"`at` has {place!r}") from None
        if bool(self.of) != bool(self.over):
            cure = "`of` is drawn over the one or two names of `over`: over = { w = [-1, 5] }"
            raise Invalid("of", "`of` and `over` go together", cure)
        if self.at and len(self.at) != len(self.over):
            cure = f"give one for each name of `over`, so {len(self.over)}"
            raise Invalid("at", f"`at` names {len(self.at)} values", cure)
        if self.level is not None and len(self.over) != 2:
            cure = "give `over` two names, or leave it out"
            raise Invalid("level", "`level` divides a map", cure)
        if self.bars and (self.points or self.lines or self.of):
            raise Invalid("bars", "`bars` stand alone", "make a plot of its own for the rest")
        if not (self.points or self.lines or self.of or self.bars):
            raise Invalid("", "draws nothing", "give it points, lines, of and over, or bars")

    @property
    def expressions(self) -> tuple[str, ...]:
        """All expressions to evaluate except `of`."""
        lines = [expression for one in self.lines for expression in one[:2]]
        return (*self.points, *lines, *([self.bars] if self.bars else ()))
