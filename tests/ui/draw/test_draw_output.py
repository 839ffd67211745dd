"""Drawing of the output of a script."""

import pytest

from tutor.ui.draw.script.output import draw_output
from tutor.ui.draw.text.palette import palette_for

PALETTE = palette_for("256")


def texts(*pieces: bytes, width: int = 20, height: int = 5, dropped: int = 0) -> list[str]:
    written = [(1, piece) for piece in pieces]
    strips = draw_output(written, width, height, PALETTE, dropped)
    return [strip.text.rstrip() for strip in strips]


def test_a_message_stands_in_place_of_the_first_output() -> None:
    assert texts() == ["nothing printed yet"]


def test_the_last_lines_are_shown() -> None:
    assert texts(b"a\nb\nc\n", b"d\ne", height=3) == ["c", "d", "e"]
    assert texts(b"a\n") == ["a"]
    assert texts(b"a\n\n") == ["a", ""]


def test_old_output_is_not_decoded() -> None:
    class Unread(bytes):
        def __getitem__(self, index: object) -> bytes:
            raise AssertionError("old output was read")

    new = [(1, b"line\n")] * 9
    assert len(draw_output([(1, Unread(b"old\n")), *new], 20, 5, PALETTE)) == 5


def test_stderr_has_a_style_of_its_own() -> None:
    strip = draw_output([(1, b"a "), (2, b"b")], 3, 1, PALETTE)[0]
    assert [(s.text, s.style) for s in strip] == [("a ", PALETTE.text), ("b", PALETTE.warning)]


def test_a_progress_bar_overwrites_itself() -> None:
    assert texts(b"\r 10%", b"\r 50%", b"\r100%\n") == ["100%"]
    assert texts(b"abcdef\rxy") == ["xycdef"]
    assert texts(b"ab\b\bxyz") == ["xyz"]


def test_tabs_stop_every_eight() -> None:
    assert texts(b"a\tb\n1234567\tb") == ["a       b", "1234567 b"]


@pytest.mark.parametrize(
    "escape",
    [b"\x1b[31m", b"\x1b[2J", b"\x1b[?1049h", b"\x1b]0;title\x07", b"\x1b]8;;http://x\x1b\\",
     b"\x1bP1$r\x1b\\", b"\x1bc", b"\x1b(B", b"\x1b[38:2::1:2:3m"],
)  # fmt: skip
def test_escapes_of_a_script_never_reach_the_terminal(escape: bytes) -> None:
    assert texts(b"a" + escape + b"b") == ["ab"]


def test_control_characters_are_made_visible() -> None:
    assert texts(b"a\x07b\x00") == ["a␇b␀"]
    assert texts("a\u202eb\x9bc\u2028".encode()) == ["a\ufffdb\ufffd"]
    assert texts("e\u0301".encode()) == ["e\u0301"]


def test_long_lines_are_wrapped() -> None:
    assert texts(b"abcdefgh", width=3) == ["abc", "def", "gh"]


def test_a_wide_character_moves_to_the_next_row_whole() -> None:
    assert texts("訓練的損失".encode(), width=5) == ["訓練", "的損", "失"]


def test_a_character_may_be_split_between_two_writes() -> None:
    data = "訓".encode()
    assert texts(data[:1], data[1:]) == ["訓"]


def test_bytes_that_are_not_utf8_are_replaced() -> None:
    assert texts(b"a\xffb") == ["a\ufffdb"]


def test_a_tail_of_one_long_line_starts_at_a_whole_character() -> None:
    rows = texts("訓".encode() * 9999, width=10, height=2)
    assert rows == ["訓訓訓訓訓"[: len(rows[0])], rows[1]]
    assert "\ufffd" not in "".join(rows)


def test_dropped_output_is_mentioned_in_its_place() -> None:
    assert texts(b"a\n", dropped=1234, width=60) == ["1,234 earlier bytes are no longer kept", "a"]
    assert texts(b"a\nb\n", dropped=1234, height=2) == ["a", "b"]
