"""Slots of scripts that are no lessons only read values; whatever a slot raises is its problem."""

from pathlib import Path

import pytest

SETUP = """\
import collections
import math
import sys
import numpy as np
import torch
calls = []
class Thing:
    def item(self): calls.append("item"); return 1
    def __str__(self): raise SystemExit("str")
    def __call__(self): calls.append("call")
    @property
    def leaves(self): raise SystemExit(3)
    @property
    def interrupts(self): raise KeyboardInterrupt
    @property
    def closes(self): raise GeneratorExit
    @property
    def riddles(self): raise Riddle
class Riddle(BaseException):
    def __str__(self): raise SystemExit
thing = Thing()
def act(): calls.append("act")
w = torch.tensor([1.0, 2.0])
d = {"a": 1}
dd = collections.defaultdict(list)
loss = torch.tensor(0.25)
stream = iter([1, 2, 3])
n = 3
"""

ENDING = (
    "left = (len(calls), len(dd), len(d), w.sum().item(), sum(stream), sys.getrecursionlimit())\n"
)

LESSON = "# /// script\n# [tool.tutor]\n# ///\n"


def run(record, *slots: tuple[str, str], is_lesson: bool = False):
    """Return the slots' values, the last values of the script, and how it ended."""
    line = SETUP.count("\n")
    found = record(SETUP + ENDING + LESSON * is_lesson, slots={line: slots})
    noted = next(frame for frame in found.frames if frame.line == line)
    return noted, found


@pytest.mark.parametrize(
    ("slot", "form", "shown"),
    [
        ("n", "03d", "003"),
        ("w", "", "tensor([1., 2.])"),
        ("w[1]", "g", "2"),
        ("w[-1:]", "", "tensor([2.])"),
        ("w.shape", "", "torch.Size([2])"),
        ("w.norm().item()", ".2f", "2.24"),
        ("w.sum(dim=0)", "g", "3"),
        ("(w * 2 - 1).tolist()", "", "[1.0, 3.0]"),
        ("len(w)", "", "2"),
        ("sum(w)", "g", "3"),
        ("max(1, n)", "", "3"),
        ("list(w.shape)", "", "[2]"),
        ("list(d.items())", "", "[('a', 1)]"),
        ("d['a'] if n > 2 else 0", "", "1"),
        ("1 < n <= 3 and not n == 4", "", "True"),
        ("f'{n:02d}/{n!r}'", "", "03/3"),
        ("math.sqrt(n)", ".3f", "1.732"),
        ("torch.allclose(w, w, atol=1)", "", "True"),
        ("np.mean(w.numpy())", "", "1.5"),
        ("-n ** 2 // 2 % 5", "", "0"),
        ("[n, (n, n)]", "", "[3, (3, 3)]"),
        ("{'a': n}", "", "{'a': 3}"),
    ],
)
def test_a_slot_shows_what_reading_and_computing_give(record, slot, form, shown) -> None:
    noted, found = run(record, (slot, form))
    assert (noted.slots, noted.problems) == ((shown,), ())
    assert found.ended.outcome == "finished"


ACTING = [
    "quit()", "exit(3)", "sys.exit(3)", "open('made', 'w')", "print(n)", "input(n)", "eval('n')",
    "exec('n = 4')", "__import__('os').abort()", "act()", "thing()", "thing.item()", "w.zero_()",
    "w.add_(1)", "w.sum(out=w)", "torch.rand(n)", "d.pop('a')", "d.clear()", "d.setdefault('b', 1)",
    "list(stream)", "next(stream)", "sum(stream)", "calls.append(1)",
    "sys.setrecursionlimit(99 + n)",
    "sorted(d, key=quit)", "max(d, key=act)", "(lambda: act())()", "[act() for _ in d]",
    "(n := 4)", "setattr(thing, 'x', n)", "vars(thing)", "globals()['n']", "type(thing)()",
    "dd['new']", "sys.stdout.write(str(n))", "getattr(w, 'zero_')()",
    "len(*[w])", "dict(**d)", "thing.leaves", "thing.interrupts", "thing.closes",
    "thing.riddles", "f'{thing}'", "missing", "1 / (n - 3)",
]  # fmt: skip


def test_a_slot_that_acts_or_raises_is_its_problem_alone(record, tmp_path: Path) -> None:
    unslotted = record(SETUP + ENDING)
    noted, found = run(record, *((slot, "") for slot in ACTING), ("n", ""))
    assert noted.slots == (*[None] * len(ACTING), "3")
    assert [slot for slot, _ in noted.problems] == ACTING
    assert found.ended == unslotted.ended
    assert found.frames[-1].changed == unslotted.frames[-1].changed
    assert not (tmp_path / "made").exists() and not Path("made").exists()
    assert found.text() == unslotted.text() == ""


def test_a_slot_of_a_lesson_calls_what_it_likes_and_is_contained_too(record) -> None:
    noted, found = run(
        record, ("[n for _ in d]", ""), ("quit()", ""), ("thing", ""), is_lesson=True
    )
    assert noted.slots == ("[3]", None, None)
    assert found.ended.outcome == "finished"


def test_texts_that_no_message_can_hold_are_escaped(record) -> None:
    source = """\
    import torch
    x = "\\ud800"
    model = torch.nn.Module()
    setattr(model, x, torch.nn.Parameter(torch.ones(1)))
    raise ValueError(x)
    """
    found = record(source, slots={2: (("x", ""),)}, show=("{x: x}",))
    assert found.frames[1].slots == ("\\ud800",)
    assert found.frames[1].shown == ({"\\ud800": "\\ud800"},)
    assert list(found.frames[3].changed) == ["model.\\ud800"]
    assert found.ended.message.endswith(":5: ValueError: \\ud800")
