"""`breakpoint()` and `pdb.set_trace()` pause the run after the statement that calls them.

A debugger of their own would stop inside the recorder, and has no keyboard here.
"""

import os
import pdb
import sys

from tutor.wire.messages import BreakpointHit
from tutor.wire.shared_page import Sender
from tutor.worker.commands import Commands
from tutor.worker.interrupts import uninterruptible
from tutor.worker.steps import StepCounter


def install(
    steps: StepCounter, commands: Commands, sender: Sender, script: str, begin: int, pauses: bool
) -> None:
    """Report the breakpoints of a run; as in Python, PYTHONBREAKPOINT=0 turns `breakpoint()` off.

    Args:
        script: The file name of the script's code.
        begin: The last step that is only replayed: its breakpoints were reported already.
        pauses: Whether the run waits after the statement.
    """
    own = os.getpid()

    @uninterruptible
    def reached(*arguments: object, **options: object) -> None:
        if steps.step < begin or os.getpid() != own:
            return
        caller = sys._getframe(1)
        line = caller.f_lineno if caller.f_code.co_filename == script else steps.line
        sender.append(BreakpointHit(steps.step + 1, line))
        if pauses:
            commands.wait_after(steps.step + 1)

    if os.environ.get("PYTHONBREAKPOINT") != "0":
        sys.breakpointhook = reached
    pdb.set_trace = reached
