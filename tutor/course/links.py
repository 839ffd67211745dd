"""Check the references of a lesson: that lessons and files exist, and prerequisites come before."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tutor.course.finding import Finding
from tutor.script.lesson import Lesson

_MENTION = re.compile(r"\blessons?[\s#]+((?:`\w+`(?:[\s#]*(?:,|and|or)[\s#]*)*)+)")
"""Matches "lesson `descend`" and "lessons `graph` and `chain`", on one line or several."""

_LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")


def review_links(lesson: Lesson, course: Mapping[str, Path]) -> list[Finding]:
    """Return a finding for each reference to a missing lesson or file, or to a later lesson.

    Args:
        course: All lessons by their names, in reading order.
    """
    return [
        *_order_findings(lesson, [*course], course.get(lesson.slug) == lesson.path.absolute()),
        *_twin_findings(lesson, course),
        *_mention_findings(lesson, course),
        *_file_findings(lesson),
    ]


def _order_findings(lesson: Lesson, names: list[str], is_in_course: bool) -> Iterator[Finding]:
    metadata = lesson.metadata
    own = names.index(lesson.slug) if is_in_course else len(names)
    if is_in_course and own and not metadata.after:
        problem = "it names no lesson to have done before"
        cure = f'write after = ["{names[own - 1]}"]'
        yield Finding(lesson.path, metadata.first, problem, cure)
    for name in metadata.after:
        line = metadata.lines["after"]
        if name not in names:
            problem = f"`after` names {name}, which is no lesson"
            yield Finding(lesson.path, line, problem, "`tutor list` shows their names")
        elif names.index(name) >= own:
            problem = f"`after` names {name}, which comes later"
            yield Finding(lesson.path, line, problem, "give this one a higher number")


def _twin_findings(lesson: Lesson, course: Mapping[str, Path]) -> Iterator[Finding]:
    twin = lesson.metadata.twin
    if twin and twin not in course:
        problem, cure = f"the twin {twin} is no lesson", "`tutor list` shows their names"
        yield Finding(lesson.path, lesson.metadata.lines["twin"], problem, cure)


def _mention_findings(lesson: Lesson, course: Mapping[str, Path]) -> Iterator[Finding]:
    for mention in _MENTION.finditer(lesson.source):
        line = lesson.source.count("\n", 0, mention.start(1)) + 1
        for name in re.findall(r"`(\w+)`", mention[1]):
            if name not in course:
                problem = f"it names the lesson {name}, which does not exist"
                yield Finding(lesson.path, line, problem, "correct it")


def _file_findings(lesson: Lesson) -> Iterator[Finding]:
    for cell in lesson.cells:
        for link in _LINK.finditer(cell.text):
            target = link[1].partition("#")[0]
            is_file = target and not re.match(r"[a-z]+:", target)
            if is_file and not (lesson.path.parent / target).exists():
                problem = f"the link to {target} leads to no file"
                yield Finding(lesson.path, cell.first, problem, "correct its path")
