"""Exceptions that a script catches: the statement that raised one is a step that says so."""

import contextlib
import io
import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from driver import Driver, Recording

from tutor.commands.run_output import JsonReport
from tutor.history import replay_check
from tutor.history.recording.tree import open_
from tutor.history.recording.writer import writing
from tutor.history.timeline import Timeline
from tutor.insight.events.detect import Events
from tutor.insight.events.kinds import Kind
from tutor.insight.events.wording import describe
from tutor.schema.frame import Frame
from tutor.schema.values import plain
from tutor.wire.messages import Digested, Edit, Edited, Ended, Launch, Printed

Record = Callable[..., Recording]

DIVISION = "ZeroDivisionError: division by zero"

FRAGILE = """
import torch
w = torch.tensor([1.0, 2.0], requires_grad=True)
caught = 0
for i in range(20):
    try:
        loss = (w ** 2).sum()
        loss.backward()
        if i % 3 == 1:
            # Its graph was freed: torch refuses.
            loss.backward()
        w.data -= 0.1 * w.grad
    except RuntimeError as error:
        caught += 1
    w.grad = None
"""
AGAIN = "RuntimeError: Trying to backward through the graph a second time"


@pytest.fixture
def fragile(record: Record) -> Recording:
    return record(FRAGILE)


def caught(timeline: Timeline) -> dict[int, str]:
    """Return the messages of caught exceptions, by step."""
    return {step: timeline.steps.raised(step) for step in timeline.steps.raising}


def walked(recording: Recording) -> list[tuple[int, str]]:
    """Return the line of each step, and the exception that it raised."""
    assert recording.ended.outcome == "finished"
    return [(frame.line, frame.raised) for frame in recording.frames]


def digests(recording: Recording) -> list[Digested]:
    return [event for event in recording.events if isinstance(event, Digested)]


# Which statements are steps


def test_a_statement_that_raises_is_a_step_that_says_what_it_raised(record: Record) -> None:
    source = """
        try:
            x = 1
            x = 1 / 0
            x = 2
        except ZeroDivisionError:
            y = 3
        else:
            y = 4
        """
    assert walked(record(source)) == [(2, ""), (3, DIVISION), (6, "")]


def test_in_a_loop_each_raise_is_a_step_of_its_iteration(record: Record) -> None:
    source = """
        for i in range(3):
            try:
                x = 1 / (i - 1)
            except ZeroDivisionError:
                continue
            y = x
        """
    frames = record(source).frames
    assert [(frame.line, frame.iteration) for frame in frames] == [
        (3, 0), (6, 0), (3, 1), (5, 1), (3, 2), (6, 2),
    ]  # fmt: skip
    assert [frame.step for frame in frames if frame.raised] == [3]
    assert frames[2].loop == 1


@pytest.mark.parametrize(("again", "second"), [("raise", []), ("raise error", [(6, DIVISION)])])
def test_a_re_raised_exception_is_no_second_step(
    record: Record, again: str, second: list[tuple[int, str]]
) -> None:
    source = f"""
        try:
            try:
                x = 1 / 0
            except ZeroDivisionError as error:
                y = 1
                {again}
        except ZeroDivisionError:
            z = 2
        """
    # A `raise` with an argument is a statement that raises, and so a step.
    assert walked(record(source)) == [(3, DIVISION), (5, ""), *second, (8, "")]


def test_an_exception_that_passes_a_handler_of_another_type_is_one_step(record: Record) -> None:
    source = """
        try:
            try:
                x = 1 / 0
            except KeyError:
                y = 1
        except ZeroDivisionError:
            z = 2
        """
    assert walked(record(source)) == [(3, DIVISION), (7, "")]


@pytest.mark.parametrize("cause", ["", " from error"])
def test_an_exception_raised_in_a_handler_is_a_second_step(record: Record, cause: str) -> None:
    source = f"""
        try:
            try:
                x = 1 / 0
            except ZeroDivisionError as error:
                raise LookupError("no x"){cause}
        except LookupError:
            z = 2
        """
    assert walked(record(source)) == [(3, DIVISION), (5, "LookupError: no x"), (7, "")]


