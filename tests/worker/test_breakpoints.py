"""`breakpoint()` pauses the run after its statement; nothing reads a debugger's commands."""

from collections.abc import Callable

import pytest
from driver import Driver, Recording

from tutor.wire.messages import FOREVER, BreakpointHit, Ended, Waited

SOURCE = """
    import pdb

    def double(x):
        {call}
        return 2 * x

    y = double(1)
    z = double(y)
"""


@pytest.mark.parametrize("call", ["breakpoint()", "pdb.set_trace()", "breakpoint(header='here')"])
def test_the_run_waits_after_the_statement_that_called_it(
    drive: Callable[..., Driver], call: str
) -> None:
    driver = drive(SOURCE.format(call=call), pauses=True)
    for step in (3, 4):
        driver.run.go(FOREVER)
        hit = driver.until(lambda event: isinstance(event, BreakpointHit))
        assert (hit.step, hit.line) == (step, 4)
        if step == 3:
            waited = driver.until(lambda event: isinstance(event, Waited) and event.step > 0)
            assert (waited.step, waited.line) == (3, 8)
    driver.until(lambda event: isinstance(event, Ended))
    assert driver.recording.ended.outcome == "finished"


def test_without_a_screen_it_goes_on_and_says_where_it_was(
    record: Callable[..., Recording],
) -> None:
    recording = record(SOURCE.format(call="breakpoint()"))
    assert recording.ended.outcome == "finished"
    hits = [event.line for event in recording.events if isinstance(event, BreakpointHit)]
    assert hits == [4, 4]


def test_a_replay_passes_the_breakpoints_that_were_met_before(
    drive: Callable[..., Driver],
) -> None:
    first = drive(SOURCE.format(call="breakpoint()"))
    first.to_the_end()
    past = first.recording.timeline.past(4)
    again = drive(SOURCE.format(call="breakpoint()"), begin=3, past=past, pauses=True)
    again.run.go(4)
    hit = again.until(lambda event: isinstance(event, BreakpointHit))
    assert hit.step == 4


def test_a_hook_of_the_scripts_own_stays(record: Callable[..., Recording]) -> None:
    recording = record("import sys\nsys.breakpointhook = lambda: print('mine')\nbreakpoint()\n")
    assert recording.text() == "mine\n"
    assert not any(isinstance(event, BreakpointHit) for event in recording.events)
