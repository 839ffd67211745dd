"""The output of a recorded run, for the streams of a command that prints it."""

import codecs
import sys

import msgspec

from tutor.schema.printable import printable
from tutor.wire.messages import Printed


class RecordedOutput:
    """Makes output printable where it goes to a terminal: a recording may come from anyone.

    The output of a script that runs is not changed: it does to the terminal what it does under
    Python. Nor is output in a file or a pipe.

    Args:
        as_json: Whether stdout is in strings of JSON, where nothing of it is obeyed.
    """

    def __init__(self, as_json: bool) -> None:
        # A character may be split between two writes.
        decoder = codecs.getincrementaldecoder("utf-8")
        terminals = {1: sys.stdout.isatty() and not as_json, 2: sys.stderr.isatty()}
        self._decoders = {number: decoder("replace") for number, one in terminals.items() if one}

    def shown(self, event: Printed) -> Printed:
        """Return what to write for an event."""
        output = tuple((stream, self._shown(stream, text)) for stream, text in event.output)
        return msgspec.structs.replace(event, output=output)

    def _shown(self, stream: int, text: bytes) -> bytes:
        decoder = self._decoders.get(stream)
        return text if decoder is None else printable(decoder.decode(text)).encode()