def test_an_exception_in_a_function_belongs_to_the_statement_that_called_it(record: Record) -> None:
    source = """
        def inner():
            raise ValueError("too small")
        def outer():
            try:
                1 / 0
            except ZeroDivisionError:
                inner()
        try:
            x = outer()
        except ValueError:
            y = 1
        """
    # An exception that the function caught itself is not reported.
    assert walked(record(source))[2:] == [(9, "ValueError: too small"), (11, "")]


def test_a_multi_line_statement_is_reported_at_its_first_line(record: Record) -> None:
    source = """
        try:
            x = [
                1,
                1 / 0,
            ]
        except ZeroDivisionError:
            pass
        """
    assert walked(record(source)) == [(2, DIVISION), (7, "")]


def test_a_statement_in_a_with_block_is_reported_at_its_own_line(record: Record) -> None:
    source = """
        import torch
        try:
            with torch.no_grad():
                x = torch.ones(2) @ torch.ones(3)
        except RuntimeError:
            y = 1
        """
    *_, (line, raised), handler = walked(record(source))
    assert (line, handler) == (4, (6, ""))
    assert raised.startswith("RuntimeError: inconsistent tensor size")


@pytest.mark.parametrize(
    "head", ["if 1 / 0:", "while 1 / 0:", "for x in 1 / 0:", "with 1 / 0:", "match 1 / 0:"]
)
def test_the_head_of_a_compound_statement_is_a_step_if_it_raises(record: Record, head: str) -> None:
    body = "case 1:\n            pass" if head.startswith("match") else "pass"
    source = f"try:\n    {head}\n        {body}\nexcept ZeroDivisionError:\n    y = 1\n"
    assert walked(record(source)) == [(2, DIVISION), (source.count("\n"), "")]


@pytest.mark.parametrize(
    ("head", "raised"),
    [
        ("if torch.ones(2) == 1:", "RuntimeError: Boolean value of Tensor with more than one"),
        ("if not torch.ones(2):", "RuntimeError: Boolean value of Tensor with more than one"),
        ("if 0:\n        pass\n    elif 1 / 0:", DIVISION),
        ("with open('none') as file:", "FileNotFoundError: [Errno 2]"),
        ("with torch.no_grad(), \\\n            1 / 0:", DIVISION),
        ("with 3:", "TypeError: 'int' object does not support the context manager protocol"),
        ("with torch.no_grad() as (a, b):", "TypeError: cannot unpack non-iterable"),
        ("for x in 3:", "TypeError: 'int' object is not iterable"),
        ("for a, b in [3]:", "TypeError: cannot unpack non-iterable int object"),
    ],
)
def test_an_exception_anywhere_in_a_head_belongs_to_the_head(
    record: Record, head: str, raised: str
) -> None:
    source = f"import torch\ntry:\n    {head}\n        x = 1\nexcept Exception:\n    y = 1\n"
    _, (line, message), (last, _) = walked(record(source))
    assert message.startswith(raised)
    assert line == (5 if "elif" in head else 3)
    assert last == source.count("\n")


@pytest.mark.parametrize(
    "cases",
    [
        "case x if 1 / 0:\n            pass",
        "case 4:\n            pass\n        case x if (\n                1 / 0):\n            pass",
    ],
)
def test_an_exception_in_the_guard_of_a_case_belongs_to_the_match(
    record: Record, cases: str
) -> None:
    source = f"try:\n    match 3:\n        {cases}\nexcept ZeroDivisionError:\n    y = 1\n"
    assert walked(record(source)) == [(2, DIVISION), (source.count("\n"), "")]


def test_a_statement_in_a_case_is_a_step_of_its_own(record: Record) -> None:
    source = """
        try:
            match 3:
                case 4:
                    pass
                case x if x:
                    y = 1 / 0
        except ZeroDivisionError:
            z = 1
        """
    assert walked(record(source)) == [(6, DIVISION), (8, "")]


