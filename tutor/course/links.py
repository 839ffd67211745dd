"""What a lesson says of others: that they exist, and come before it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tutor.script.lesson import Lesson

_MENTION = re.compile(r"\blessons?[\s#]+((?:`\w+`(?:[\s#]*(?:,|and|or)[\s#]*)*)+)")
"""Such as: the lesson `descend`, the lessons `graph` and `chain`; broken into lines or not."""

_LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")


def dead_links(lesson: Lesson, course: Mapping[str, Path]) -> Iterator[tuple[int, str]]:
    """Line and problem of each name that leads nowhere.

    Args:
        course: All lessons by their names, in reading order.
    """
    metadata, names = lesson.metadata, [*course]
    is_part = course.get(lesson.slug) == lesson.path.absolute()
    own = names.index(lesson.slug) if is_part else len(names)
    for name in metadata.after:
        line = metadata.lines["after"]
        if name not in course:
            yield line, f"`after` names {name}, which is no lesson; `tutor list` shows their names"
        elif names.index(name) >= own:
            yield line, f"`after` names {name}, which comes later; give this one a higher number"
    if metadata.twin and metadata.twin not in course:
        told = f"the twin {metadata.twin} is no lesson; `tutor list` shows their names"
        yield metadata.lines["twin"], told
    for mention in _MENTION.finditer(lesson.source):
        line = lesson.source.count("\n", 0, mention.start(1)) + 1
        for name in re.findall(r"`(\w+)`", mention[1]):
            if name not in course:
                yield line, f"it speaks of the lesson {name}, which there is none of; correct it"
    for cell in lesson.cells:
        if cell.kind != "markdown":
            continue
        for link in _LINK.finditer(cell.text):
            target = link[1].partition("#")[0]
            is_file = target and not re.match(r"[a-z]+:", target)
            if is_file and not (lesson.path.parent / target).exists():
                yield cell.first, f"the link to {target} leads nowhere; correct its path"


def untitled(lesson: Lesson) -> Iterator[tuple[int, str]]:
    """Line and problem where the menu would have nothing to say of a lesson."""
    first = next((cell for cell in lesson.cells if cell.kind == "markdown"), None)
    if first is None or lesson.title == lesson.path.stem:
        yield 1, "the lesson has no title; begin with a `# %% [markdown]` cell and `# # A title`"
    elif not lesson.summary:
        told = "nothing says what the lesson teaches; write a sentence below its title"
        yield first.first, told
