"""A real pseudo-terminal with the app in it, and an emulator that shows what it shows."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pexpect
import pyte

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


class Terminal:
    """Runs `demo.py` (the app over the fake engine) in a terminal of this size."""

    def __init__(
        self, *arguments: str, size: tuple[int, int] = (80, 24), **environment: str
    ) -> None:
        width, height = size
        base = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"}
        base |= {"TERM": "xterm-256color", "TEXTUAL_DISABLE_KITTY_KEY": "1"}
        base |= {"PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}"}
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.child = pexpect.spawn(
            sys.executable,
            [str(HERE / "demo.py"), *arguments],
            env={key: value for key, value in (base | environment).items() if value},
            dimensions=(height, width),
        )

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def read(self, size: int = 65536, timeout: float = 0.05) -> int:
        """Take what the app has written, at most `size` bytes; how many there were."""
        try:
            data = self.child.read_nonblocking(size, timeout)
        except pexpect.TIMEOUT:
            return 0
        except pexpect.EOF:
            return 0
        self.raw += data
        self.stream.feed(data)
        return len(data)

    def until(self, holds: Callable[[], bool], limit: float = 20.0, size: int = 65536) -> None:
        """Read, `size` bytes at once, until something holds; fail after `limit` seconds."""
        end = monotonic() + limit
        while not holds():
            assert monotonic() < end, f"it never came to hold:\n{self.text}"
            self.read(size)

    def shows(self, text: str) -> None:
        self.until(lambda: text in self.text)

    def ends(self) -> int:
        """Wait for the end; the exit status, or minus the signal."""
        self.until(lambda: not self.child.isalive())
        while self.read():
            pass
        self.child.close()
        if self.child.signalstatus is not None:
            return -int(self.child.signalstatus)
        return int(self.child.exitstatus or 0)

    @property
    def is_stopped(self) -> bool:
        state = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state == "T"

    def send(self, keys: str) -> None:
        self.child.send(keys)

    def signal(self, number: signal.Signals) -> None:
        self.child.kill(number)


@contextmanager
def terminal(*arguments: str, **options: object) -> Iterator[Terminal]:
    found = Terminal(*arguments, **options)
    try:
        yield found
    finally:
        found.child.close(force=True)