@pytest.mark.parametrize("what", ["def f():\n        pass", "class F:\n        pass"])
def test_an_exception_in_a_decorator_belongs_to_the_definition(record: Record, what: str) -> None:
    source = f"""\
def refuse(one):
    print("half way")
    1 / 0
try:
    @refuse
    {what}
except ZeroDivisionError:
    y = 1
"""
    found = record(source)
    assert walked(found) == [(1, ""), (5, DIVISION), (9, "")]
    assert [event.step for event in found.events if isinstance(event, Printed)] == [2]


def test_an_iterator_that_raises_is_a_step_at_the_loop_head_after_the_last_iteration(
    record: Record,
) -> None:
    source = """
        def two():
            yield 1
            yield 1 / 0
        for i in range(2):
            try:
                for x in two():
                    y = x
            except ZeroDivisionError:
                z = 0
            try:
                while 1 / z:
                    z -= 1
                    z += 3
                    z -= 3
            except ZeroDivisionError:
                pass
            z = i
        """
    frames = record(source).frames
    assert [(frame.line, frame.iteration) for frame in frames if frame.raised] == [
        (6, 0), (11, 0), (6, 1), (11, 1),
    ]  # fmt: skip
    assert [frame.line for frame in frames][1:8] == [7, 6, 9, 11, 16, 17, 7]


def test_a_loop_head_that_raises_after_an_iteration_waits_like_any_step(
    drive: Callable[..., Driver],
) -> None:
    source = """
        try:
            for a, b in zip([1], [2, 3], strict=True):
                c = a + b
        except ValueError as error:
            said = str(error)
        """
    driver = drive(source)
    waits = [driver.step_to(step) for step in range(1, 3)]
    assert [(wait.step, wait.line) for wait in waits] == [(1, 2), (2, 5)]
    assert [line for line, _ in walked(driver.to_the_end())] == [3, 2, 5]
    again = drive(source, begin=1).to_the_end()
    assert [frame.line for frame in again.frames] == [2, 5]


def test_a_re_raised_exception_of_a_head_is_no_second_step(record: Record) -> None:
    source = """
        for i in range(2):
            try:
                try:
                    with open("none"):
                        pass
                except OSError:
                    x = i
                    raise
                finally:
                    y = i
            except OSError:
                z = i
        """
    missing = "FileNotFoundError: [Errno 2] No such file or directory: 'none'"
    assert walked(record(source)) == [(4, missing), (7, ""), (10, ""), (12, "")] * 2


def test_an_exception_at_the_end_of_a_with_block_is_no_step(record: Record) -> None:
    source = """
        import contextlib
        @contextlib.contextmanager
        def strict():
            yield
            raise LookupError
        try:
            with strict():
                x = 1
        except LookupError:
            y = 1
        """
    assert walked(record(source))[2:] == [(8, ""), (10, "")]


def test_an_exception_suppressed_by_a_context_manager_is_no_step(record: Record) -> None:
    source = """
        import contextlib
        for i in range(2):
            with contextlib.suppress(ArithmeticError):
                1 / 0
            x = i
        """
    assert walked(record(source))[1:] == [(5, ""), (5, "")]


@pytest.mark.parametrize(
    ("tail", "lines"),
    [
        ("except ValueError:\n    x = 2", [1, 3, 6]),
        ("finally:\n    x = 2", [1, 3, 5, 6]),
    ],
)
def test_a_run_does_not_wait_at_the_try_line(
    drive: Callable[..., Driver], tail: str, lines: list[int]
) -> None:
    driver = drive(f"x = 0\ntry:\n    x = 1\n{tail}\ny = 3\n")
    # The run waits at the statement inside.
    assert [driver.step_to(step).line for step in range(len(lines))] == lines
    assert driver.to_the_end().ended == Ended("finished")


