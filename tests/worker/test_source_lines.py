"""What a script sees of its own source is what it sees under Python."""

from pathlib import Path

import pytest
from plain_python import under_python

from tutor.script.lesson import read

SEPARATORS = ["\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]

SCRIPT = """import inspect, traceback, warnings, torch
# SEPARATOR a page
note = "aSEPARATORb"  # SEPARATOR
SEPARATED
def twice(x: torch.Tensor) -> torch.Tensor:
    # SEPARATOR
    return x * 2
class Kept:
    def method(self):
        return 1
print(inspect.getsource(twice), inspect.getsourcelines(Kept))
print(torch.jit.script(twice)(torch.ones(2)))
def show(message, category, filename, lineno, *rest):
    print(message, lineno)
warnings.showwarning = show
def old():
    warnings.warn("old", stacklevel=2)
old()
try:
    1 / 0
except ZeroDivisionError:
    traceback.print_exc(file=__import__("sys").stdout)
print(inspect.currentframe().f_lineno, traceback.format_stack()[-1])
"""


def scripts(folder: Path) -> list[Path]:
    """Write a script for each separator, and one for each other end of lines."""
    found = []
    for separator, end in [*((one, "\n") for one in SEPARATORS), ("\f", "\r\n"), ("\f", "\r")]:
        # Only a form feed may stand alone on a line.
        separated = "\fA = 1" if separator == "\f" else "A = 1"
        text = SCRIPT.replace("SEPARATED", separated).replace("SEPARATOR", separator)
        found.append(folder / f"script_{len(found)}.py")
        found[-1].write_bytes(text.replace("\n", end).encode())
    return found


@pytest.mark.filterwarnings("ignore")
def test_a_script_sees_its_own_lines_as_under_python(record, tmp_path):
    paths = scripts(tmp_path)
    for path, (printed, status) in zip(paths, under_python(paths), strict=True):
        recording = record(read(path).source, path=str(path))
        assert status == 0
        assert recording.text() == printed, path
