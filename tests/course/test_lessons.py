"""The course as a whole: what it covers, and what its chapters promise."""

from tutor.course.catalog import find
from tutor.script.lesson import read

COURSE = find()

SYSTEMS = {
    *(f"A{n}" for n in range(1, 6)),
    *(f"B{n}" for n in range(1, 6)),
    *(f"C{n}" for n in range(1, 21)),
    *(f"D{n}" for n in range(1, 8)),
    *(f"E{n}" for n in range(1, 6)),
}
"""All that the five notes compute, as the table of the course calls it."""

CLINICS = {f"P{n}" for n in range(1, 19)}
"""The mistakes of the clinic."""


def test_the_lessons_cover_all_systems_of_the_notes_and_all_mistakes():
    covered = {system for entry in COURSE for system in read(entry.path).metadata.covers}
    assert covered == SYSTEMS | CLINICS


def test_every_chapter_has_a_name_of_its_own_and_a_promise():
    chapters = {(entry.chapter, entry.promise) for entry in COURSE}
    assert len(chapters) == len({entry.path.parent for entry in COURSE})
    assert all(promise for _, promise in chapters)
