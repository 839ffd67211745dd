"""The catalog lists the lessons in reading order, broken ones too, and resolves targets."""

import os
from pathlib import Path

import pytest

from tutor.course import catalog
from tutor.course.catalog import find, lessons_folder, resolve


@pytest.fixture
def course(tmp_path: Path) -> Path:
    def write(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    write("2_slopes/10_descend.py", "# %% [markdown]\n# # Downhill\n# Slopes lead down. More.\n")
    write("2_slopes/9_first.py", "x = 1\n")
    write("10_last_things/10_end.py", "x = 1\n")
    write("3_autograd/20_broken.py", "x = 1\nx = (\n")
    write("3_autograd/30_whole.py", "x = 1\n")
    write("3_autograd/notes.py", "x = 1\n")
    write("3_autograd/40_draft.txt", "x = 1\n")
    write("README.md", "words")
    return tmp_path


def test_lessons_come_in_reading_order(course):
    assert [entry.id for entry in find(course)] == ["first", "descend", "broken", "whole", "end"]


def test_chapters_are_named_by_their_folders(course):
    assert [entry.chapter for entry in find(course)][1:] == [
        "Slopes", "Autograd", "Autograd", "Last things",
    ]  # fmt: skip


def test_a_chapters_title_and_promise_come_from_its_readme(course):
    readme = course / "2_slopes" / "README.md"
    readme.write_text("# Down **every** slope\n\nYou will walk downhill. And more.\n")
    found = {entry.id: (entry.chapter, entry.promise) for entry in find(course)}
    assert found["first"] == found["descend"] == ("Down every slope", "You will walk downhill.")
    assert found["whole"] == ("Autograd", "")


@pytest.mark.parametrize("text", ["", "\n\n", "no heading, no", "# Only a title\n"])
def test_a_chapter_without_a_readme_is_named_by_its_folder(course, text):
    (course / "3_autograd" / "README.md").write_text(text)
    entry = next(entry for entry in find(course) if entry.id == "whole")
    assert entry.chapter == ("Only a title" if text.startswith("#") else "Autograd")


def test_an_undecodable_readme_does_not_hide_its_lessons(course):
    (course / "3_autograd" / "README.md").write_bytes(b"# Gr\xf6\xdfe\n")
    found = {entry.id: entry for entry in find(course)}
    assert found["whole"].chapter == "Autograd"
    assert found["broken"].error is not None


def test_a_broken_lesson_is_listed_in_its_chapter(course):
    (course / "3_autograd" / "README.md").write_text("# The chain\n\nBackwards.\n")
    broken = find(course)[2]
    assert (broken.chapter, broken.promise, broken.after) == ("The chain", "Backwards.", ())


def test_an_entry_names_the_lessons_to_do_first(course):
    block = '# /// script\n# [tool.tutor]\n# after = ["first", "descend"]\n# ///\n'
    (course / "10_last_things" / "10_end.py").write_text(f"x = 1\n{block}")
    assert [entry.after for entry in find(course)][1:] == [(), (), (), ("first", "descend")]


def test_a_lesson_can_name_those_of_its_own_course(course, tmp_path_factory):
    path = course / "2_slopes" / "10_descend.py"
    assert [*catalog.neighbours(path)] == ["first", "descend", "broken", "whole", "end"]
    assert catalog.neighbours(path)["end"] == course / "10_last_things" / "10_end.py"
    # A script outside any course can name the lessons of the program's course.
    alone = tmp_path_factory.mktemp("work") / "train.py"
    alone.write_text("x = 1\n")
    assert catalog.neighbours(alone) == {entry.id: entry.path for entry in find()}


def test_an_entry_says_what_the_lesson_teaches(course):
    entry = find(course)[1]
    assert (entry.title, entry.summary, entry.error) == ("Downhill", "Slopes lead down.", None)


def test_a_broken_file_is_an_entry_with_its_error_and_the_others_still_work(course):
    broken, whole = find(course)[2:4]
    path = course / "3_autograd" / "20_broken.py"
    assert (broken.title, broken.path) == ("broken", path)
    assert broken.error is not None and broken.error.startswith(f"{path}:2: syntax error: ")
    assert whole.error is None


def test_the_second_lesson_of_a_name_is_an_error_that_names_the_first(course):
    (course / "3_autograd" / "50_descend.py").write_text("x = 1\n")
    first, second = (entry for entry in find(course) if entry.id == "descend")
    assert first.error is None
    assert second.error is not None
    assert f"the name `descend` is taken by {first.path}; rename" in second.error


def test_a_missing_folder_has_no_lessons(tmp_path):
    assert find(tmp_path / "none") == []


def test_the_lessons_of_this_checkout_are_found():
    assert lessons_folder().is_dir()
    assert {"descend", "three_points"} <= {entry.id for entry in find()}


def test_installed_lessons_are_preferred_to_those_of_a_checkout(tmp_path, monkeypatch):
    (tmp_path / "tutor").mkdir()
    monkeypatch.setattr(catalog, "__file__", str(tmp_path / "tutor" / "course" / "catalog.py"))
    assert lessons_folder() == tmp_path / "lessons"
    (tmp_path / "tutor" / "lessons").mkdir()
    assert lessons_folder() == tmp_path / "tutor" / "lessons"


# Targets


@pytest.fixture
def here(course, tmp_path_factory, monkeypatch) -> Path:
    """An empty working folder outside the course."""
    monkeypatch.setattr(catalog, "lessons_folder", lambda: course)
    folder = tmp_path_factory.mktemp("work")
    monkeypatch.chdir(folder)
    return folder


def test_a_name_resolves_to_a_lesson(here, course):
    (here / "descend").mkdir()
    assert resolve("descend") == course / "2_slopes" / "10_descend.py"


def test_a_path_resolves_to_a_script(here):
    (here / "descend.py").write_text("x = 1\n")
    assert resolve("descend.py") == Path("descend.py")
    assert resolve(f".{os.sep}descend.py") == Path("descend.py")
    assert resolve(str(here / "descend.py")) == here / "descend.py"


def test_a_tilde_is_expanded(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.setenv("USERPROFILE", str(here))
    (here / "train.py").write_text("x = 1\n")
    assert resolve("~/train.py") == here / "train.py"


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("desend", "no lesson is called 'desend'; did you mean descend?"),
        ("Descend", "no lesson is called 'Descend'; did you mean descend?"),
        ("quaternions", "no lesson is called 'quaternions'; `tutor list` shows them all"),
        ("", "no lesson is called ''; `tutor list` shows them all"),
        ("train.py", "no such file: train.py"),
        ("gone/train.py", f"no such file: {Path('gone/train.py')}"),
        (".", ". is a folder; name a .py file in it"),
        ("folder", "folder is a folder; name a .py file in it"),
        ("folder/", "folder is a folder; name a .py file in it"),
        ("book.ipynb", "book.ipynb: only .py files open for now"),
        ("Makefile", "Makefile: only .py files open for now"),
    ],
)
def test_an_unknown_target_is_refused_in_one_line(here, target, complaint):
    (here / "folder").mkdir()
    (here / "book.ipynb").write_text("{}")
    (here / "Makefile").write_text("")
    with pytest.raises(LookupError) as caught:
        resolve(target)
    assert str(caught.value) == complaint
