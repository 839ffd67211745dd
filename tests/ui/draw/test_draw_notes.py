"""Drawing of a cell's title, a note and prose."""

from rich.style import Style
from textual.strip import Strip

from tutor.ui.draw.script.notes import draw_note, verbatim
from tutor.ui.draw.text.palette import palette_for

PALETTE = palette_for("256")


def draw(title: str = "", prose: str = "", note: str = "", width: int = 30) -> list[Strip]:
    return draw_note(title, prose, note, width, PALETTE)


def texts(title: str = "", prose: str = "", note: str = "", width: int = 30) -> list[str]:
    return [strip.text.rstrip() for strip in draw(title, prose, note, width)]


def styles(prose: str) -> dict[str, Style | None]:
    return {segment.text: segment.style for segment in draw(prose=prose)[0]}


def test_the_note_comes_before_the_prose_and_has_a_bar() -> None:
    assert texts("A slope", "Prose.", "A note.") == [
        "── A slope " + "─" * 19,
        "▌ A note.",
        "",
        "Prose.",
    ]


def test_an_empty_note_has_no_rows() -> None:
    assert texts() == []


def test_the_note_has_the_strong_style() -> None:
    bar, words, *_ = draw(note="Read this.")[0]
    assert bar.style == PALETTE.accent
    assert words.style == PALETTE.strong


def test_paragraphs_flow_and_break_between_words() -> None:
    assert texts(prose="one two\nthree four five\n\nsix", width=12) == [
        "one two", "three four", "five", "", "six",
    ]  # fmt: skip


def test_chinese_breaks_anywhere_but_within_a_character() -> None:
    assert texts(prose="中文的說明", width=5) == ["中文", "的說", "明"]


def test_inline_marks_are_styles() -> None:
    found = styles("`w` **is** *a* leaf")
    assert found["w"] == PALETTE.text + PALETTE.syntax["function"]
    assert found["is"] == PALETTE.text + Style(bold=True)
    assert found["a"] == PALETTE.text + Style(italic=True)


def test_stars_in_code_and_in_sums_stay() -> None:
    assert texts(prose="`x * y * z` and 2 * 3 * 4") == ["x * y * z and 2 * 3 * 4"]
    assert texts(prose="a_name_here") == ["a_name_here"]


def test_mathematics_is_not_changed() -> None:
    assert texts(prose="so $w_1 * w_2$ it is") == ["so $w_1 * w_2$ it is"]


def test_a_link_is_its_text() -> None:
    assert texts(prose="see [the page](https://example.org/a_b)") == ["see the page"]


def test_headings_items_and_code_keep_their_lines() -> None:
    prose = "# Head\n- one two three four\n- five\n2. six\n```python\na  =  1\n\nb\n```\nend"
    assert texts(prose=prose, width=14) == [
        "Head", "• one two", "  three four", "• five", "2. six", "a  =  1", "", "b", "end",
    ]  # fmt: skip


def test_names_with_underscores_and_products_are_no_markdown() -> None:
    assert texts(prose="__init__ and a*b*c") == ["__init__ and a*b*c"]


def test_values_are_never_read_as_markdown() -> None:
    value = "*a* _b_ `c` [d](e) **f $g$"
    strip = draw(prose=f"**{verbatim(value)}** now", width=60)[0]
    assert strip.text.rstrip() == f"{value} now"
    bold = "".join(s.text for s in strip if s.style == PALETTE.text + Style(bold=True))
    assert bold == value
    for value in ("- a", "# a", "1. a", "| a", "? a", "```"):
        strips = draw(note=f"{verbatim(value)} b")
        assert [s.text.rstrip() for s in strips] == [f"▌ {value} b"]
        assert {s.style for s in strips[0] if s.text in value} <= {PALETTE.strong, PALETTE.text}
    assert texts(prose=f"`{verbatim('a`b')}`") == ["a`b"]
    assert texts(prose=f"    {verbatim('a-b')}") == ["    a-b"]


def test_a_question_is_marked() -> None:
    assert texts(note="A note.\n\n? What will `w.grad` be now?", width=20) == [
        "▌ A note.", "▌", "▌ ? What will w.grad", "▌   be now?",
    ]  # fmt: skip


def test_without_colours_code_keeps_its_backticks() -> None:
    assert draw_note("", "`w` is", "", 10, palette_for(None))[0].text == "`w` is    "
