"""Messages as bytes: a length that no message can have is found on both sides."""

import pytest

from tutor.wire import stream
from tutor.wire.messages import Printed
from tutor.wire.stream import TooLarge, Unpacker, pack


def test_a_message_above_the_limit_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LIMIT", 100)
    with pytest.raises(TooLarge, match="limit"):
        pack(Printed(1, ((1, b"x" * 100),)))


def test_a_length_above_the_limit_is_refused_before_its_bytes_come() -> None:
    unpacker = Unpacker()
    message = pack(Printed(1, ((1, b"x"),)))
    assert len(list(unpacker.feed(message))) == 1
    with pytest.raises(TooLarge):
        list(unpacker.feed(b"xxxx"))