def test_a_finally_clause_comes_after_the_step_that_raised(record: Record) -> None:
    source = """
        for i in range(2):
            try:
                try:
                    x = 1 / 0
                finally:
                    y = i; z = i
                    try:
                        raise KeyError("k")
                    except KeyError:
                        pass
            except ZeroDivisionError:
                w = i
            finally:
                v = i
        """
    once = [(4, DIVISION), (6, ""), (6, ""), (8, "KeyError: 'k'"), (10, ""), (12, ""), (14, "")]
    assert walked(record(source)) == once * 2


def test_an_exception_discarded_by_a_finally_clause_is_a_step(record: Record) -> None:
    source = """
        for i in range(2):
            try:
                1 / 0
            finally:
                continue
        """
    assert [raised for _, raised in walked(record(source))] == [DIVISION, "", DIVISION, ""]


def test_a_head_with_its_body_on_the_same_line_is_a_step_too(record: Record) -> None:
    source = "try:\n    if 1 / 0: x = 1\nexcept ZeroDivisionError:\n    y = 1\n"
    assert walked(record(source)) == [(2, DIVISION), (4, "")]


def test_finally_comes_after_the_handler_of_its_own_try(record: Record) -> None:
    source = """
        try:
            x = 1 / 0
        except ZeroDivisionError:
            y = 1
        finally:
            z = 2
        """
    assert walked(record(source)) == [(2, DIVISION), (4, ""), (6, "")]


def test_a_statement_that_raises_comes_before_the_finally_that_it_leaves_through(
    record: Record,
) -> None:
    source = """
        try:
            try:
                x = 1 / 0
            finally:
                z = 2
        except ZeroDivisionError:
            y = 1
        """
    assert walked(record(source)) == [(3, DIVISION), (5, ""), (7, "")]


def test_one_exception_object_raised_in_each_iteration_is_a_step_in_each(record: Record) -> None:
    source = """
        error = ValueError("always the same")
        for i in range(2):
            try:
                raise error
            except ValueError:
                x = i
        """
    raised = "ValueError: always the same"
    assert walked(record(source))[1:] == [(4, raised), (6, ""), (4, raised), (6, "")]


@pytest.mark.parametrize("cleared", ["", ".with_traceback(None)"])
def test_one_exception_object_raised_while_it_is_handled_is_a_step_each_time(
    record: Record, cleared: str
) -> None:
    source = f"""
        try:
            x = 1 / 0
        except ZeroDivisionError as error:
            for i in range(2):
                try:
                    raise error{cleared}
                except ZeroDivisionError:
                    y = i
        """
    assert walked(record(source)) == [(2, DIVISION), *[(6, DIVISION), (8, "")] * 2]


def test_exception_groups_are_left_to_except_star(record: Record) -> None:
    source = """
        try:
            raise ExceptionGroup("both", [ValueError("a"), KeyError("b")])
        except* ValueError:
            x = 1
        except* KeyError:
            y = 2
        """
    assert walked(record(source)) == [(4, ""), (6, "")]


@pytest.mark.parametrize("end", ["KeyboardInterrupt", "SystemExit", "GeneratorExit"])
def test_what_is_caught_but_no_exception_class_is_no_step(record: Record, end: str) -> None:
    source = f"try:\n    raise {end}\nexcept {end}:\n    x = 1\n"
    assert walked(record(source)) == [(4, "")]


def test_an_uncaught_exception_ends_the_run_and_is_no_step(record: Record) -> None:
    found = record("x = 1\ntry:\n    x = 1 / 0\nexcept KeyError:\n    y = 1\n")
    assert found.ended.outcome == "raised"
    assert [(frame.line, frame.raised) for frame in found.frames] == [(1, "")]


# The frame of such a step


def test_changes_before_the_raise_belong_to_that_step(record: Record) -> None:
    source = """
        import torch
        w = torch.zeros(2)
        def spoil():
            w.add_(1)
            print("half way")
            raise ValueError("no further")
        try:
            x = 1; w[1] = 5; spoil()
        except ValueError:
            y = 1
        """
    found = record(source)
    step = next(frame for frame in found.frames if frame.raised)
    assert {name: plain(view) for name, view in step.changed.items()} == {"w": [1.0, 6.0]}
    [printed] = [event for event in found.events if isinstance(event, Printed)]
    assert (printed.step, found.text()) == (step.step, "half way\n")
    assert list(found.frames[-1].changed) == ["y"]


