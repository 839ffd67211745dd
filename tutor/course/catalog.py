"""Find the lessons, their chapters and their order, without running one."""

import difflib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tutor.script.cells import Cell, first_sentence, heading
from tutor.script.lesson import LessonError, read

CHAPTER = re.compile(r"(\d+)_(\w+)")
LESSON = re.compile(r"(\d+)_([^\W\d]\w*)\.py")


@dataclass(frozen=True)
class CatalogEntry:
    """One lesson in the course menu."""

    id: str
    """The file's name without its number, which the learner types."""
    title: str
    chapter: str
    """The chapter's name."""
    path: Path
    summary: str
    """What the lesson teaches, in one line; "" if it does not say."""
    promise: str
    """What the chapter promises, in one line; "" if it does not say."""
    after: tuple[str, ...]
    """The names of the lessons to do first."""
    error: str | None
    """Why the lesson cannot be opened, in one line; None if it can."""


@dataclass(frozen=True)
class Chapter:
    """What a folder of lessons says about itself."""

    title: str
    promise: str


def lessons_folder() -> Path:
    """Return the folder of the course: in the package if installed, next to it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "lessons"
    return installed if installed.is_dir() else package.parent / "lessons"


def find(folder: Path | None = None) -> list[CatalogEntry]:
    """Return the lessons in reading order; the entry of a broken lesson holds its error."""
    first: dict[str, Path] = {}
    chapters: dict[Path, Chapter] = {}
    entries = []
    for slug, path in _files(folder or lessons_folder()):
        if path.parent not in chapters:
            chapters[path.parent] = _chapter(path.parent)
        chapter = chapters[path.parent]
        entries.append(_entry(slug, chapter, path, first.setdefault(slug, path)))
    return entries


def neighbours(path: Path) -> dict[str, Path]:
    """Return the lessons that a script can refer to, by name, in reading order.

    These are the lessons of the course that it is part of, else of the program's own course.
    """
    folder = path.absolute().parent.parent
    is_part = any(path.absolute() == one for _, one in _files(folder))
    return _named(folder if is_part else lessons_folder())


def name_taken(path: Path) -> LessonError | None:
    """Return the error of a lesson whose name an earlier lesson of its course has; else None."""
    files = list(_files(path.absolute().parent.parent))
    slug = next((slug for slug, one in files if one == path.absolute()), None)
    first = next((one for name, one in files if name == slug), path.absolute())
    return _name_taken(path, slug or "", first) if first != path.absolute() else None


def _named(folder: Path) -> dict[str, Path]:
    """Return the lessons in a folder by name; the first of several with the same name."""
    found: dict[str, Path] = {}
    for slug, path in _files(folder):
        found.setdefault(slug, path)
    return found


def resolve(target: str) -> Path:
    """Return the path of the script that a lesson's name or a path refers to.

    Raises:
        LookupError: there is none, with the reason.
    """
    if "." in target or "/" in target or os.sep in target:
        return _script(Path(os.path.expanduser(target)))
    paths = _named(lessons_folder())
    if target in paths:
        return paths[target]
    if target and os.path.exists(target):
        return _script(Path(target))
    near = difflib.get_close_matches(target.lower(), paths, n=3, cutoff=0.7)
    hint = f"did you mean {' or '.join(near)}?" if near else "`tutor list` shows them all"
    raise LookupError(f"no lesson is called {target!r}; {hint}")


def _script(path: Path) -> Path:
    # The functions of os.path also take a name that is too long for a file.
    if os.path.isdir(path):
        raise LookupError(f"{path} is a folder; name a .py file in it")
    if not os.path.exists(path):
        raise LookupError(f"no such file: {path}")
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        raise LookupError(f"{path}: its name or folder is no UTF-8 text; rename it") from None
    if path.suffix != ".py":
        raise LookupError(f"{path}: only .py files open for now")
    return path


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name and the path of each lesson, in reading order."""
    for chapter in _numbered(folder, CHAPTER):
        for path in _numbered(chapter, LESSON):
            yield path.stem.partition("_")[2], path


def _chapter(folder: Path) -> Chapter:
    """Return title and promise from the README of a chapter; by default its folder's name."""
    try:
        text = (folder / "README.md").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    prose = [Cell("markdown", "", 1, 1, text)]
    title = heading(prose) or folder.name.partition("_")[2].replace("_", " ").capitalize()
    return Chapter(title, first_sentence(prose))


def _numbered(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    """Return the paths in a folder whose names match, in the order of the pattern's number."""
    found = [
        (int(match[1]), path.name, path)
        for path in (folder.iterdir() if folder.is_dir() else ())
        if (match := pattern.fullmatch(path.name))
    ]
    return [path for _, _, path in sorted(found)]


def _entry(slug: str, chapter: Chapter, path: Path, first: Path) -> CatalogEntry:
    title, promise = chapter.title, chapter.promise
    try:
        lesson = read(path)
        if first != path:
            raise _name_taken(path, slug, first)
    except LessonError as error:
        return CatalogEntry(slug, slug, title, path, "", promise, (), str(error))
    after = lesson.metadata.after
    return CatalogEntry(slug, lesson.title, title, path, lesson.summary, promise, after, None)


def _name_taken(path: Path, slug: str, first: Path) -> LessonError:
    return LessonError(path, 1, f"the name `{slug}` is taken by {first}", "rename one of the two")
