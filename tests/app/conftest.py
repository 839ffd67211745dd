"""What every test of the screens starts from."""

import pytest


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tester's own theme and colours must not decide what is drawn."""
    for name in ("TEXTUAL_THEME", "NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
