"""Wait before a statement that the learner has not asked for yet."""

from time import perf_counter

from tutor.wire.shared_page import LINE
from tutor.worker.interrupts import uninterruptible
from tutor.worker.modes.parts import Parts


class WaitingMode:
    """The base of the modes that may wait before a statement.

    Args:
        last: The last step of the mode.
    """

    def __init__(self, last: int, parts: Parts) -> None:
        self.last = last
        self._steps = parts.steps
        self._lines = parts.steps.lines
        self._header = parts.sender.page.header
        self._commands = parts.commands
        self._begins = parts.exceptions.begin
        self._ends = parts.exceptions.end

    def enter(self) -> None:
        """Do nothing."""

    @uninterruptible
    def before(self, site: int) -> None:
        steps = self._steps
        steps.site = site
        self._header[LINE] = self._lines[site]
        self._begins(site)
        if steps.step >= self._commands.until:
            self._wait()
        elif perf_counter() > self._commands.next_look:
            self._look()

    def after(self, site: int, raised: str = "") -> None:
        raise NotImplementedError

    @uninterruptible
    def raised(self, site: int, message: str) -> None:
        if self._steps.step >= self._commands.until:
            # A loop's head raises after its pass: this step has not been asked for yet.
            self.before(site)
            self._ends(site)
        self._steps.site = site
        self.after(site, message)

    def _wait(self) -> None:
        """Wait until a command lets the script go on."""
        self._commands.wait(self._steps.step, self._steps.line)

    def _look(self) -> None:
        """Take commands that came while the script ran."""
        self._commands.look()
        if self._steps.step >= self._commands.until:
            self._wait()
