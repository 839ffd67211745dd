"""Lessons that are done are remembered, whatever happened to the file."""

import json
import os
import threading
from datetime import datetime
from pathlib import Path

import pytest

from tutor.course import catalog, progress
from tutor.course.progress import done, location, unready
from tutor.script.lesson import Lesson, parse, read

FOLDER = Path("/course/1_first")
"""No file in it exists: lessons are found by their names."""

NAMES = ("descend", "bowl", "chain", *(f"lesson_{number}" for number in range(12)))


@pytest.fixture(autouse=True)
def course(monkeypatch: pytest.MonkeyPatch) -> None:
    """A course of these lessons."""
    paths = {name: FOLDER / f"10_{name}.py" for name in NAMES}

    def resolve(name: str) -> Path:
        if name not in paths:
            raise LookupError(name)
        return paths[name]

    monkeypatch.setattr(progress, "resolve", resolve)


def lesson(name: str, after: tuple[str, ...] = ()) -> Lesson:
    source = f"x = 1\n# /// script\n# [tool.tutor]\n# after = {[*after]}\n# ///\n"
    return parse(source, FOLDER / f"10_{name}.py")


def mark(name: str) -> None:
    progress.mark(lesson(name))


def written(text: str) -> Path:
    path = location()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_is_done_at_first() -> None:
    assert done() == {}
    assert not location().exists()


def test_the_file_is_in_the_users_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    mark("descend")
    assert location().is_relative_to(tmp_path)
    assert list(json.loads(location().read_text())["done"]) == ["descend"]


def test_a_lesson_keeps_the_time_when_it_was_first_done(monkeypatch: pytest.MonkeyPatch) -> None:
    mark("descend")
    first = done()["descend"]
    text = location().read_text()

    class Later(progress.datetime):  # type: ignore[name-defined,misc]
        @classmethod
        def now(cls, tz: object = None) -> "progress.datetime":  # type: ignore[name-defined]
            return progress.datetime(2100, 1, 1)

    monkeypatch.setattr(progress, "datetime", Later)
    mark("descend")
    assert location().read_text() == text
    mark("bowl")
    assert done()["descend"] == first
    assert done()["bowl"].startswith("2100-01-01")


def test_lessons_that_another_process_marked_are_kept() -> None:
    mark("descend")
    written(json.dumps({"done": {**done(), "chain": "2026-01-01"}}))
    mark("bowl")
    assert list(done()) == ["descend", "chain", "bowl"]


def test_concurrent_marks_are_all_kept() -> None:
    names = [f"lesson_{number}" for number in range(12)]
    threads = [threading.Thread(target=mark, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done()) == sorted(names)
    assert {path.name for path in location().parent.iterdir()} == {"progress.json", "progress.lock"}


def damaged() -> list[bytes]:
    """Return the contents of the damaged files that were kept, oldest first."""
    paths = sorted(location().parent.glob("progress.damaged-*.json"))
    days = [path.name.removeprefix("progress.damaged-").removesuffix(".json") for path in paths]
    assert all(datetime.fromisoformat(day).tzinfo for day in days)
    return [path.read_bytes() for path in paths]


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '"done"', "\x00\x01", "[" * 100_000])
def test_a_damaged_file_counts_as_empty_and_is_kept_under_another_name(text: str) -> None:
    written(text)
    assert done() == {}
    mark("descend")
    assert list(done()) == ["descend"]
    assert damaged() == [text.encode()]
    mark("bowl")
    assert list(done()) == ["descend", "bowl"]
    assert damaged() == [text.encode()]


def test_a_second_damaged_file_does_not_replace_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for year, text in ((2100, "{"), (2101, "[")):

        class Later(datetime):
            @classmethod
            def now(cls, tz: object = None, year: int = year) -> datetime:  # type: ignore[override]
                return datetime(year, 1, 1)

        monkeypatch.setattr(progress, "datetime", Later)
        written(text)
        mark("descend")
    assert damaged() == [b"{", b"["]


@pytest.mark.parametrize("text", ["{}", '{"done": []}', '{"done": 3}', '{"done": null}'])
def test_a_file_without_lessons_is_no_damaged_file(text: str) -> None:
    written(text)
    assert done() == {}
    mark("descend")
    assert list(done()) == ["descend"]
    assert damaged() == []


def test_other_keys_of_the_file_are_kept() -> None:
    others = {"version": 2, "settings": {"theme": "dark"}}
    written(json.dumps({**others, "done": {"bowl": "2026-01-01"}}))
    mark("descend")
    found = json.loads(location().read_text())
    assert {key: found[key] for key in others} == others
    assert list(found["done"]) == ["bowl", "descend"]


def test_an_undecodable_file_counts_as_damaged() -> None:
    path = written("")
    path.write_bytes(b'{"done": {"\xff": "2026"}}')
    assert done() == {}
    mark("descend")
    assert list(done()) == ["descend"]
    assert damaged() == [b'{"done": {"\xff": "2026"}}']


def test_times_of_other_types_are_read_as_text() -> None:
    written('{"done": {"descend": 2026, "bowl": null}}')
    assert done() == {"descend": "2026", "bowl": "None"}


def test_a_folder_in_place_of_the_file_counts_as_empty() -> None:
    location().mkdir(parents=True)
    assert done() == {}
    mark("descend")
    assert list(done()) == ["descend"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_an_unreadable_file_counts_as_empty() -> None:
    mark("descend")
    location().chmod(0)
    assert done() == {}


def test_marking_raises_if_the_file_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write everywhere, but no one can make a folder in a file.
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert done() == {}
    with pytest.raises(OSError, match="file"):
        mark("descend")


def test_a_failed_write_leaves_the_file_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    mark("descend")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        mark("bowl")
    assert list(done()) == ["descend"]


def test_a_lesson_that_the_course_no_longer_has_stays_marked() -> None:
    # A learner may switch between versions of the course.
    written('{"done": {"a_lesson_of_tomorrow": "2026-01-01"}}')
    mark("descend")
    assert list(done()) == ["a_lesson_of_tomorrow", "descend"]


def test_only_lessons_of_the_course_are_marked() -> None:
    mark("a_script_of_mine")
    progress.mark(parse("x = 1\n", Path("/elsewhere/10_descend.py")))
    assert done() == {}
    assert not location().exists()


def test_a_script_named_like_a_lesson_is_not_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "resolve", catalog.resolve)
    own = next(iter(catalog.neighbours(tmp_path / "train.py").values()))
    # Not even with the name of a lesson, in a folder named like a chapter.
    for name in ("train.py", own.name, f"1_mine/{own.name}"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x = 1\n")
        progress.mark(parse("x = 1\n", path))
    assert done() == {}
    lesson = read(own)
    progress.mark(lesson)
    assert list(done()) == [lesson.slug]


def test_a_lesson_names_its_prerequisites_until_they_are_done() -> None:
    message = "This lesson comes after descend and bowl, not done yet."
    chain = lesson("chain", after=("descend", "bowl"))
    assert unready(chain) == message
    mark("descend")
    assert unready(chain) == "This lesson comes after bowl, not done yet."
    mark("bowl")
    assert unready(chain) == ""
    assert unready(lesson("descend")) == ""


def test_a_lesson_that_is_done_names_no_prerequisites() -> None:
    mark("chain")
    assert unready(lesson("chain", after=("descend",))) == ""
