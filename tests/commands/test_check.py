"""`tutor check` finds every claim that does not hold, with file, line, problem and cure."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from shell import shell

from tutor.commands.check import check
from tutor.course.finding import Finding
from tutor.schema.tolerance import is_close

LESSON = """\
# %% [markdown]
# # A lesson
# It says something.

# %% Code
import torch

start = 2.0  # @param
# The slope is {slope}.
w = torch.tensor(start, requires_grad=True)
for i in range(3):
    loss = w * w
    # @ask How often did it run? -> i + 1
    loss.backward()
# @ask What is in w.grad? -> w.grad.item() | 4 | 12
slope = 6 * w.detach()
ASSERT

# %% [markdown]
# ## Try it
# Turn `start`.

# /// script
# dependencies = ["torch"]
# [tool.tutor]
# loss = "loss"
# compare = [["w.grad", "slope"]]
# [[tool.tutor.expect]]
# at = 2
# of = "w.grad.item()"
# is = 8.0
# source = "two passes of 2w"
# [[tool.tutor.expect]]
# of = "w.grad.item()"
# is = 12.0
# source = "three passes of 2w"
# ///
"""
SOUND = LESSON.replace("{slope}", "{w:g}").replace("ASSERT", "assert w.grad == 12")

TITLE = "# # A lesson\n# It says something."

OUTSIDE = "/OUTSIDE"
"""Stands for a folder that is not the lesson's own."""


KNOB = "knob = 1  # @param"
FORM = f"""\
# %% Form
{KNOB}
# @ask What is the knob? -> knob
# @ask And twice the knob? -> 2 * knob
asked = knob
"""
ENDING = "# %% [markdown]\n# ## Try it\n# Turn `knob`.\n"
FIGURE = "# [[tool.tutor.expect]]\n# of = 'knob'\n# is = 1\n# source = 'its line'\n"


def lesson(code: str = "x = 1", tables: str = "", prose: str = TITLE) -> str:
    """A lesson in good form with this code in its cell "Code", and these lines of metadata."""
    metadata = "".join(f"# {line}\n" for line in tables.strip().splitlines())
    head = f"# %% [markdown]\n{prose}\n\n{FORM}\n# %% Code\nimport torch\n{code.strip()}\n"
    return f"{head}\n{ENDING}\n# /// script\n# [tool.tutor]\n{metadata}{FIGURE}# ///\n"


REFUSED = """
# %% Refused
try:
    y = torch.ones(2) @ torch.ones(3)
except RuntimeError:
    y = 0
"""
RAISES = """
[[tool.tutor.raises]]
cell = "Refused"
error = "RuntimeError: inconsistent tensor size"
"""
POINTS = 'x = torch.arange(4.0)\nnames = {"a": x.sum(), "b": 1.0}'


def plot(*lines: str) -> str:
    return "\n".join(["[[tool.tutor.plot]]", 'title = "A picture"', *lines])


AFTER = 'after = ["first"]'


def doubling(name: str, factor: int) -> str:
    """Code whose runs are compared with each other."""
    return f"{name} = 1.0\nfor i in range(3):\n    {name} = {name} * {factor}"


def against(twin: str, theirs: str) -> str:
    return f'{AFTER}\ntwin = "{twin}"\ncompare = [["w", "{theirs}"]]'


