"""Run the program in a real pseudo-terminal, with an emulator of what the learner sees."""

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pexpect
import pyte

RIGHT, LEFT, HOME, END, ENTER = "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\r"
REOPEN = "\x12"

ENTER_SCREEN, LEAVE_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
"""The sequences that enter and leave the alternate screen."""

COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10\d)(?:;\d+)*m")
"""A sequence that sets a colour."""

_IGNORED = ("NO_COLOR", "COLORTERM", "LC_ALL", "LC_CTYPE", "COLUMNS", "LINES", "TMUX")
"""The tester's own variables that would change what is drawn."""


class Terminal:
    """`tutor ARGUMENTS` in a terminal of this size.

    Args:
        size: Columns and rows.
        folder: Where it is started.
        command: Another program to run instead.
        environment: Variables to set; an empty one is unset.
    """

    def __init__(
        self,
        *arguments: str,
        size: tuple[int, int] = (80, 24),
        folder: Path | None = None,
        command: tuple[str, ...] = ("-m", "tutor"),
        **environment: str,
    ) -> None:
        width, height = size
        base = {
            name: value
            for name, value in os.environ.items()
            if name not in _IGNORED and not name.startswith("TEXTUAL")
        }
        # The emulator does not know the kitty keyboard protocol.
        base |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "TEXTUAL_DISABLE_KITTY_KEY": "1"}
        self.emulator = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.emulator)
        self.folder = folder or Path.cwd()
        self.raw = b""
        """All output so far."""
        self.child = pexpect.spawn(
            sys.executable,
            [*command, *arguments],
            env={name: value for name, value in (base | environment).items() if value},
            dimensions=(height, width),
            cwd=str(self.folder),
        )
        self.child.delaybeforesend = None

    @property
    def text(self) -> str:
        return "\n".join(self.emulator.display)

    @property
    def lines(self) -> list[str]:
        return list(self.emulator.display)

    @property
    def status(self) -> str:
        """The status line."""
        return self.lines[-2].strip()

    def pane(self, name: str) -> str:
        """Return the text inside the frame of a pane; "" if it is not on the screen."""
        for top, line in enumerate(self.lines):
            if title := re.search(rf"╭─ \d {name}[ ─].*?╮", line):
                left, right = title.span()
                rows = [row[left:right] for row in self.lines[top + 1 :]]
                height = next((y for y, row in enumerate(rows) if row[0] == "╰"), 0)
                return "\n".join(row[1:-1].rstrip() for row in rows[:height])
        return ""

    def read(self, size: int = 65536, timeout: float = 0.05) -> int:
        """Read at most `size` bytes of output; return the number of bytes."""
        try:
            data = self.child.read_nonblocking(size, timeout)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return 0
        self.feed(data)
        return len(data)

    def feed(self, data: bytes) -> None:
        """Pass output to the emulator."""
        self.raw += data
        self._stream.feed(data)

    def until(self, holds: Callable[[], bool], limit: float = 30.0, size: int = 65536) -> None:
        """Read, at most `size` bytes at once, until `holds()`; fail after `limit` seconds."""
        end = monotonic() + limit
        while not holds():
            assert monotonic() < end, f"the condition was not met in time:\n{self.text}"
            # A program that has ended writes nothing more.
            if not self.read(size) and not self.child.isalive():
                assert holds(), f"it ended at:\n{self.text}"
                return

    def wait_for(self, *texts: str, limit: float = 30.0) -> None:
        """Read until the screen shows all of these texts."""
        self.until(lambda: all(text in self.text for text in texts), limit)

    def settle(self) -> None:
        """Read until there is no output for a while."""
        self.until(lambda: self.read(timeout=0.2) == 0)

    def send(self, keys: str) -> None:
        self.child.send(keys)

    def press(self, key: str, *texts: str, limit: float = 30.0) -> None:
        """Press a key and wait until the screen shows all of these texts."""
        self.send(key)
        self.wait_for(*texts, limit=limit)

    def resize(self, width: int, height: int) -> None:
        self.emulator.resize(height, width)
        self.child.setwinsize(height, width)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.child.pid, number)

    def hang_up(self) -> None:
        """Close the terminal's end, as a lost SSH connection does."""
        # Replaced, not closed: otherwise another terminal could get the same descriptor.
        with open(os.devnull, "r+b") as nothing:
            os.dup2(nothing.fileno(), self.child.child_fd)

    def ends(self, limit: float = 30.0) -> int:
        """Wait for the end; return the exit status, or minus the signal."""
        self.until(lambda: not self.child.isalive(), limit)
        while self.read():
            pass
        if self.child.signalstatus is not None:
            return -int(self.child.signalstatus)
        return int(self.child.exitstatus)

    def is_stopped(self) -> bool:
        return _stat(self.child.pid)[0] == "T"

    def descendants(self) -> set[int]:
        """Return the processes of the engine: its host, its workers, and their children."""
        return descendants(self.child.pid)

    def close(self) -> None:
        """End the program, in whatever state a failed test left it."""
        for pid in (*self.descendants(), self.child.pid):
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        self.child.ptyproc.delayafterclose = 0
        self.child.close(force=True)


@contextmanager
def tutor(*arguments: str, **options: object) -> Iterator[Terminal]:
    terminal = Terminal(*arguments, **options)
    try:
        yield terminal
    finally:
        terminal.close()


def descendants(ancestor: int) -> set[int]:
    """Return the children of a process, their children, and so on."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (found := _stat(int(folder.name))):
            parents[int(folder.name)] = int(found[1])
    family = {ancestor}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return family - {ancestor}


def is_alive(pid: int) -> bool:
    """Return whether a process still runs; a zombie does not."""
    found = _stat(pid)
    return bool(found) and found[0] not in "ZX"


def _stat(pid: int) -> list[str]:
    """Return the state, the parent and so on; empty for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