def test_slots_and_shown_expressions_are_evaluated_at_a_step_that_raised(record: Record) -> None:
    source = """
        n = 0
        try:
            n += 1
            m = n / 0
        except ZeroDivisionError:
            n = 7
        """
    slots = {4: (("n", "02d"), ("m", "")), 6: (("n", ""),)}
    found = record(source, slots=slots, show=("n * 10",))
    assert [frame.slots for frame in found.frames] == [(), (), ("01", None), ("7",)]
    assert [frame.shown for frame in found.frames] == [(0,), (10,), (10,), (70,)]
    assert found.frames[2].problems == (("m", "NameError: name 'm' is not defined"),)


def test_a_refused_backward_pass_names_its_root(fragile: Recording) -> None:
    step = next(frame for frame in fragile.frames if frame.raised)
    assert (step.line, step.iteration, step.root) == (10, 1, "loss")
    assert step.raised.startswith(AGAIN)
    assert step.changed == {}


def test_the_operations_of_a_step_that_raised_include_the_one_that_raised(record: Record) -> None:
    found = record(FRAGILE, operations=0)
    step = next(frame for frame in found.frames if frame.raised)
    assert step.inside is not None
    assert step.inside.error in step.raised
    [failed] = {one.name for one in step.inside.operations if one.id == step.inside.failed}
    assert failed == "pow"


def test_a_very_long_message_is_cut(record: Record) -> None:
    found = record("try:\n    raise ValueError('x' * 10**6)\nexcept ValueError:\n    pass\n")
    raised = found.frames[0].raised
    assert raised.startswith("ValueError: xxx")
    assert len(raised) <= 4000


def test_the_message_of_a_syntax_error_begins_with_its_name(record: Record) -> None:
    found = record("try:\n    eval('(')\nexcept SyntaxError:\n    pass\n")
    assert found.frames[0].raised.startswith("SyntaxError: '(' was never closed")


def test_a_run_waits_after_a_step_that_raised_as_after_any_other(
    drive: Callable[..., Driver],
) -> None:
    driver = drive("try:\n    x = 1 / 0\nexcept ZeroDivisionError:\n    y = 1\n")
    waited = driver.step_to(1)
    # The clause itself is not a statement: the next one is inside it.
    assert (waited.step, waited.line) == (1, 4)
    assert [frame.raised for frame in driver.recording.frames] == [DIVISION]


# What the script can observe


