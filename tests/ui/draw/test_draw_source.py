"""Drawing of the source pane."""

from typing import Any

from tutor.ui.draw.script.source import draw_source
from tutor.ui.draw.text.palette import palette_for

PALETTE = palette_for("256")
NONE = palette_for(None)

SCRIPT = """\
# %% [markdown]
# # A lesson

# %% The slope
w = torch.tensor(3.0)
loss = square(
    w,
)
for step in range(3):
\tw -= step
# /// script
# dependencies = ["torch"]
# ///
"""


def texts(width: int = 40, **marks: Any) -> list[str]:
    return [strip.text for strip in draw_source(SCRIPT, width, PALETTE, **marks)]


def test_each_line_has_one_row() -> None:
    assert len(texts()) == 13
    assert texts()[4] == "   5 w = torch.tensor(3.0)".ljust(40)
    assert len(draw_source("", 10, PALETTE)) == 1


def test_masking_a_line_does_not_redraw_the_others() -> None:
    plain = draw_source(SCRIPT, 40, PALETTE)
    hidden = draw_source(SCRIPT, 40, PALETTE, masked={4: "# …"})
    assert hidden[3].text == "   4 # …".ljust(40)
    assert [number for number in range(13) if hidden[number] is not plain[number]] == [3]
    assert texts()[3] == plain[3].text


def test_the_next_statement_and_the_last_differ_without_colour() -> None:
    rows = texts(done=5, next=6)
    assert rows[4].startswith("✓  5")
    assert [row[0] for row in rows[5:9]] == ["►", "┆", "┆", " "]
    assert texts(done=5, next=5)[4].startswith("↻")
    assert texts(error=6)[5].startswith("✗")


def test_only_the_header_of_a_compound_statement_is_marked() -> None:
    assert [row[0] for row in texts(next=9)[8:10]] == ["►", " "]


def test_an_error_is_shown_rather_than_the_statement_that_ran() -> None:
    assert texts(done=5, next=5, error=5)[4].startswith("✗")


def test_values_are_at_the_end_of_the_line() -> None:
    row = texts(values={5: "w = 3"})[4]
    assert row == "   5 w = torch.tensor(3.0)".ljust(35) + "w = 3"


def test_code_is_cut_for_a_value_at_most_to_half() -> None:
    row = texts(30, values={5: "w = 1.09333 ← 1, and more"})[4]
    assert row == "   5 w = torch…  w = 1.09333 …"


def test_cells_are_rules_with_their_title() -> None:
    rows = texts(24)
    assert rows[3] == "   4 ── The slope ──────"
    assert rows[0] == "   1 " + "─" * 19


def test_tabs_are_spaces() -> None:
    assert texts()[9].startswith("  10     w -= step")


def test_metadata_is_dimmed() -> None:
    metadata, code = draw_source(SCRIPT, 40, PALETTE)[11], draw_source(SCRIPT, 40, PALETTE)[4]
    assert {segment.style for segment in list(metadata)[1:]} == {PALETTE.muted, PALETTE.text}
    assert PALETTE.syntax["number"] in {segment.style for segment in code}


def test_lines_that_ran_have_brighter_numbers() -> None:
    numbers = [list(strip)[1].style for strip in draw_source(SCRIPT, 40, PALETTE, ran={5})[4:6]]
    assert numbers == [PALETTE.text, PALETTE.muted]


def test_a_step_draws_only_the_rows_that_it_changes() -> None:
    before = draw_source(SCRIPT, 40, PALETTE, done=5, next=6)
    after = draw_source(SCRIPT, 40, PALETTE, done=6, next=9)
    same = [new is old for new, old in zip(after, before, strict=True)]
    assert [number for number, kept in enumerate(same, 1) if not kept] == [5, 6, 7, 8, 9]


def test_a_script_that_python_cannot_read_is_still_shown() -> None:
    rows = draw_source("w = (\n  1 +\n", 20, PALETTE, error=1)
    assert rows[0].text.startswith("✗ 1 w = (")


def test_without_colours_keywords_are_bold() -> None:
    row = draw_source("import torch", 20, NONE)[0]
    assert [s.text for s in list(row)[1:] if s.style and s.style.bold] == ["import"]