SOUND_ONES = {
    "what it says holds": SOUND,
    "an error is expected": lesson(REFUSED, RAISES),
    "an error is caught in a function": lesson(
        "def f():\n    try:\n        1 / 0\n    except ArithmeticError:\n        return 0\nx = f()"
    ),
    "points": lesson(POINTS, plot('points = ["x", "x ** 2"]')),
    "points, a curve and a ball": lesson(
        POINTS, plot('points = ["x", "x"]', 'of = "x.sum() * u"', "over = { u = [0, 1] }",
                     'at = ["x[1]"]')
    ),
    "partly finite": lesson(POINTS, plot('of = "torch.log(u)"', "over = { u = [-1, 1] }")),
    "bars": lesson(POINTS, plot('bars = "names"')),
    "a plot that disturbs nothing": lesson(
        POINTS + "\nassert x.sum() == 6", plot('points = ["x.add_(1)", "x"]')
    ),
    "another kind of device": lesson(
        "x = 1.0", '[[tool.tutor.expect]]\nof = "x"\nis = 2.0\ndevice = "tpu"\nsource = "x"'
    ),
    "figures of two loops": lesson(
        "x = 0\nfor i in range(2):\n    x += 1\nfor i in range(3):\n    x += 10",
        "\n".join(
            f'[[tool.tutor.expect]]\nat = {at}\nof = "x"\nis = {x}\nsource = "x"'
            for at, x in ((0, 0), (1, 1), (2, 2), (3, 12), (5, 32))
        ),
    ),
    "as many steps as it may": lesson("x = 1\ny = 2", "steps = 5"),
    "a file that is gone": lesson(
        "import os\nopen('f', 'w').close()\nos.remove('f')\n"
        "open('/OUTSIDE/f', 'w').close()\nos.remove('/OUTSIDE/f')"
    ),
    "a file in memory": lesson("import io\ntorch.save([1], io.BytesIO())"),
    "a temporary file": lesson(
        "import tempfile\nwith tempfile.TemporaryFile() as file:\n    torch.save([1], file)"
    ),
    "links": lesson(
        "x = 1", prose=f"{TITLE}\n# See [this](../links/lesson.py#top), [that](https://a.invalid/b),"
        "\n# [below](#end), and the lessons `descend`,\n# `chain` and `graph`."
    ),
    "what was learnt before": lesson("x = 1", 'after = ["descend"]'),
    "no lesson": "# %% [markdown]\n# [text](nowhere.md)\n\n# %%\nx = 1\n",
}  # fmt: skip
"""By what they show: scripts without findings."""

