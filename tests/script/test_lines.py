"""Lines are those of Python: at newlines, and nowhere else."""

import ast
import linecache
from pathlib import Path

import pytest

from tutor.script.lesson import parse
from tutor.script.lines import lines_of, with_ends
from tutor.session.edits import name_of
from tutor.wire.messages import Launch

SEPARATORS = ["\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
"""Characters at which `str.splitlines` splits and Python does not."""

ENDS = ["\n", "\r\n", "\r"]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("separator", SEPARATORS)
def test_a_statement_is_on_the_line_that_python_gives_it(separator: str, end: str) -> None:
    text = end.join([f"# a{separator}b", f"note = 'a{separator}b'", "lr = 0.5  # @param", ""])
    source = parse(text, Path("script.py")).source
    last = ast.parse(text).body[-1]
    assert lines_of(source)[last.lineno - 1] == "lr = 0.5  # @param"
    turned = Launch("script.py", source, knobs={last.lineno: 1.0})
    assert name_of(turned, Launch("script.py", source)) == "lr = 1.0"


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize("separator", ["", *SEPARATORS])
def test_lines_with_ends_are_those_of_linecache(tmp_path: Path, separator: str, end: str) -> None:
    path = tmp_path / "script.py"
    text = f"a = 1\n\n# {separator} b\nc = 2{end}"
    path.write_text(text, encoding="utf-8")
    assert with_ends(text) == linecache.getlines(str(path))


def test_an_empty_script_has_no_lines() -> None:
    assert with_ends("") == []
