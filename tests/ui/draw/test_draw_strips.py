"""Strips of exact width."""

from rich.style import Style

from tutor.ui.draw.text.strips import clip, fill, fit, line, ruled, strip, to_ascii, wrap

A, B = Style(bold=True), Style(italic=True)


def test_a_strip_is_padded_or_clipped() -> None:
    assert strip([("ab", A), ("cd", B)], 6, A).text == "abcd  "
    assert strip([("ab", A), ("cd", B)], 4, A).text == "abcd"
    assert strip([("ab", A), ("cd", B)], 3, A).text == "ab…"
    assert strip([("訓練", A), ("x", B)], 4, A).text == "訓 …"
    assert strip([("ab", A)], 0, A).cell_length == 0


def test_the_ellipsis_has_the_style_of_the_text_that_it_replaces() -> None:
    segments = list(strip([("ab", A), ("cd", B)], 3, A))
    assert [(segment.text, segment.style) for segment in segments if segment.text] == [
        ("ab", A),
        ("…", B),
    ]


def test_clip_cuts_and_fit_also_pads() -> None:
    assert clip("abcdef", 4) == "abc…"
    assert fit("ab", 4) == "ab  "
    assert fit("ab", 4, right=True) == "  ab"
    assert clip("a", 0) == ""


def test_control_characters_are_made_visible() -> None:
    assert line("a\nb\x1b[2J\x7f\x9b", 12, A).text == "a␊b␛[2J\ufffd\ufffd   "


def test_wrap_keeps_styles_and_drops_spaces_at_breaks() -> None:
    rows = wrap([("one two ", A), ("three", B)], 8)
    assert rows == [[("one", A), (" ", A), ("two", A)], [("three", B)]]
    assert [[text for text, _ in row] for row in wrap([("abcdefg", A)], 3)] == [
        ["abc"],
        ["def"],
        ["g"],
    ]


def test_a_rule_contains_its_title() -> None:
    assert strip(ruled("A", 10, A, B), 10, A).text == "── A ─────"


def test_fill_returns_the_height_asked_for() -> None:
    rows = [line("a", 2, A), line("b", 2, A)]
    assert [row.text for row in fill(rows, 2, 3, A)] == ["a ", "b ", "  "]
    assert [row.text for row in fill(rows, 2, 1, A)] == ["a "]


def test_ascii_keeps_every_cell() -> None:
    drawn = strip([("► ✓ ▁▄█ ⠁⣿ ─┤ 訓é…", A)], 24, B)
    assert to_ascii(drawn).text == "> o _=# .# -| ???~".ljust(24)
    assert [segment.style for segment in to_ascii(drawn)] == [A, B]
