"""`tutor check`: the reviewer names file, line and cure of every claim that does not hold."""

import subprocess
import sys

import pytest

from tutor.agreement import agrees

LESSON = """\
# %% [markdown]
# # A lesson
# It says something.

# %% Code
import torch

# The slope is {slope}.
w = torch.tensor(2.0, requires_grad=True)
for i in range(3):
    loss = w * w
    loss.backward()
# @ask What is in w.grad? -> w.grad.item() | 4 | 12
slope = 6 * w.detach()
ASSERT
# /// script
# dependencies = ["torch"]
# [tool.tutor]
# loss = "loss"
# compare = [["w.grad", "slope"]]
# [[tool.tutor.expect]]
# at = 2
# of = "w.grad.item()"
# is = 8.0
# [[tool.tutor.expect]]
# of = "w.grad.item()"
# is = 12.0
# ///
"""
SOUND = LESSON.replace("{slope}", "{w:g}").replace("ASSERT", "assert w.grad == 12")


def check(path) -> tuple[int, list[str]]:
    found = subprocess.run(
        [sys.executable, "-m", "tutor", "check", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.returncode, found.stdout.splitlines()


def test_a_sound_lesson_passes(tmp_path):
    path = tmp_path / "sound.py"
    path.write_text(SOUND)
    assert check(path) == (0, ["every claim holds"])


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("{w:g}", "{slope}", 8, ["{slope}", "name 'slope' is not defined"]),
        ("{w:g}", "{w:nonsense}", 8, ["{w:nonsense}", "ValueError"]),
        ("is = 8.0", "is = 8.1", 21, ["w.grad.item()", "after 2 passes", "8.0", "8.1", "`is`"]),
        ("at = 2", "at = 7", 21, ["after 7 passes", "3 passes", "`at`"]),
        ("is = 12.0", "is = [12.0]", 25, ["at the end", "12.0", "[12.0]"]),
        ("| 4 | 12", "| 4 | 8", 14, ["12.0", "none of its choices", "4 | 8"]),
        ("-> w.grad.item()", "-> g.item()", 14, ["g.item()", "NameError"]),
        ("assert w.grad == 12", "assert w.grad == 1", 15, ["AssertionError", "assert"]),
        ('"w.grad", "slope"', '"w.grad", "hand"', 20, ["`compare` names hand", "never has"]),
    ],
)
def test_a_claim_that_fails_is_told_with_its_line_and_a_cure(tmp_path, old, new, line, words):
    path = tmp_path / "broken.py"
    assert old in SOUND
    path.write_text(SOUND.replace(old, new, 1))
    status, told = check(path)
    assert status == 1
    assert len(told) == 1
    assert told[0].startswith(f"{path}:{line}: ")
    assert ";" in told[0]
    for word in words:
        assert word in told[0]


def test_a_file_that_cannot_be_read_is_told_like_any_other_finding(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("x = (1\n")
    status, told = check(path)
    assert status == 1
    assert told[0].startswith(f"{path}:1: ")


def test_every_lesson_of_the_course_holds():
    found = subprocess.run([sys.executable, "-m", "tutor", "check"], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (0, "every claim holds\n")


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        (1.0, 1.000009, True),
        (1.0, 1.0001, False),
        (1, 1.0, True),
        (True, 1, False),
        (2, 3, False),
        ([1.0, [2.0]], [1.0, [2.0]], True),
        ([1.0], [1.0, 2.0], False),
        (float("nan"), float("nan"), True),
        (float("inf"), float("inf"), True),
        (float("inf"), 1.0, False),
        ("2.0", "2.0", True),
        (None, 0.0, False),
    ],
)
def test_figures_agree_within_their_tolerance(found, wanted, same):
    assert agrees(found, wanted, 1e-5, 5e-7) is same
