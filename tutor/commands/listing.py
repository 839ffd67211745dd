"""`tutor list`: list the lessons by chapter, or as JSON."""

import json
from collections.abc import Iterator

from tutor.course.catalog import find


def lines() -> Iterator[str]:
    """Yield a heading for each chapter, and a line for each lesson."""
    chapter, entries = None, find()
    width = max((len(entry.id) for entry in entries), default=0) + 2
    for entry in entries:
        if entry.chapter != chapter:
            promise = f": {entry.promise}" if entry.promise else ""
            yield f"{'' if chapter is None else chr(10)}{entry.chapter}{promise}"
            chapter = entry.chapter
        yield f"  {entry.id:<{width}}{entry.error or f'{entry.title}: {entry.summary}'}"


def json_lines() -> Iterator[str]:
    """Yield a JSON object for each lesson."""
    for entry in find():
        fields = {
            "id": entry.id,
            "title": entry.title,
            "chapter": entry.chapter,
            "path": str(entry.path),
            "error": entry.error,
        }
        yield json.dumps(fields, ensure_ascii=False)