def plainly(source: str) -> str:
    """Return what a script prints without any hooks."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(textwrap.dedent(source), {"__name__": "__main__"})
    return out.getvalue()


def test_a_caught_exception_has_the_same_attributes_as_under_python(record: Record) -> None:
    source = """
        class Own(ValueError):
            def __init__(self, text, code):
                super().__init__(text)
                self.code = code
        for given in (KeyError("k"), Own("o", 3)):
            try:
                try:
                    raise given
                finally:
                    x = 1
            except LookupError as error:
                print(vars(error), error.__reduce__(), set(dir(error)) - set(dir(KeyError)))
            except ValueError as error:
                print(vars(error), error.__reduce__(), set(dir(error)) - set(dir(Own)))
        """
    found = record(source)
    assert len(caught(found.timeline)) == 2
    assert found.text() == plainly(source)
    assert found.text().startswith("{} ")


def test_recording_does_not_keep_a_caught_exception_alive(record: Record) -> None:
    source = """
        import weakref
        class Told:
            def __init__(self):
                refs.append(weakref.ref(self))
        class Own(Told, Exception):
            pass
        def fail():
            local = Told()
            raise Own()
        refs = []
        try:
            fail()
        except Own:
            print([ref() is None for ref in refs])
        if refs[0]() is None:
            print([ref() is None for ref in refs])
        """
    found = record(source)
    assert len(caught(found.timeline)) == 1
    assert found.text() == plainly(source) == "[False, False]\n[True, True]\n"


# Replays, edits and branches


def test_a_run_continues_from_before_at_and_after_a_step_that_raised(
    record: Record, fragile: Recording
) -> None:
    at = [frame.step for frame in fragile.frames if frame.raised][-1]
    for step in (at - 1, at, at + 1):
        again = record(FRAGILE, begin=step - 1, past=fragile.timeline.past(step))
        assert again.frames[0].raised == fragile.frames[step - 1].raised
        assert replay_check.differing(fragile.timeline, again.frames[0]) == []
        assert again.frames[1:] == fragile.frames[step:]
        assert digests(again) == digests(fragile)
        for event in again.events:
            if isinstance(event, Frame | Digested):
                assert replay_check.check(fragile.timeline, event, FRAGILE)
    assert fragile.timeline.divergence is None
    assert len(digests(fragile)) == len(fragile.frames) // 50 > 0


WINDING = """
n = 0
kept = ValueError("kept")
for i in range(4):
    try:
        try:
            n += 1
            raise kept
        finally:
            n += 2
            try:
                [][i]
            except IndexError as error:
                n += 3
                try:
                    raise KeyError(i) from error
                finally:
                    n += 4
    except KeyError as error:
        try:
            n += 5
            raise
        except LookupError:
            n += 6
            try:
                raise kept
            except ValueError:
                n += 7
                try:
                    raise error
                except KeyError:
                    n += 8
"""


HEADS = """
n = 0
for i in range(9):
    try:
        with open("none"):
            n += 1
    except OSError:
        n += 2
    try:
        try:
            for x in map(lambda x: 1 / x, range(1 - i % 2, -2, -1)):
                n += 3
        finally:
            n += 4
    except ZeroDivisionError:
        n += 5
        try:
            while 1 / (n % 2):
                n += 1
        except ZeroDivisionError:
            if n: n += 6
