"""Colours are readable, stay distinct with few colours, and are never needed."""

from itertools import pairwise

import pytest
from rich.color import STANDARD_PALETTE, Color, ColorSystem
from rich.style import Style

from tutor.ui.draw.text.palette import PHASES, Palette, palette_for

MANY, SIXTEEN, NONE = palette_for("truecolor"), palette_for("standard"), palette_for(None)
READ = ["text", "muted", "heading", "accent", "strong", "changed", "positive", "negative",
        "error", "warning"]  # fmt: skip


def luminance(color: Color) -> float:
    """Relative luminance, WCAG 2."""
    parts = [c / 255 for c in color.get_truecolor()]
    r, g, b = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(style: Style) -> float:
    assert style.color is not None
    assert style.bgcolor is not None
    dark, light = sorted((luminance(style.color), luminance(style.bgcolor)))
    return (light + 0.05) / (dark + 0.05)


def styles(palette: Palette) -> list[Style]:
    named = [getattr(palette, name) for name in [*READ, "current", "next", "selected", "border"]]
    shown = [*palette.syntax.values(), *palette.phases.values(), *palette.diverging]
    return [*named, palette.focus, *shown]


@pytest.mark.parametrize("palette", [MANY, SIXTEEN], ids=["many", "sixteen"])
def test_all_text_is_readable(palette: Palette) -> None:
    read = [getattr(palette, name) for name in READ]
    plain = [*read, *palette.syntax.values(), *palette.phases.values()]
    marked = [style + over for style in palette.syntax.values()
              for over in (palette.current, palette.next, palette.error)]  # fmt: skip
    for style in [*plain, *marked]:
        assert contrast(style) >= 4.5, style


def test_sixteen_colours_keep_nine_distinct_levels() -> None:
    cells = [style.bgcolor for style in SIXTEEN.diverging]
    sent = [cell.downgrade(ColorSystem.STANDARD).number for cell in cells if cell]
    assert len(set(sent)) == len(sent) == 9


def test_256_colours_keep_seventeen_distinct_levels() -> None:
    cells = [style.bgcolor for style in MANY.diverging]
    sent = [cell.downgrade(ColorSystem.EIGHT_BIT).number for cell in cells if cell]
    assert len(set(sent)) == len(sent) == 17


@pytest.mark.parametrize("palette", [MANY, SIXTEEN], ids=["many", "sixteen"])
def test_levels_are_brighter_the_further_from_zero(palette: Palette) -> None:
    bright = [luminance(style.bgcolor) for style in palette.diverging if style.bgcolor]
    middle = len(bright) // 2
    assert all(a > b for a, b in pairwise(bright[: middle + 1]))
    assert all(a < b for a, b in pairwise(bright[middle:]))


def test_sixteen_colours_reach_the_terminal_as_they_are() -> None:
    for style in styles(SIXTEEN):
        for color in filter(None, (style.color, style.bgcolor)):
            sent = color.downgrade(ColorSystem.STANDARD)
            assert STANDARD_PALETTE[sent.number or 0] == color.triplet


def test_monochrome_has_no_colour() -> None:
    assert NONE.colors == 0
    assert all(style.color is None and style.bgcolor is None for style in styles(NONE))
    assert palette_for("truecolor", no_color=True) is NONE


def test_monochrome_distinguishes_the_next_statement_from_the_last() -> None:
    assert len({NONE.text, NONE.current, NONE.next}) == 3


def test_every_phase_has_a_letter_of_its_own() -> None:
    assert len(set(PHASES.values())) == len(PHASES)
    for palette in (MANY, SIXTEEN, NONE):
        assert set(palette.phases) == set(PHASES)
