"""Reading scripts: cells, notes, knobs, questions, metadata, and the errors for invalid ones."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tutor.script.declarations import Plot, Raises
from tutor.script.lesson import Ask, Expect, Knob, Lesson, LessonError, Slot, parse, read

LESSON = """\
# %% [markdown]
# # Gradients **add** up
# `backward()` *adds* to `.grad`; it [never](https://pytorch.org) replaces it. The rest is detail.

# %% The first slope
import torch

lr = 0.1  # @param {type: "slider", min: 0.01, max: 1.2, step: 0.01}
# `w` is a leaf: we made it,
# so autograd keeps its slope.
w = torch.tensor(3.0, requires_grad=True)
loss = (w - 1) ** 2
# @ask What will `w.grad` be? -> w.grad.item() | 2.0 | 4.0
# The chain rule leaves {w.grad:g}.
loss.backward()

# /// script
# dependencies = ["torch", "numpy>=1.26"]
#
# [tool.tutor]
# loss = "loss"
#
# [[tool.tutor.expect]]
# at = 20
# of = "w.tolist()"
# is = [-1.002015, 1.9205805]
# source = "002, section 9"
#
# [[tool.tutor.expect]]
# of = "w.grad.item()"
# is = 4
# rtol = 0
# atol = 1e-3
# ///
"""


def lesson(source: str, name: str = "10_adds.py") -> Lesson:
    return parse(dedent(source), Path(name))


def error(source: str) -> LessonError:
    with pytest.raises(LessonError) as caught:
        lesson(source)
    assert "\n" not in str(caught.value)
    return caught.value


def with_metadata(toml: str, code: str = "x = 1\n") -> str:
    """A script whose metadata block begins in line 3."""
    block = "".join(f"# {line}".rstrip() + "\n" for line in toml.splitlines())
    return f"{code}\n# /// script\n{block}# ///\n"


def strict(code: str) -> str:
    return dedent(code) + "\n# /// script\n# [tool.tutor]\n# ///\n"


# Lessons


def test_a_lesson_has_a_slug_a_title_a_summary_and_metadata():
    read = lesson(LESSON)
    assert (read.slug, read.title) == ("adds", "Gradients add up")
    assert read.summary == "backward() adds to .grad; it never replaces it."
    assert read.metadata.is_lesson and read.metadata.loss == "loss"
    assert read.metadata.dependencies == ("torch", "numpy>=1.26")


def test_cells_divide_the_file_and_leave_the_metadata_out():
    prose, code = lesson(LESSON).cells
    assert (prose.kind, prose.first, prose.last) == ("markdown", 1, 3)
    assert prose.text.startswith("# Gradients **add** up\n`backward()`")
    assert (code.kind, code.title, code.first, code.last) == ("code", "The first slope", 5, 15)
    assert lesson(LESSON).cell_at(11) == code
    assert lesson(LESSON).cell_at(2) is None
    assert lesson(LESSON).cell_at(18) is None


def test_the_lines_of_a_note_are_joined():
    read = lesson(LESSON)
    assert read.notes[11].text(None) == "`w` is a leaf: we made it, so autograd keeps its slope."
    assert read.note_at(12) is None


def test_a_slot_without_a_value_is_shown_raw():
    read = lesson(LESSON)
    assert read.slots() == {15: (Slot("w.grad", "g", 14, "{w.grad:g}"),)}
    assert read.notes[15].text(None) == "The chain rule leaves {w.grad:g}."
    assert read.notes[15].text(["4"]) == "The chain rule leaves 4."


def test_a_question_belongs_to_the_statement_below_it_and_not_to_the_note():
    assert lesson(LESSON).asks == (
        Ask(15, "What will `w.grad` be?", "w.grad.item()", ("2.0", "4.0"), (13, 13)),
    )


def test_a_long_question_may_continue_on_a_second_line():
    read = lesson(
        """\
        # Before.
        # @ask Does it fall?
        #   -> a | b < c | True | False
        # After.
        x = 1
        """
    )
    assert read.asks == (Ask(5, "Does it fall?", "a", ("b < c", "True", "False"), (2, 3)),)
    assert read.notes[5].text(None) == "Before. After."


def test_expected_figures_have_the_line_of_their_table():
    assert lesson(LESSON).metadata.expects == (
        Expect(
            at=20, of="w.tolist()", value=[-1.002015, 1.9205805], source="002, section 9", line=23
        ),
        Expect(of="w.grad.item()", value=4, rtol=0, atol=1e-3, line=29),
    )


def test_the_summary_is_one_sentence_also_in_chinese():
    read = lesson("# %% [markdown]\n# # 梯度\n#\n# 梯度会累加。清零要自己做。\n")
    assert (read.title, read.summary) == ("梯度", "梯度会累加。")


# Any script can be read


@pytest.mark.parametrize("source", ["", "\n\n", "# only a comment", "x = 1", "\ufeffx = 1\n"])
def test_a_plain_script_is_one_code_cell(source):
    read = parse(source, Path("3d_plot.py"))
    assert [cell.kind for cell in read.cells] == ["code"]
    assert (read.title, read.slug, read.summary) == ("3d_plot", "3d_plot", "")
    assert not read.metadata.is_lesson and read.metadata.loss is None
    assert not read.knobs and not read.asks
    assert not read.metadata.expects and not read.metadata.dependencies


def test_code_before_the_first_mark_is_a_cell_of_its_own():
    cells = lesson('"""Docstring."""\nimport os\n\n# %%\nx = 1\n').cells
    assert [(cell.first, cell.last) for cell in cells] == [(1, 2), (4, 5)]


def test_comments_before_the_first_mark_make_no_cell():
    assert [cell.first for cell in lesson("#!/usr/bin/env python\n\n# %%\nx = 1\n").cells] == [3]


@pytest.mark.parametrize(
    ("mark", "kind", "title"),
    [
        ("#%%", "code", ""),
        ("# %% A title", "code", "A title"),
        ("# %% [markdown]", "markdown", ""),
        ("# %% [md] Words", "markdown", "Words"),
        ("# %% Words [markdown]", "markdown", "Words"),
    ],
)
def test_all_editors_forms_of_a_mark_are_read(mark, kind, title):
    (cell,) = lesson(f"{mark}\n# text\n").cells
    assert (cell.kind, cell.title) == (kind, title)


def test_code_in_a_prose_cell_is_still_code():
    prose, code = lesson("# %% [markdown]\n# Words.\n\nx = 1\ny = 2\n").cells
    assert (prose.text, prose.last) == ("Words.", 2)
    assert (code.kind, code.first, code.last) == ("code", 4, 5)


def test_text_in_a_string_makes_no_cell_note_or_metadata():
    read = lesson(
        """\
        text = '''
        # %% [markdown]
        # /// script
        # [tool.tutor]
        # ///
        # a note?
        x = 1  # @param {type: "nonsense"}
        # @ask why?
        '''
        y = 2
        """
    )
    assert len(read.cells) == 1 and not read.notes and not read.knobs
    assert not read.metadata.is_lesson


def test_a_cell_magic_is_not_a_mark():
    assert len(lesson("# %%time\nx = 1\n").cells) == 1


def test_windows_line_ends_change_nothing():
    assert lesson(LESSON.replace("\n", "\r\n")) == lesson(LESSON)


def test_a_form_feed_does_not_shift_the_lines():
    assert list(lesson("x = 1\n\x0c\n# A note.\ny = '\u2028'\n# Another.\nz = 3\n").notes) == [4, 6]


def test_a_file_with_a_byte_order_mark_opens(tmp_path):
    path = tmp_path / "bom.py"
    path.write_bytes("# é\nx = 1\n".encode("utf-8-sig"))
    assert read(path).notes[2].text(None) == "é"


def test_a_file_is_decoded_with_the_encoding_it_declares(tmp_path):
    path = tmp_path / "old.py"
    path.write_bytes("# -*- coding: latin-1 -*-\n# Größe\nx = 1\n".encode("latin-1"))
    assert read(path).notes[3].text(None) == "Größe"


def test_reading_imports_neither_torch_nor_a_screen(tmp_path):
    script = tmp_path / "loud.py"
    script.write_text("print('executed')\n")
    code = (
        "import sys, pathlib, tutor.script.lesson, tutor.course.catalog\n"
        "tutor.script.lesson.read(pathlib.Path(sys.argv[1]))\n"
        "print({'torch', 'numpy', 'textual', 'rich'} & set(sys.modules))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, script], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


# Notes


def notes(source: str) -> dict[int, str]:
    return {line: note.text(None) for line, note in lesson(source).notes.items()}


def test_notes_stand_above_statements_at_every_depth():
    source = """\
    # A function.
    def f(x):
    \t# Inside.
    \treturn x
    for i in range(3):
        # In a loop.
        if i:
            # Deep; one block for both.
            a = 1; b = 2
        # Another way.
        elif a: c = 3
    """
    assert notes(source) == {
        2: "A function.",
        4: "Inside.",
        7: "In a loop.",
        9: "Deep; one block for both.",
        11: "Another way.",
    }


def test_a_decorated_function_begins_at_its_first_decorator():
    assert notes("# Cached.\n@cache\n@other(1)\ndef f():\n    pass\n") == {2: "Cached."}


def test_an_empty_line_separates_a_comment_from_the_code():
    assert notes("# A remark.\n\nx = 1\n# Behind.\n") == {}


def test_a_comment_inside_a_statement_is_not_a_note():
    assert notes("x = [\n    # the rows\n    1,\n]\n") == {}


def test_marks_are_not_part_of_a_note():
    source = "#!/usr/bin/env python\n# coding: utf-8\n# %% Title\n# Words.\n# @param\nx = 1\n"
    assert notes(source) == {6: "Words."}


def test_paragraphs_lists_and_code_keep_their_lines():
    source = """\
    # One
    # paragraph.
    #
    # Two:
    # - first
    #   goes on
    # - second
    #     indented code
    # ---------
    # Three.
    x = 1
    """
    assert notes(source) == {
        11: "One paragraph.\n\nTwo:\n- first goes on\n- second\n    indented code\n\nThree."
    }


@pytest.mark.parametrize(
    ("text", "expression", "form"),
    [
        ("{w}", "w", ""),
        ("{w.grad:g}", "w.grad", "g"),
        ("{w[1:2]}", "w[1:2]", ""),
        ("{w[1:2].tolist()}", "w[1:2].tolist()", ""),
        ("{w[1:2].sum():.3f}", "w[1:2].sum()", ".3f"),
        ("{ {'a': w}['a'] :>8}", "{'a': w}['a']", ">8"),
        ("{d['}:']:,}", "d['}:']", ","),
        ("{f'{w}'}", "f'{w}'", ""),
        ("{w != y}", "w != y", ""),
        ("{(lambda a: a)(w):g}", "(lambda a: a)(w)", "g"),
        ("{größe:.2f}", "größe", ".2f"),
    ],
)
def test_a_slot_ends_where_its_python_expression_ends(text, expression, form):
    read = lesson(strict(f"# so {text} it is\nx = 1\n"))
    assert read.slots()[2] == (Slot(expression, form, 1, text),)
    assert read.notes[2].text(["V"]) == "so V it is"


def test_slots_are_filled_in_order_and_doubled_braces_stand_for_braces():
    note = lesson("# {a} {{b}} {c:g}\n# and {d}\nx = 1\n").notes[3]
    assert note.text(["1", "2"]) == "1 {b} 2 and {d}"


@pytest.mark.parametrize("text", ["{", "{}", "{a b}", "{x!r}", '{"a": 1}', "{1, 2}", "a } b {"])
def test_invalid_slots_in_an_ordinary_script_are_text(text):
    assert notes(f"# see {text}\nx = 1\n") == {2: f"see {text}"}


@pytest.mark.parametrize("text", ["{", "{}", "{a b}", "{x!r}", "{1, 2}"])
def test_a_lesson_with_an_invalid_slot_is_refused(text):
    found = error(strict(f"# Fine.\n# So {text}\nx = 1\n"))
    assert str(found).startswith("10_adds.py:2: `{")
    assert "{expression:format}" in found.cure


# Knobs


def knob(line: str) -> Knob:
    (found,) = lesson(line).knobs
    return found


def test_a_slider_has_a_range():
    assert knob('lr = 0.1  # @param {type:"slider", min:0, max:1, step:.1}') == Knob(
        "lr", 1, 0.1, "slider", 0.0, 1.0, 0.1
    )


@pytest.mark.parametrize(
    ("line", "kind", "choices"),
    [
        ('n = 1 # @param {"type": "number"}', "number", ()),
        ("n: int = 3 #@param {type: 'integer', placeholder: 'a: b, c'}", "integer", ()),
        ('on = True #@param {type:"boolean"}', "boolean", ()),
        ('s = "a" # @param {type:"string"}', "string", ()),
        ('d = "2024-01-01" # @param {type:"date"}', "string", ()),
        ("on = False  # @param", "boolean", ()),
        ("n = -2.5  # @param {}", "number", ()),
        ('s = "a" # @param ["a", "b"]', "choice", ("a", "b")),
        ('s = "c" # @param ["a", "b"] {allow-input: true}', "choice", ("a", "b")),
        ('n = 2 # @param ["1", "2"] {type:"raw"}', "choice", (1, 2)),
    ],
)
def test_all_forms_of_colabs_param_are_read(line, kind, choices):
    found = knob(line)
    assert (found.kind, found.choices, found.line) == (kind, choices, 1)


@pytest.mark.parametrize(
    ("line", "text", "value"),
    [
        ('lr = 0.1 # @param {type:"slider", min:0, max:1}', "5", 5.0),
        ('n = 10 # @param {type:"slider", min:1, max:20}', "12", 12),
        ('x = 1 # @param {type:"slider", min:0, max:2, step:0.5}', "1.5", 1.5),
        ('n = 10 # @param {type:"integer"}', " 1e3 ", 1000),
        ('on = True # @param {type:"boolean"}', "FALSE", False),
        ('s = "a" # @param {type:"string"}', " b c ", " b c "),
        ('s = "a" # @param ["a", "b"]', "b", "b"),
        ('s = "a" # @param ["a", "b"]', '"b"', "b"),
        ('s = "a" # @param ["a", "b"]', " 'b'", "b"),
        ('s = "a" # @param ["a", "b"] {allow-input: true}', "new", "new"),
        ('s = "a" # @param ["a", "b"] {allow-input: true}', "'new'", "new"),
        ('h = 0.1 # @param ["0.1", "0.00001"] {type:"raw"}', "0.00001", 1e-5),
        ('n = 1 # @param ["1", "2"] {type:"raw", allow-input: true}', "7", 7),
    ],
)
def test_a_knob_parses_text_from_the_command_line(line, text, value):
    parsed = knob(line).parse(text)
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("line", "text", "complaint"),
    [
        ("lr = 0.1 # @param", "fast", "lr is a number, not 'fast'"),
        ("lr = 0.1 # @param", "nan", "lr is a number, not 'nan'"),
        ("n = 3 # @param", "2.5", "n is a whole number, not '2.5'"),
        ('n = 3 # @param {type:"slider", min:1, max:9}', "2.5", "n is a whole number, not '2.5'"),
        ("on = True # @param", "maybe", "on is true or false, not 'maybe'"),
        ('s = "a" # @param ["a", "b"]', "c", "s is one of a, b, not 'c'"),
        ('s = "a" # @param ["a", "b"]', '"c"', "s is one of a, b, not 'c'"),
    ],
)
def test_a_knob_refuses_text_of_another_type(line, text, complaint):
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}$"):
        knob(line).parse(text)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("lr = 0.1  # @param {type: slider}", "cannot read `{type: slider}`"),
        ('lr = 0.1  # @param {type: "slidr"}', "`type` is 'slidr'"),
        ('lr = 0.1  # @param {type: "slider", mn: 0}', "`mn` is unknown"),
        ('lr = 0.1  # @param {type: "slider", min: 0}', "a slider wants min below max"),
        ('lr = 0.1  # @param {type: "slider", min: "0", max: 1}', "`min` is '0'"),
        ('lr = "a"  # @param {type: "number"}', "'a' is no number for `lr`"),
        ('on = 1  # @param {type: "boolean"}', "1 is no boolean for `on`"),
        ('s = "c"  # @param ["a", "b"]', "'c' is not among the choices of `s`"),
        ("s = 'a'  # @param []", "the list of choices is empty"),
        ("lr = rate()  # @param", "`rate()` is no literal"),
    ],
)
def test_a_bad_param_is_refused_with_its_line(line, problem):
    found = error(f"x = 1\n{line}\n")
    assert str(found).startswith(f"10_adds.py:2: @param: {problem}; ")
    assert found.cure


def test_a_param_without_an_assignment_is_refused_in_lessons_only():
    source = "# @param x the input\ndef f(x):\n    return x\n"
    assert not lesson(source).knobs
    assert str(error(strict(source))).startswith("10_adds.py:1: @param follows no assignment")


def test_the_knob_of_a_long_assignment_has_its_first_line():
    assert knob('s = (\n    "a"\n)  # @param ["a", "b"]\n').line == 1


# Refusals


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("# @ask What now?", "@ask wants a question, -> and an expression"),
        ("# @ask -> x", "@ask wants a question, -> and an expression"),
        ("# @ask What? -> x +", "@ask: `x +` is no expression"),
        ("# @ask What? -> x | 1", "@ask wants two choices or more, or none"),
    ],
)
def test_a_bad_ask_is_refused_with_its_line(line, problem):
    found = error(f"y = 1\n{line}\nx = 1\n")
    assert str(found).startswith(f"10_adds.py:2: {problem}; write # @ask question -> expression")


@pytest.mark.parametrize("source", ["# @ask Q? -> x\n\nx = 1\n", "x = 1  # @ask Q? -> x\n"])
def test_an_ask_above_no_statement_is_refused(source):
    found = error(source)
    assert (found.line, found.problem) == (1, "@ask stands above no statement")
    assert "directly above the statement" in found.cure


@pytest.mark.parametrize(
    ("toml", "line", "problem"),
    [
        ('[tool.tutor]\nloss = "l', 5, "the metadata is no TOML"),
        ('[tool.tutor]\nloss = "l"\nlos = 1', 6, "`los` is unknown"),
        ("[tool.tutor]\nloss = 3", 5, "`loss` is 3"),
        ('[tool.tutor]\nloss = "a b"', 5, "`loss` is 'a b'"),
        ("dependencies = 'torch'", 4, "`dependencies` is 'torch'"),
        ("[tool]\ntutor = 1", 5, "`tutor` is 1"),
        ("[tool.tutor]\nexpect = 1", 5, "`expect` is 1"),
        ("[tool.tutor]\ncompare = ['w']", 5, "`compare` is ['w']"),
        ("[tool.tutor]\ncompare = [['w', '1 + 1']]", 5, "`compare` is [['w', '1 + 1']]"),
        ('[tool.tutor]\n\n[[tool.tutor.expect]]\nof = "x"', 6, "expect: `is` is missing"),
        ('[[tool.tutor.expect]]\nof = "x"\nis = 1\nwhen = 2', 4, "expect: `when` is unknown"),
        ('[[tool.tutor.expect]]\nof = "x +"\nis = 1', 4, "expect: `of` has 'x +', which is no"),
        ('[[tool.tutor.expect]]\nof = "x"\nis = 1\nat = -1', 4, "expect: `at` is -1"),
        ('[[tool.tutor.expect]]\nof = "x"\nis = 1\nat = 1.5', 4, "expect: `at` is 1.5"),
        ('[[tool.tutor.expect]]\nof = "x"\nis = 1\nrtol = "a"', 4, "expect: `rtol` is 'a'"),
        ('[[tool.tutor.expect]]\nof = "x"\nis = 1\nsource = 2', 4, "expect: `source` is 2"),
        ('[[tool.tutor.expect]]\nof = "x"\nis = 1\ndevice = 2', 4, "expect: `device` is 2"),
        ("[tool.tutor]\nafter = 'descend'", 5, "`after` is 'descend'"),
        ("[tool.tutor]\nafter = ['10_descend.py']", 5, "`after` is ['10_descend.py']"),
        ("[tool.tutor]\ncovers = [3]", 5, "`covers` is [3]"),
        ("[tool.tutor]\ntwin = 3", 5, "`twin` is 3"),
        ("[tool.tutor]\ntwin = 'by hand'", 5, "`twin` is 'by hand'"),
        ("[tool.tutor]\nsteps = 0", 5, "`steps` is 0"),
        ("[tool.tutor]\nsteps = true", 5, "`steps` is True"),
        ("[tool.tutor]\nsteps = 1e4", 5, "`steps` is 10000.0"),
        ("[tool.tutor]\ncompare = [['w']]", 5, "`compare` is [['w']]"),
        ("[tool.tutor]\nraises = 1", 5, "`raises` is 1"),
        ("[tool.tutor]\nplot = [1]", 5, "`plot` is [1]"),
        ('[[tool.tutor.raises]]\ncell="a"\nerror="b"\n"" = "c"', 4, "raises: `` is 'c'"),
        ('[[tool.tutor.raises]]\ncell="a"\nerror="b"\nline = 3', 4, "raises: `line` is unknown"),
        ('[[tool.tutor.raises]]\ncell = "a"', 4, "raises: `error` is missing"),
        ('[[tool.tutor.raises]]\nerror = "a"', 4, "raises: `cell` is missing"),
        ('[[tool.tutor.raises]]\ncell = "a"\nerror = " "', 4, "raises: `error` is ' '"),
        ('[[tool.tutor.raises]]\ncell = 1\nerror = "a"', 4, "raises: `cell` is 1"),
        ('[[tool.tutor.raises]]\ncell="a"\nerror="b"\nat = 1', 4, "raises: `at` is unknown"),
    ],
)
def test_bad_metadata_is_refused_with_its_line_in_the_file(toml, line, problem):
    found = error(with_metadata(toml))
    assert str(found).startswith(f"10_adds.py:{line}: {problem}")
    assert found.cure


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("", "draws nothing"),
        ("colour = 1", "`colour` is unknown"),
        ('points = ["x"]', "`points` is ['x']"),
        ('points = "x"', "`points` is 'x'"),
        ('points = ["x", "y +"]', "`points` has 'y +', which is no expression"),
        ('points = ["x", 3]', "`points` is ['x', 3]"),
        ('points = ["x", "y", "c", "d"]', "`points` is ['x', 'y', 'c', 'd']"),
        ('lines = "x"', "`lines` is 'x'"),
        ('lines = [["x"]]', "`lines` is [['x']]"),
        ('lines = [["x", "y", 3]]', "`lines` is [['x', 'y', 3]]"),
        ('lines = [["x", "y z"]]', "`lines` has 'y z', which is no expression"),
        ('of = "v"', "`of` and `over` go together"),
        ("over = { v = [0, 1] }", "`of` and `over` go together"),
        ('of = "v +"\nover = { v = [0, 1] }', "`of` has 'v +', which is no expression"),
        ('of = "v"\nover = [0, 1]', "`over` is [0, 1]"),
        ('of = "v"\nover = { v = [0, 1], u = [0, 1], t = [0, 1] }', "`over` is {"),
        ('of = "v"\nover = { v = 1 }', "`over` is {'v': 1}"),
        ('of = "v"\nover = { v = [0] }', "`over` is {'v': [0]}"),
        ('of = "v"\nover = { "v w" = [0, 1] }', "`over` is {'v w': [0, 1]}"),
        ('of = "v"\nover = { v = [1, 1] }', "`over` has v = [1, 1]"),
        ('of = "v"\nover = { v = [2, 1] }', "`over` has v = [2, 1]"),
        ('of = "v"\nover = { v = [nan, 1] }', "`over` is {'v': [nan, 1]}"),
        ('of = "v"\nover = { v = [false, 1] }', "`over` is {'v': [False, 1]}"),
        ('of = "v"\nover = { v = ["a", 1] }', "`over` is {'v': ['a', 1]}"),
        ('of = "v"\nover = { v = [0, 1] }\nat = ["w", "b"]', "`at` names 2 values"),
        ('of = "v"\nover = { v = [0, 1] }\nat = "w"', "`at` is 'w'"),
        ('of = "v"\nover = { v = [0, 1] }\nat = ["w + 1"]', "`at` is ['w + 1']"),
        ('of = "v"\nover = { v = [0, 1] }\nat = ["w[i]"]', "`at` has 'w[i]'"),
        ('of = "v"\nover = { v = [0, 1] }\nat = [3]', "`at` is [3]"),
        ('points = ["x", "y"]\nat = ["w"]', "`at` names 1 values"),
        ('of = "v"\nover = { v = [0, 1] }\nlevel = 0.5', "`level` divides a map"),
        ('of = "v * u"\nover = { v = [0, 1], u = [0, 1] }\nlevel = "a"', "`level` is 'a'"),
        ('points = ["x", "y"]\nlog = 1', "`log` is 1"),
        ('bars = "{"', "`bars` has '{', which is no expression"),
        ('bars = "b"\npoints = ["x", "y"]', "`bars` stand alone"),
    ],
)
def test_a_bad_plot_is_refused_with_the_line_of_its_table(toml, problem):
    found = error(with_metadata(f'[tool.tutor]\n\n[[tool.tutor.plot]]\ntitle = "t"\n{toml}'))
    # The first plot of several is not blamed for the second.
    assert str(found).startswith(f"10_adds.py:6: plot: {problem}")
    assert found.cure


@pytest.mark.parametrize("title", ["", "title = 3", 'title = " "'])
def test_a_plot_must_have_a_title(title):
    found = error(with_metadata(f'[[tool.tutor.plot]]\npoints = ["x", "y"]\n{title}'))
    assert str(found).startswith("10_adds.py:4: plot: `title` is ")


@pytest.mark.parametrize(
    ("toml", "which"),
    [
        ("over = { v = [-inf, inf] }", "[-inf, inf]"),
        ("over = { v = [0, inf] }", "[0, inf]"),
        ("over = { v = [nan, 1] }", "[nan, 1]"),
    ],
)
def test_a_plot_over_an_infinite_range_is_refused(toml, which):
    found = error(with_metadata(f'[[tool.tutor.plot]]\ntitle = "t"\nof = "v"\n{toml}'))
    assert str(found).startswith(f"10_adds.py:4: plot: `over` is {{'v': {which}}}")


@pytest.mark.parametrize(("key", "value"), [("of", "[]"), ("bars", "0"), ("of", "false")])
def test_an_expression_that_is_no_text_is_refused_also_if_it_is_empty(key, value):
    toml = f'[[tool.tutor.plot]]\ntitle = "t"\npoints = ["x", "y"]\n{key} = {value}'
    assert str(error(with_metadata(toml))).startswith(f"10_adds.py:4: plot: `{key}` is ")


@pytest.mark.parametrize("place", ["w[2][0]", "model[0].weight", "w[0].grad", "w[", "w[0", "w]"])
def test_at_accepts_a_value_of_the_tensors_pane_or_an_element_of_it(place):
    plot = f'title = "t"\nof = "v"\nover = {{ v = [0, 1] }}\nat = ["{place}"]'
    found = error(with_metadata(f"[[tool.tutor.plot]]\n{plot}"))
    assert str(found).startswith(f"10_adds.py:4: plot: `at` is [{place!r}]")


def test_a_mistake_is_reported_at_the_plot_that_has_it():
    good = '[[tool.tutor.plot]]\ntitle = "t"\npoints = ["x", "y"]\n'
    found = error(with_metadata(f"{good}{good}level = 3"))
    assert str(found).startswith("10_adds.py:7: plot: `level` divides a map")


def test_all_keys_of_a_plot_are_read():
    read = lesson(
        with_metadata(
            """