"""


def test_tangled_handlers_report_each_exception_once(record: Record) -> None:
    once = [
        "ValueError: kept", "IndexError: list index out of range", "KeyError: {}",
        "ValueError: kept", "KeyError: {}",
    ]  # fmt: skip
    expected = [text.format(i) for i in range(4) for text in once]
    assert list(caught(record(WINDING).timeline).values()) == expected


@pytest.mark.parametrize("source", [WINDING, HEADS], ids=["winding", "heads"])
def test_a_replay_reports_the_same_exceptions_wherever_it_begins(
    record: Record, source: str
) -> None:
    base = record(source)
    assert len(digests(base)) == len(base.frames) // 50 > 0
    for step in range(2, len(base.frames) + 1, 3):
        again = record(source, begin=step - 1, past=base.timeline.past(step))
        assert walked(again) == walked(base)[step - 1 :]
        assert again.frames[1:] == base.frames[step:]
        assert digests(again) == digests(base)


def test_an_exception_whose_text_has_side_effects_is_replayed_exactly(
    record: Record,
) -> None:
    source = """
        asked = 0
        class Odd(Exception):
            def __str__(self):
                global asked
                asked += 1
                return "odd"
        for i in range(40):
            try:
                raise Odd
            except Odd:
                x = i
        """
    base = record(source)
    again = record(source, begin=60, past=base.timeline.past(61))
    assert again.frames[1:] == base.frames[61:]
    assert digests(again) == digests(base) != []


def test_a_digest_can_be_due_after_a_step_that_raised(record: Record) -> None:
    source = """
        n = 0
        for i in range(40):
            try:
                n = i / (i % 2)
            except ZeroDivisionError:
                n = -1
        """
    base = record(source)
    assert base.frames[49].raised == DIVISION
    assert digests(record(source, begin=70)) == digests(base)
    # The counted steps of the replay lead to the same state as the recorded ones.
    assert [one.step for one in digests(base)] == [50]


def test_an_edit_after_a_step_that_raised_is_seen_by_the_handler(
    record: Record, fragile: Recording
) -> None:
    at = [frame.step for frame in fragile.frames if frame.raised][-1]
    edits = (Edit(at, "caught", 100), Edit(at, "w[0]", 5.0))
    whole = record(FRAGILE, edits=edits)
    branch = record(FRAGILE, begin=at - 1, past=fragile.timeline.past(at), edits=edits)
    edited = next(event for event in whole.events if isinstance(event, Edited))
    assert (edited.step, set(edited.changed)) == (at, {"w", "caught"})
    assert plain(whole.timeline.view("caught", at + 1)) == 101
    assert whole.frames[:at] == fragile.frames[:at]
    assert branch.frames[1:] == whole.frames[at:]
    assert digests(branch) == digests(whole)


def test_a_branch_keeps_the_exceptions_caught_before_it(fragile: Recording) -> None:
    raised = caught(fragile.timeline)
    first, second, *_ = raised
    assert caught(fragile.timeline.fork(second)) == {at: raised[at] for at in (first, second)}
    assert list(caught(fragile.timeline.fork(second - 1))) == [first]
    assert not caught(fragile.timeline.fork(first - 1))
    fork = fragile.timeline.fork(second)
    assert fork.frame(second) == fragile.timeline.frame(second)


# Events, recordings and JSON


def test_a_caught_exception_is_an_event(fragile: Recording) -> None:
    events = Events(fragile.timeline)
    while events.advance():
        pass
    listed = events.listed([Kind.EXCEPTION])
    assert [event.step for event in listed] == list(caught(fragile.timeline))
    assert len(listed) == len([i for i in range(20) if i % 3 == 1])
    assert all(describe(events, event).startswith(AGAIN) for event in listed)


def test_the_end_of_a_run_is_reported_with_the_exceptions_it_caught(record: Record) -> None:
    found = record("try:\n    1 / 0\nexcept ZeroDivisionError:\n    x = 1\nx = []\nx[3]\n")
    events = Events(found.timeline)
    while events.advance():
        pass
    events.fail(found.ended.message)
    texts = [describe(events, event) for event in events.listed([Kind.EXCEPTION])]
    assert texts == [DIVISION, found.ended.message]


def test_a_message_of_several_lines_is_one_line_in_an_event(record: Record) -> None:
    source = "try:\n    raise ValueError('one\\ntwo')\nexcept ValueError:\n    pass\n"
    events = Events(record(source).timeline)
    while events.advance():
        pass
    [event] = events.listed([Kind.EXCEPTION])
    assert "\n" not in describe(events, event)


def test_a_saved_recording_keeps_caught_exceptions(fragile: Recording, tmp_path: Path) -> None:
    with writing(tmp_path / "run.tutor") as writer:
        writer.begin("main", Launch("script.py", FRAGILE))
        for event in fragile.events:
            writer.take(event)
    [run] = open_(tmp_path / "run.tutor").runs
    assert caught(run.timeline) == caught(fragile.timeline)
    steps = range(1, len(fragile.timeline) + 1)
    assert [run.timeline.frame(at) for at in steps] == [fragile.timeline.frame(at) for at in steps]


def test_json_has_raised_only_for_steps_that_raised(fragile: Recording) -> None:
    out = io.BytesIO()
    report = JsonReport(Launch("script.py", FRAGILE), out)
    for event in fragile.events:
        if not isinstance(event, Ended):
            report.take(event)
    report.close(fragile.ended)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    raised = {row["step"]: row["raised"] for row in rows if "raised" in row}
    assert raised == caught(fragile.timeline)
    assert rows[-1]["error"] is None


def test_an_older_frame_without_the_field_raised_nothing() -> None:
    frame = Frame(1, 1, 0, None, "other", None, False, {})
    *older, _ = msgspec.to_builtins(frame)
    assert msgspec.convert(older, Frame).raised == ""
