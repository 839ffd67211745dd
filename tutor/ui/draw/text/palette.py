"""Named styles for terminals with 256 or more colours, with 16, and with none.

Colours are written as RGB even for 16 colours. Textual passes RGB through, and Rich maps these very
values back to the 256 or 16 colours that they are taken from, without a nearest match.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rich.style import Style

PHASES: Mapping[str, str] = {
    "data": "d",
    "forward": "f",
    "loss": "l",
    "backward": "b",
    "update": "u",
    "zero": "z",
    "other": "·",
}
"""The letter of each phase: nothing is shown by colour alone."""


@dataclass(frozen=True, eq=False, repr=False)
class Palette:
    """The styles of a kind of terminal. With colours, each style sets its background too."""

    colors: int
    """0, 16 or 256: the terminal has at least as many."""
    text: Style
    muted: Style
    """Less important, still readable."""
    heading: Style
    accent: Style
    strong: Style
    """What the learner should read now."""
    changed: Style
    positive: Style
    negative: Style
    error: Style
    warning: Style
    current: Style
    """The statement just run; laid over the row's own styles."""
    next: Style
    """The statement that runs next; laid over the row's own styles."""
    selected: Style
    """The selected row; laid over the row's own styles."""
    border: Style
    focus: Style
    """The border of the pane that has the keyboard."""
    syntax: Mapping[str, Style]
    """keyword, name, function, builtin, number, string, comment, operator, heading."""
    phases: Mapping[str, Style]
    curves: tuple[Style, ...]
    """The colours of the other runs, repeated if there are more of them."""
    diverging: tuple[Style, ...]
    """From the most negative number to the most positive; zero is in the middle."""
    sequential: tuple[Style, ...]
    """From low to high, as backgrounds; empty without colours."""


def palette_for(color_system: str | None, no_color: bool = False) -> Palette:
    """The palette for a Rich console's `color_system` and `no_color`."""
    if no_color or color_system is None:
        return _monochrome()
    return _sixteen() if color_system in ("standard", "windows") else _many()


_SYNTAX = ("keyword", "name", "function", "builtin", "number", "string", "comment", "operator",
           "heading")  # fmt: skip


_VIRIDIS = ("#5f005f", "#5f0087", "#5f5f87", "#005f87", "#008787", "#00af87", "#5faf5f", "#87d75f",
            "#d7d700", "#ffff5f")  # fmt: skip
"""Ten colours of the colour map of that name, each the nearest of the 256."""


@lru_cache(maxsize=1)
def _many() -> Palette:
    background = "#121212"

    def on(color: str, bgcolor: str = background, bold: bool | None = None) -> Style:
        return Style(color=color, bgcolor=bgcolor, bold=bold)

    syntax = ("#ff87d7", "#dadada", "#87d7ff", "#5fd7d7", "#ffaf87", "#afd787", "#949494",
              "#b2b2b2", "#5fd7ff")  # fmt: skip
    # The colour of a cell and that of the sign in it, which is readable but weaker.
    cold = (("#afffff", "#005f87"), ("#5fd7ff", "#005f87"), ("#00afff", "#00005f"),
            ("#0087d7", "#00005f"), ("#005faf", "#87d7ff"), ("#0000d7", "#87afff"),
            ("#0000af", "#5f87ff"), ("#000087", "#5f87d7"))  # fmt: skip
    warm = (("#5f0000", "#af5f5f"), ("#870000", "#d75f5f"), ("#af0000", "#ff8787"),
            ("#d75f00", "#5f0000"), ("#ff8700", "#870000"), ("#ffaf00", "#875f00"),
            ("#ffd75f", "#875f00"), ("#ffffaf", "#875f00"))  # fmt: skip
    return Palette(
        colors=256,
        text=on("#dadada"),
        muted=on("#949494"),
        heading=on("#5fd7ff", bold=True),
        accent=on("#5fd7ff"),
        strong=on("#ffffff", bold=True),
        changed=on("#ffd700", bold=True),
        positive=on("#ff875f"),
        negative=on("#5fafff"),
        error=on("#ffffff", "#af0000", bold=True),
        warning=on("#ffaf00", bold=True),
        current=Style(bgcolor="#262626"),
        next=Style(bgcolor="#00005f", bold=True),
        selected=Style(bgcolor="#262626", bold=True),
        border=on("#585858"),
        focus=on("#5fd7ff"),
        syntax=dict(zip(_SYNTAX, map(on, syntax), strict=True)),
        phases={
            "data": on("#afafd7"),
            "forward": on("#5fafff"),
            "loss": on("#ffd75f"),
            "backward": on("#ff87d7"),
            "update": on("#87d75f"),
            "zero": on("#d7af87"),
            "other": on("#949494"),
        },
        curves=(on("#ff87d7"), on("#87d75f"), on("#ffaf87"), on("#afafd7"), on("#ffd75f")),
        diverging=(
            *(on(sign, cell) for cell, sign in cold),
            on("#767676", "#1c1c1c"),
            *(on(sign, cell) for cell, sign in warm),
        ),
        sequential=tuple(on("#ffffff", cell) for cell in _VIRIDIS),
    )