[[tool.tutor.plot]]
title = "a map"
of = "(u * x + v - y).mean()"
over = { u = [-1, 1.5], v = [0, 2] }
at = ["w[0]", "model.0.bias[0, 1]"]
level = 0
points = ["x", "y", "kind"]
lines = [["x", "w * x"], ["x", "2 * x", "the truth"]]

[[tool.tutor.plot]]
title = "bars"
bars = "{'first': w.grad.norm()}"
log = true
""".strip()
        )
    ).metadata
    mapped, bars = read.plots
    assert mapped == Plot(
        "a map",
        ("x", "y", "kind"),
        (("x", "w * x"), ("x", "2 * x", "the truth")),
        "(u * x + v - y).mean()",
        {"u": (-1.0, 1.5), "v": (0.0, 2.0)},
        ("w[0]", "model.0.bias[0, 1]"),
        0.0,
        line=4,
    )
    assert (bars.bars, bars.log, bars.line) == ("{'first': w.grad.norm()}", True, 13)
    # A label is no expression.
    assert mapped.expressions == ("x", "y", "kind", "x", "w * x", "x", "2 * x")
    assert bars.expressions == (bars.bars,)


def test_a_lesson_declares_prerequisites_systems_and_a_twin():
    read = lesson(
        with_metadata(
            "[tool.tutor]\nafter = ['descend', 'bowl']\ncovers = ['A3', 'C8']\n"
            "twin = 'by_hand'\ncompare = [['w.grad', 'slope'], ['w', 'v']]\nsteps = 20_000"
        )
    ).metadata
    assert (read.after, read.covers) == (("descend", "bowl"), ("A3", "C8"))
    assert (read.twin, read.steps) == ("by_hand", 20_000)
    assert read.compare == (("w.grad", "slope"), ("w", "v"))
    # The second name of a pair is the twin's: in this script they need not agree.
    assert read.closed_forms == ()
    assert read.lines["twin"] == 7


def test_without_a_twin_both_names_of_a_pair_are_the_scripts():
    read = lesson(with_metadata("[tool.tutor]\ncompare = [['w.grad', 'by_hand']]")).metadata
    assert read.closed_forms == (("w.grad", "by_hand"),)


def test_all_metadata_is_optional():
    read = lesson(with_metadata("[tool.tutor]")).metadata
    assert (read.after, read.covers, read.twin, read.compare) == ((), (), "", ())
    assert (read.raises, read.plots, read.expects) == ((), (), ())
    assert read.steps == 10_000
    assert read.is_lesson


def test_expected_errors_have_the_line_of_their_table():
    read = lesson(
        with_metadata(
            '[[tool.tutor.raises]]\ncell = "Twice"\nerror = "RuntimeError: Trying"\n\n'
            '[[tool.tutor.raises]]\ncell = "In place"\nerror = "RuntimeError"\nsource = "notes"'
        )
    ).metadata
    assert read.raises == (
        Raises(cell="Twice", error="RuntimeError: Trying", line=4),
        Raises(cell="In place", error="RuntimeError", source="notes", line=8),
    )


def test_the_cure_for_an_unknown_key_lists_the_known_keys():
    assert error(with_metadata("[tool.tutor]\nplots = 1")).cure == (
        "the keys are loss, after, covers, twin, compare, steps, expect, raises, plot"
    )


def test_pairs_that_should_agree_are_read():
    read = lesson(with_metadata("[tool.tutor]\ncompare = [['w.grad', 'by_hand']]"))
    assert read.metadata.compare == (("w.grad", "by_hand"),)


def test_tables_of_other_tools_are_ignored():
    read = lesson(with_metadata("requires-python = '>=3.11'\n[tool.uv]\nfoo = 1"))
    assert not read.metadata.is_lesson


def test_an_open_metadata_block_is_refused():
    found = error("x = 1\n# /// script\n# dependencies = []\n")
    assert (found.line, found.cure) == (2, "end it with # ///")


def test_a_second_metadata_block_is_refused():
    block = "# /// script\n# dependencies = []\n# ///\n"
    found = error(f"{block}\nx = 1\n{block}")
    assert (found.line, found.cure) == (6, "keep the one in line 1")


@pytest.mark.parametrize(
    ("source", "line"),
    [("x = 1\nx = (\n", 2), ("\nif x:\ny = 1\n", 3), ("x = 1\nreturn x\n", 2), ("a\0b", 1)],
)
def test_invalid_python_is_refused_with_its_line(source, line):
    found = error(source)
    assert found.line == line
    assert "Python cannot run the file" in found.cure


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path):
    path = tmp_path / "latin.py"
    path.write_bytes("x = 1\ny = 2\nz = 3\ns = 'Größe'\n".encode("latin-1"))
    with pytest.raises(LessonError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:4: is not UTF-8 text; save it as UTF-8")


def test_an_unknown_encoding_is_refused_with_its_line(tmp_path):
    path = tmp_path / "klingon.py"
    path.write_bytes(b"#!/usr/bin/env python\n# coding: klingon\nx = 1\n")
    with pytest.raises(LessonError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:2: names an unknown encoding; ")


@pytest.mark.parametrize("text", ["{yield w}", "{(yield w)}", "{await w}", "{[await w]}"])
def test_braces_that_no_statement_could_evaluate_are_no_slot(text):
    assert lesson(f"# {text}\nx = 1\n").slots() == {}


@pytest.mark.parametrize("kind", ["device", "pipe", "socket", "without end"])
def test_what_is_no_file_of_a_scripts_size_is_refused_unread(tmp_path, monkeypatch, kind):
    path = tmp_path / "script.py"
    if kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        monkeypatch.chdir(tmp_path)  # the name of a socket must be short
        socket.socket(socket.AF_UNIX).bind("script.py")
    else:
        path.touch()
        os.truncate(path, 3 * 2**30)
    with pytest.raises(LessonError, match="cannot be read: it is "):
        read(path)


@pytest.mark.parametrize(("name", "problem"), [("", "is a directory"), ("no.py", "no such file")])
def test_a_file_that_cannot_be_opened_gives_one_clear_line(tmp_path, name, problem):
    path = tmp_path / name
    with pytest.raises(LessonError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:1: cannot be read: {problem}")
    assert caught.value.cure == "check the path"