BROKEN = {
    "no syntax": ("x = (\n", [("x = (", "syntax error")]),
    # Errors
    "an error that nobody expects": (
        lesson(REFUSED),
        [("y = torch.ones(2)", "raised RuntimeError: inconsistent tensor size", "declare it")],
    ),
    "an expected error that does not come": (
        lesson(REFUSED.replace("ones(3)", "ones(2)"), RAISES),
        [("[[tool.tutor.raises]]", "'Refused'", "none did", "correct `error` or the code")],
    ),
    "another error than is expected": (
        lesson(REFUSED, RAISES.replace("RuntimeError", "ValueError")),
        # And not once more at the statement.
        [("[[tool.tutor.raises]]", "raised ValueError", "it raised RuntimeError: incons")],
    ),
    "one of two errors of a cell is expected": (
        lesson(f"{REFUSED}try:\n    z = 1 / 0\nexcept ArithmeticError:\n    z = 0", RAISES),
        [("z = 1 / 0", "raised ZeroDivisionError", "no [[tool.tutor.raises]] expects")],
    ),
    "two errors of one statement": (
        lesson(
            "# %% Refused\nfor i in range(2):\n    try:\n        y = [0][i] / 0\n"
            "    except (ArithmeticError, LookupError):\n        y = 0",
            RAISES.replace("RuntimeError: inconsistent tensor size", "ZeroDivisionError"),
        ),
        [("y = [0][i] / 0", "raised IndexError", "no [[tool.tutor.raises]] expects")],
    ),
    "an error in another cell": (
        lesson(REFUSED + "# %% Other\ny = 1", RAISES.replace("Refused", "Other")),
        [
            ("[[tool.tutor.raises]]", "no statement of 'Other' raised", "none did"),
            ("y = torch.ones(2)", "no [[tool.tutor.raises]] expects"),
        ],
    ),
    "an error in no cell": (
        lesson(REFUSED, RAISES.replace("Refused", "Nowhere")),
        [
            ("[[tool.tutor.raises]]", "no cell is called 'Nowhere'", "give the title of one"),
            ("y = torch.ones(2)", "no [[tool.tutor.raises]] expects"),
        ],
    ),
    # Plots
    "points without a value": (
        lesson(POINTS, plot('points = ["x", "nobody"]')),
        [("[[tool.tutor.plot]]", "'A picture'", "nobody has no value", "NameError")],
    ),
    "a curve without a value": (
        lesson(POINTS, plot('of = "u * nobody"', "over = { u = [0, 1] }")),
        [("[[tool.tutor.plot]]", "u * nobody has no value at the end", "NameError")],
    ),
    "a curve of many numbers a place": (
        lesson(POINTS, plot('of = "u * x"', "over = { u = [0, 1] }")),
        [("[[tool.tutor.plot]]", "[4] numbers at each place", "it should give one")],
    ),
    "points of two lengths": (
        lesson(POINTS, plot('points = ["x", "x[:2]"]')),
        [("[[tool.tutor.plot]]", "its coordinates are 4 and 2 numbers", "as many of each")],
    ),
    "classes of another length": (
        lesson(POINTS, plot('points = ["x", "x", "[0, 1]"]')),
        [("[[tool.tutor.plot]]", "its coordinates are 4 and 4 and 2 numbers")],
    ),
    "the second line of two lengths": (
        lesson(POINTS, plot('lines = [["x", "x"], ["x", "x[:3]", "the truth"]]')),
        [("[[tool.tutor.plot]]", "its coordinates are 4 and 3 numbers")],
    ),
    "bars without names": (
        lesson(POINTS, plot('bars = "x"')),
        [("[[tool.tutor.plot]]", "x is no dictionary of numbers", "write {'name': number}")],
    ),
    "nowhere finite": (
        lesson(POINTS, plot('of = "torch.log(u)"', "over = { u = [-2, -1] }")),
        [("[[tool.tutor.plot]]", "torch.log(u) is nowhere finite", "correct the range")],
    ),
    "a ball without a value": (
        lesson(POINTS, plot('of = "u * 2"', "over = { u = [0, 1] }", 'at = ["nobody[0]"]')),
        [("[[tool.tutor.plot]]", "`at` names nobody[0], which never has a value")],
    ),
    "a plot that takes its process with it": (
        lesson("import os", plot('points = ["os._exit(1)", "[1]"]')),
        [
            (
                "[[tool.tutor.plot]]",
                # Which of them it was nobody can tell.
                "os._exit(1) or [1] has no value at the end",
                "ended the process, or took longer than 2 s",
            )
        ],
    ),
    # Others
    "after no lesson": (
        lesson("x = 1", 'loss = "x"\nafter = ["descend", "nobody"]'),
        [("after =", "`after` names nobody, which is no lesson", "`tutor list`")],
    ),
    "a twin that is no lesson": (
        lesson("w = 1", 'twin = "nobody"'),
        [("twin =", "the twin nobody is no lesson", "`tutor list`")],
    ),
    "the prose speaks of no lesson": (
        lesson(prose=f"{TITLE}\n#\n# As in the lesson `nobody`."),
        [("`nobody`", "it names the lesson nobody", "correct it")],
    ),
    "a mention over two lines of prose": (
        lesson(prose=f"{TITLE}\n# As in the lesson\n# `nobody`, and there."),
        [("`nobody`", "it names the lesson nobody")],
    ),
    "a mention over two lines of a note": (
        lesson("# Here it is as in the lessons `descend` and\n# `nobody` once more.\nx = 1"),
        [("lessons `descend`", "it names the lesson nobody")],
    ),
    "a dead link": (
        lesson(prose=f"{TITLE}\n# See [there](nowhere.md#top)."),
        [("# %% [markdown]", "the link to nowhere.md leads to no file", "correct its path")],
    ),
    # Form
    "no knob": (
        lesson().replace(KNOB, "knob = 1"),
        [("# %% [markdown]", "it has no knob", "`# @param`")],
    ),
    # The run
    "too many steps": (
        lesson("for i in range(9):\n    x = i", "steps = 5"),
        [("# /// script", "it runs more than 5 statements", "steps = in [tool.tutor]")],
    ),
    "a figure of this kind of device": (
        lesson(
            "x = 1.0", '[[tool.tutor.expect]]\nof = "x"\nis = 2.0\ndevice = "cpu"\nsource = "x"'
        ),
        [("[[tool.tutor.expect]]", "x at the end is 1.0, not 2.0")],
    ),
    "a figure that is None": (
        lesson("x = None", '[[tool.tutor.expect]]\nof = "x"\nis = 2.0\nsource = "x"'),
        [("[[tool.tutor.expect]]", "x at the end is None, not 2.0", "correct the figure")],
    ),
    "a file where it runs": (
        lesson("with open('log.txt', 'w') as file:\n    file.write('x')"),
        [("with open(", "it leaves log.txt behind", "remove it, or write to io.BytesIO")],
    ),
    "weights where it runs": (
        lesson("import os\nos.mkdir('runs')\ntorch.save([1], 'runs/w.pt')"),
        [("os.mkdir(", "it leaves runs behind", "remove it, or write to io.BytesIO")],
    ),
    "a file elsewhere": (
        lesson("x = 1\nwith open('/OUTSIDE/log.txt', 'w') as file:\n    file.write('x')"),
        [("with open(", "it leaves /OUTSIDE/log.txt behind", "remove it, or")],
    ),
    "weights beside the lesson": (
        lesson("import os\ntorch.save([1], os.path.join(os.path.dirname(__file__), 'w.pt'))"),
        [("torch.save", "it leaves", "w.pt behind", "remove it, or")],
    ),
    "the network": (
        lesson("import socket\nx = 1\nsocket.create_connection(('lessons.invalid', 80))"),
        [
            ("socket.create_connection", "without a network", "must run to its end"),
            ("socket.create_connection", "it tries to reach lessons.invalid over the network"),
        ],
    ),
    "a step too many at the end": (
        lesson("for i in range(5):\n    x = i", "steps = 7"),
        [("# /// script", "it runs more than 7 statements")],
    ),
    "bars of many numbers": (
        lesson(POINTS, plot("bars = \"{'x': x, 'y': 1}\"")),
        [("[[tool.tutor.plot]]", "is not one number; a bar shows one")],
    ),
    "weights elsewhere": (
        lesson("torch.save([1], '/OUTSIDE/w.pt')"),
        [("torch.save", "it leaves /OUTSIDE/w.pt behind")],
    ),
    "a file beside the lesson": (
        lesson("import os\nopen(os.path.join(os.path.dirname(__file__), 'f'), 'w').close()"),
        [("open(", "leaves", "behind")],
    ),
    "a file that another process writes": (
        lesson("import subprocess\nsubprocess.run(['touch', 'log.txt'])"),
        [("# /// script", "it leaves log.txt behind")],
    ),
    "a folder that was made elsewhere": (
        lesson("import os\nos.makedirs('/OUTSIDE/runs/one')"),
        [("os.makedirs", "it leaves /OUTSIDE/runs behind")],
    ),
    "a compared name that is missing": (
        lesson(doubling("other", 2), 'twin = "descend"\ncompare = [["w", "x"]]'),
        [("compare =", "`compare` names w, which never has a value")],
    ),
}
"""By what is wrong: a script, and for each finding a text on its line and words that it has."""