@lru_cache(maxsize=1)
def _sixteen() -> Palette:
    # Rich's own table of the 16 colours, so that Rich maps each to itself.
    black, white, grey, bright = "#000000", "#aaaaaa", "#555555", "#ffffff"
    red, pink, brown, yellow = "#aa0000", "#ff5555", "#aa5500", "#ffff55"
    blue, violet, cyan, aqua = "#0000aa", "#5555ff", "#00aaaa", "#55ffff"
    lime, orchid = "#55ff55", "#ff55ff"

    def on(color: str, bgcolor: str = black, bold: bool | None = None) -> Style:
        return Style(color=color, bgcolor=bgcolor, bold=bold)

    syntax = (orchid, bright, aqua, aqua, yellow, lime, cyan, white, aqua)
    return Palette(
        colors=16,
        # Bright black is too dark to read on most terminals: less important is plain white.
        text=on(bright),
        muted=on(white),
        heading=on(aqua, bold=True),
        accent=on(aqua),
        strong=on(bright, bold=True),
        changed=on(yellow, bold=True),
        positive=on(pink),
        negative=on(aqua),
        error=on(bright, red, bold=True),
        warning=on(yellow, bold=True),
        current=Style(bold=True),
        next=Style(color=bright, bgcolor=blue, bold=True),
        selected=Style(color=bright, bgcolor=blue, bold=True),
        border=on(grey),
        focus=on(aqua),
        syntax=dict(zip(_SYNTAX, map(on, syntax), strict=True)),
        phases={
            "data": on(cyan),
            "forward": on(aqua),
            "loss": on(yellow),
            "backward": on(orchid),
            "update": on(lime),
            "zero": on(pink),
            "other": on(white),
        },
        curves=(on(orchid), on(lime), on(pink), on(yellow), on(white)),
        diverging=(
            on(black, aqua),
            on(black, cyan),
            on(bright, violet),
            on(bright, blue),
            on(white, black),
            on(bright, red),
            on(bright, brown),
            on(black, pink),
            on(black, yellow),
        ),
        sequential=tuple(on(bright, cell) for cell in (black, blue, violet, cyan, lime, yellow)),
    )


@lru_cache(maxsize=1)
def _monochrome() -> Palette:
    plain, bold, reverse = Style(bold=False), Style(bold=True), Style(reverse=True)
    return Palette(
        colors=0,
        text=plain,
        muted=plain,
        heading=Style(bold=True, underline=True),
        accent=bold,
        strong=bold,
        changed=bold,
        positive=plain,
        negative=plain,
        error=Style(bold=True, reverse=True),
        warning=bold,
        current=bold,
        next=Style(bold=True, reverse=True),
        selected=reverse,
        border=plain,
        focus=bold,
        syntax={
            kind: bold if kind in ("keyword", "heading") else Style(italic=kind == "comment")
            for kind in _SYNTAX
        },
        phases=dict.fromkeys(PHASES, plain),
        curves=(plain,),
        # The heat map writes magnitudes as digits, reversed below zero.
        diverging=(*[reverse] * 4, plain, *[plain] * 4),
        sequential=(),
    )
