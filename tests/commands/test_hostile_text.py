"""Whatever a file, a name or an option quotes, a terminal prints it and obeys nothing of it."""

import json
from pathlib import Path

import pytest
from hostile import BIDI, ESCAPED, HOSTILE, obeyed
from pseudo_terminal import Terminal
from shell import shell

from tutor.history.recording.tree import MAIN
from tutor.history.recording.writer import writing
from tutor.schema.frame import Frame
from tutor.schema.printable import printable, without_controls
from tutor.wire.messages import Ended, Launch, Printed

RAISES = f"x = 1.0\nname = {HOSTILE!r}\nraise ValueError(name)\n"


def refusal(found) -> str:
    """Return what a command printed on stderr, with nothing in it to obey."""
    assert obeyed(found.stdout + found.stderr) == []
    return found.stderr.decode()


def test_no_character_that_a_terminal_obeys_is_left() -> None:
    everything = "".join(map(chr, range(0x3000))) + "\ud800\udfff"
    for text in (printable(everything), printable(everything, one_line=True)):
        assert obeyed(text.encode()) == []
    assert set(everything) - set(without_controls(everything)) > set(HOSTILE) - set(
        printable(HOSTILE)
    )
    assert printable("two\n\tlines – é 你 🙂") == "two\n\tlines – é 你 🙂"
    assert printable("two\n\tlines", one_line=True) == r"two\x0a\x09lines"


@pytest.mark.parametrize(
    "arguments",
    ["run {}", "audit {}", "check {}", "diff {} {}", "export --csv {}", "list {}"],
)
def test_an_option_or_a_name_that_is_refused_is_quoted_printably(tutor, arguments) -> None:
    for name in (HOSTILE + ".py", HOSTILE, f"--{HOSTILE}", HOSTILE + ".tutor"):
        found = tutor(*(word.format(name) for word in arguments.split()))
        assert found.returncode == 2
        assert "PWN" in refusal(found)


@pytest.mark.parametrize(
    "option", ["--set", "--edit", "--show", "--device", "--seed", "--stop", "--save"]
)
def test_a_value_that_is_refused_is_quoted_printably(tutor, script, option) -> None:
    found = tutor("run", script("x = 1\n"), option, f"/{HOSTILE}/")
    assert found.returncode == 2
    assert ESCAPED in refusal(found)


@pytest.mark.parametrize(
    "text",
    [
        f'x = 1  # @param ["{HOSTILE}"',
        f'x = 1  # @param {{type: "{HOSTILE}"}}',
        f"# A {{slot {HOSTILE}}}\nx = 1",
        f"# @ask {HOSTILE}\nx = 1",
        f"# @ask what? -> {HOSTILE}\nx = 1",
        f"x = {BIDI}",
        f"{HOSTILE} = 1",
    ],
    ids=repr,
)
@pytest.mark.parametrize("command", ["run", "check", "audit"])
def test_a_mistake_in_a_file_is_quoted_printably(tutor, script, command, text) -> None:
    path = script(f'{text}\n# /// script\n# [tool.tutor]\n# loss = "x"\n# ///\n')
    found = tutor(command, path)
    assert found.returncode in (1, 2)
    refusal(found)


def test_the_name_and_the_exception_of_a_script_are_printed_and_not_obeyed(tutor, script) -> None:
    path = script(RAISES, f"{HOSTILE.replace('/', '')}.py")
    for command in ("run", "check", "audit"):
        assert ESCAPED in refusal(tutor(command, path)) + tutor(command, path).stdout.decode()


def test_json_stays_json_with_the_same_meaning(tutor, script) -> None:
    path = script(f"print({HOSTILE!r})\nx = 1\n")
    found = tutor("run", path, "--json", "--show", f"{HOSTILE!r}")
    assert obeyed(found.stdout) == []
    steps = [json.loads(line) for line in found.stdout.splitlines()]
    assert steps[0]["out"] == HOSTILE + "\n"
    assert steps[0]["show"] == {repr(HOSTILE): HOSTILE}


def test_a_list_with_hostile_lessons_is_printable(tutor, tmp_path, monkeypatch) -> None:
    chapter = tmp_path / "1_chapter"
    chapter.mkdir()
    (chapter / "README.md").write_text(f"# {HOSTILE}\n\n{HOSTILE} promises.\n")
    (chapter / "10_one.py").write_text(
        f"# %% [markdown]\n# # {HOSTILE}\n# {HOSTILE} is.\n\n# %%\nx = 1\n"
    )
    (chapter / "20_two.py").write_text(f"x = 1  # {HOSTILE}\nreturn\n")
    monkeypatch.setattr("tutor.course.catalog.lessons_folder", lambda: tmp_path)
    for arguments in (["list"], ["list", "--json"]):
        assert refusal(tutor(*arguments)) == ""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Return a recording whose output and traceback are hostile."""
    path = tmp_path / "run.tutor"
    with writing(path) as writer:
        writer.begin(MAIN, Launch("script.py", "x = 1\n"))
        split = HOSTILE.encode()
        for part in (split[:-9], split[-9:], b"\n"):
            writer.take(Printed(1, ((1, part), (2, part))))
        writer.take(Frame(1, 1, 0, None, "other", None, False, {}))
        writer.take(Ended("raised", HOSTILE, 1, HOSTILE))
    return path


def test_the_output_of_a_recording_is_raw_where_it_is_no_terminal(recording) -> None:
    found = shell("run", recording)
    assert found.stdout == HOSTILE.encode() + b"\n"
    assert found.stderr.startswith(HOSTILE.encode() + b"\n")
    assert obeyed(found.stderr.removeprefix(HOSTILE.encode())) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "--json"],
        ["export", "--csv"],
        ["export", "--cast"],
        ["export", "--svg", "1"],
    ],
    ids=" ".join,
)
def test_a_recording_on_a_terminal_is_printed_and_not_obeyed(recording, arguments) -> None:
    terminal = Terminal(*arguments, str(recording), folder=recording.parent)
    terminal.until(lambda: not terminal.child.isalive())
    while terminal.read():
        pass
    assert obeyed(terminal.raw) == []
    assert ESCAPED in terminal.raw.decode() or arguments[0] == "export"
