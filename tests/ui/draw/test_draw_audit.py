"""Drawing of an audit as a table."""

import pytest

from tutor.insight.audit import Checked
from tutor.schema.frame import Audit, AuditRow
from tutor.ui.draw.graph.audit import draw_audit
from tutor.ui.draw.text.palette import palette_for

ROW = AuditRow((0, 1), 2.5000001, 2.5, 7.6e-06, 1e-10, None, True)
WRONG = AuditRow((1, 0), 3.0, 2.0, 7.6e-06, 1e-10, None, False)


def drawn(width: int, closed: tuple[float | None, ...] = (), name: str = "") -> list[str]:
    checked = Checked(Audit("w", (2, 2), "float32", 1.0, (ROW, WRONG)), closed, closed, name)
    strips = draw_audit(checked, width, palette_for(None, True))
    assert all(strip.cell_length == width for strip in strips)
    return [strip.text.rstrip() for strip in strips]


@pytest.mark.parametrize("width", [60, 72, 120])
def test_verdict_step_and_error_are_shown_at_every_width(width: int) -> None:
    text = "\n".join(drawn(width, (2.5, 2.0), "by_hand"))
    assert "agrees, 7 digits" in text
    assert "DISAGREES" in text
    assert "7.6e-06" in text
    assert "1e-10" in text


def test_the_closed_form_has_a_column() -> None:
    assert "by_hand" in drawn(120, (2.5, 2.0), "by_hand")[1]


def test_only_digits_that_agree_are_underlined() -> None:
    checked = Checked(Audit("w", (2, 2), "float32", 1.0, (ROW,)))
    strip = draw_audit(checked, 120, palette_for(None, True))[-1]
    underlined = "".join(s.text for s in strip if s.style is not None and s.style.underline)
    assert underlined == "2.5000002.5"
