"""`lessons/README.md`: the lesson that it shows is sound, and it explains all of the format."""

import re
import shutil
from pathlib import Path

import msgspec
import pytest

from tutor.commands.check import check_file
from tutor.commands.headless import HeadlessEngine
from tutor.course.catalog import lessons_folder
from tutor.script.declarations import Expect, Plot, Raises

GUIDE = (lessons_folder() / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The lesson that a contributor copies, where the guide puts it in the course."""
    shutil.copytree(lessons_folder(), tmp_path / "lessons")
    path = re.search(r"Save it as `(lessons/.*\.py)`", GUIDE)
    source = re.search(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert path and source
    (tmp_path / path[1]).write_text(source[1], encoding="utf-8")
    return tmp_path / path[1]


def test_the_lesson_to_copy_passes_check_and_shows_the_finding_that_is_quoted(example: Path):
    quoted = re.search(r"(?m)^    lessons/\S+:(\d+: .*)$", GUIDE)
    assert quoted
    with HeadlessEngine() as headless:
        assert check_file(headless, example).findings == []
        source = example.read_text(encoding="utf-8")
        example.write_text(source.replace(":g}", "", 1), encoding="utf-8")
        [finding] = check_file(headless, example).findings
    assert str(finding) == f"{example}:{quoted[1]}"


@pytest.mark.parametrize("table", [Expect, Raises, Plot])
def test_every_key_of_a_declaration_is_explained(table: type[msgspec.Struct]):
    keys = {field.encode_name for field in msgspec.structs.fields(table)} - {""}
    assert [key for key in keys if f"`{key}`" not in GUIDE] == []
