"""Each rule of form, and the finding for a lesson that breaks it."""

from pathlib import Path

import pytest

from tutor.course.style import LONGEST, review_style
from tutor.script.lesson import parse

LESSON = '''\
# %% [markdown]
# # A lesson
# It says something.

# %% Code
import torch

start = 2.0  # @param
# A note above a statement.
w = torch.tensor(start, requires_grad=True)
table = """
1 2
3 4
"""
# @ask What is twice w? -> 2 * w.item()
for i in range(3):
    # A note above a statement in a loop.
    loss = w * w
# @ask What is in w.grad? -> w.grad.item() | 4 | 12
loss.backward()
def half(x):
    # A note in a function may stand anywhere.
    if x:
        return x / 2

# %% [markdown]
# ## Try it
# Turn `start`.

# /// script
# [tool.tutor]
# [[tool.tutor.expect]]
# of = "w.grad.item()"
# is = 4.0
# source = "2w"
# ///
'''


def findings(source: str) -> list[tuple[int, str]]:
    """The line and the text of each finding."""
    found = review_style(parse(source, Path("10_style.py")))
    assert all(str(one).startswith(f"10_style.py:{one.line}: ") for one in found)
    return [(one.line, f"{one.problem}; {one.cure}") for one in found]


def changed(old: str, new: str) -> str:
    assert old in LESSON
    return LESSON.replace(old, new)


def line_of(text: str, source: str) -> int:
    return source[: source.index(text)].count("\n") + 1


ASK = "# @ask What is twice w? -> 2 * w.item()\n"

BROKEN = {
    "no title": (
        changed("# # A lesson\n", ""),
        "# %% [markdown]",
        "the lesson has no title; begin with a `# %% [markdown]` cell",
    ),
    "no summary": (
        changed("# It says something.\n", ""),
        "# %% [markdown]",
        "nothing says what the lesson teaches; write a sentence",
    ),
    "too long": (
        changed("start =", "x = 1\n" * 50 + "start ="),
        "        return",
        f"it has {LONGEST + 1} lines of code, more than {LONGEST}; shorten it",
    ),
    "a note above a loop": (
        changed("for i in", "# Three times.\nfor i in"),
        "for i in",
        "the note above `for` is never shown: this is no step; move it above a statement",
    ),
    "a note above a with": (
        changed("def half", "# Without.\nwith torch.no_grad():\n    w += 1\ndef half"),
        "with torch",
        "the note above `with` is never shown",
    ),
    "a note above a try in a loop": (
        changed(
            "    loss = w * w",
            "    try:\n        loss = w * w\n    finally:\n        pass",
        ),
        "    try:",
        "the note above `try` is never shown",
    ),
    "one question": (changed(ASK, ""), "# %% [markdown]", "it asks 1 question; ask 2 to 4"),
    "five questions": (
        changed(ASK, ASK * 4).replace("# @ask What is in", "# @ask And what is in"),
        "# @ask And what is in",
        "it asks 5 questions; ask 2 to 4",
    ),
    "no knob": (
        changed("  # @param", ""),
        "# %% [markdown]",
        "it has no knob to turn; put `# @param`",
    ),
    "no cell to try at the end": (
        changed("# ## Try it", "# ## The end"),
        "# %% [markdown]\n# ## The end",
        "it does not end with something to try; end with",
    ),
    "code at the end": (
        changed("# /// script", "# %% More\nx = 1\n\n# /// script"),
        "# %% More",
        "it does not end with something to try",
    ),
    "nothing to turn at the end": (
        changed("`start`", "`starts`"),
        "# %% [markdown]\n# ## Try it",
        "names no knob; say which one",
    ),
    "no figure": (
        changed(
            '# [[tool.tutor.expect]]\n# of = "w.grad.item()"\n# is = 4.0\n# source = "2w"\n', ""
        ),
        "# /// script",
        "no figure is checked; write [[tool.tutor.expect]]",
    ),
    "a figure without a source": (
        changed('# source = "2w"\n', ""),
        "# [[tool.tutor.expect]]",
        "the figure of w.grad.item() has no source; say in `source`",
    ),
    "Variable": (
        changed("import torch\n", "import torch\nfrom torch.autograd import Variable\n"),
        "from torch.autograd",
        "`Variable` is no longer needed; use the tensor itself",
    ),
    "size_average": (
        changed("loss.backward", "torch.nn.MSELoss(size_average=True)\nloss.backward"),
        "torch.nn.MSELoss",
        "`size_average` is outdated; write reduction",
    ),
    ".data": (
        changed("loss.backward", "w.data += 1\nloss.backward"),
        "w.data",
        "`.data` hides an edit from autograd; use torch.no_grad()",
    ),
}
"""By what is wrong: a lesson, a text at the finding's line, and the beginning of its words."""


def test_a_lesson_in_good_form_has_no_findings() -> None:
    assert findings(LESSON) == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_one_finding_with_its_line_and_a_cure(name: str) -> None:
    source, place, words = BROKEN[name]
    [(line, text)] = findings(source)
    assert line == line_of(place, source)
    assert words in text


def test_code_without_prose_has_no_title() -> None:
    [first, *_] = findings("x = 1\n# /// script\n# [tool.tutor]\n# ///\n")
    assert first == (
        1,
        "the lesson has no title; begin with a `# %% [markdown]` cell and `# # A title`",
    )


def test_a_table_in_a_text_is_no_code_to_read() -> None:
    assert findings(changed("1 2\n", "1 2\n" * 100)) == []


def test_a_lesson_about_data_may_use_it() -> None:
    source = changed("loss.backward", "w.data += 1\nloss.backward")
    assert (
        findings(source.replace("It says something.", "An edit through `.data` is hidden.")) == []
    )


def test_torch_utils_data_is_something_else() -> None:
    assert findings(changed("loss.backward", "torch.utils.data.Dataset()\nloss.backward")) == []