COURSE = {
    "10_first": (lesson(doubling("v", 2)), []),
    "15_once": (lesson("a = 1.0", AFTER), []),
    "20_agrees": (lesson(doubling("w", 2), against("first", "v")), []),
    "30_differs": (
        lesson(doubling("w", 3), against("first", "v")),
        [
            (
                "compare =",
                "w and v of first differ by 1 after 1 iteration;",
                "correct one of the two",
            )
        ],
    ),
    "40_differs_later": (
        lesson(doubling("w", 2) + " + (i == 1)", against("first", "v")),
        [("compare =", "w and v of first differ by 1 after 2 iterations")],
    ),
    "50_theirs_is_missing": (
        lesson(doubling("w", 2), against("first", "nobody")),
        [("compare =", "`compare` names nobody of first, which never has a value there")],
    ),
    "66_theirs_does_not_end": (
        lesson(doubling("w", 2), against("raising", "v")),
        [("twin =", "the twin raising does not run to its end", "check it too, and correct it")],
    ),
    "67_raising": (
        lesson(doubling("v", 2) + "\n1 / 0", AFTER),
        [("1 / 0", "ZeroDivisionError", "the lesson must run to its end")],
    ),
    "70_torn": (
        lesson(doubling("w", 2), against("unreadable", "v")),
        [("twin =", "the twin cannot be read", "syntax error")],
    ),
    "80_unreadable": ("x = (\n", [("x = (", "syntax error")]),
    "90_early": (
        lesson("x = 1", 'after = ["first", "late"]'),
        [("after =", "`after` names late, which comes later", "a higher number")],
    ),
    "95_late": (lesson("x = 1", 'after = ["early"]'), []),
    "96_after_nothing": (
        lesson("x = 1"),
        [("# /// script", "it names no lesson to have done before", 'write after = ["late"]')],
    ),
    "97_once": (
        lesson("x = 1", AFTER),
        [("# %% [markdown]", "the name `once` is taken by", "15_once.py", "rename one of the two")],
    ),
    "60_differs_in_the_last_pass": (
        lesson(doubling("w", 2) + " + (i == 2)", against("first", "v")),
        [("compare =", "w and v of first differ by 1 after 3 iterations;")],
    ),
    "64_differs_without_a_loop": (
        lesson("w = 2.0", against("once", "a")),
        [("compare =", "w and a of once differ by 1 at the end;")],
    ),
}
"""The lessons of one course, by file name, with their findings in the same form."""

CHANGED = [
    ("{w:g}", "{slope}", 9, ["{slope}", "name 'slope' is not defined"]),
    ("{w:g}", "{w:nonsense}", 9, ["{w:nonsense}", "ValueError"]),
    ("is = 8.0", "is = 8.1", 28, ["w.grad.item()", "after 2 iterations", "8.0", "8.1", "`is`"]),
    ("at = 2", "at = 7", 28, ["after 7 iterations", "the run has 3 iterations", "`at`"]),
    ("is = 12.0", "is = [12.0]", 33, ["at the end", "12.0", "[12.0]"]),
    ("| 4 | 12", "| 4 | 8", 16, ["12.0", "none of its choices", "4 | 8"]),
    ("-> w.grad.item()", "-> g.item()", 16, ["g.item()", "NameError"]),
    ("assert w.grad == 12", "assert w.grad == 1", 17, ["AssertionError", "assert"]),
    ('"w.grad", "slope"', '"w.grad", "hand"', 27, ["`compare` names hand", "never has"]),
]
"""Old and new text in the sound lesson, and the line and words of the only finding."""


Findings = Callable[[str], list[Finding]]


@pytest.fixture(scope="module")
def findings(
    tmp_path_factory: pytest.TempPathFactory, lent: Callable[[], AbstractContextManager[None]]
) -> Findings:
    """The findings in a script, with `OUTSIDE` for the folder: all were checked in one go."""
    folder = tmp_path_factory.mktemp("checked")
    outside = tmp_path_factory.mktemp("outside")
    sources = {f"changed/{at}.py": SOUND.replace(*one[:2]) for at, one in enumerate(CHANGED)}
    assert SOUND not in sources.values()
    # A folder each: `check` looks for files that a run leaves next to the lesson.
    sources |= {f"{name}/lesson.py": source for name, source in SOUND_ONES.items()}
    sources |= {f"{name}/lesson.py": source for name, (source, _) in BROKEN.items()}
    sources |= {f"course/1_all/{name}.py": source for name, (source, _) in COURSE.items()}
    found: dict[Path, list[Finding]] = {folder / name: [] for name in sources}
    for path, source in zip(found, sources.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source.replace(OUTSIDE, str(outside)))
    with lent():
        for one in check(list(found), "cpu"):
            problem = one.problem.replace(str(outside), OUTSIDE)
            found[one.path].append(replace(one, problem=problem))
    return lambda name: found[folder / name]


@pytest.mark.parametrize("name", SOUND_ONES)
def test_a_sound_lesson_has_no_findings(findings: Findings, name: str) -> None:
    assert findings(f"{name}/lesson.py") == []


@pytest.mark.parametrize("number", range(len(CHANGED)))
def test_a_claim_that_fails_is_a_finding_at_its_line(findings: Findings, number: int) -> None:
    *_, line, words = CHANGED[number]
    [found] = findings(f"changed/{number}.py")
    assert found.line == line
    for word in words:
        assert word in str(found)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        *(pytest.param(f"{name}/lesson.py", BROKEN[name][1], id=name) for name in BROKEN),
        *(pytest.param(f"course/1_all/{name}.py", COURSE[name][1], id=name) for name in COURSE),
    ],
)
def test_each_fault_of_a_lesson_is_one_finding_at_its_line(
    findings: Findings, path: str, wanted: list[tuple[str, ...]]
) -> None:
    found = findings(path)
    assert len(found) == len(wanted), found
    for one, (place, *words) in zip(found, wanted, strict=True):
        lines = one.path.read_text().splitlines()
        assert place in lines[one.line - 1]
        for word in words:
            assert word in str(one)


def test_exit_status_is_0_without_findings_and_1_with_them(tmp_path: Path) -> None:
    def tutor_check(source: str) -> tuple[int, list[str]]:
        path = tmp_path / "lesson.py"
        path.write_text(source)
        found = shell("check", path)
        return found.returncode, found.stdout.decode().splitlines()

    assert tutor_check(SOUND) == (0, ["every claim holds"])
    status, lines = tutor_check("x = (\n")
    assert status == 1
    assert lines[0].startswith(f"{tmp_path / 'lesson.py'}:1: ")


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
    assert is_close(found, wanted, 1e-5, 5e-7) is same
