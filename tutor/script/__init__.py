"""Read a script without running it: cells, notes, knobs, questions and metadata.

Imports `schema` only. Begin with `lesson.parse`, which returns a `Lesson`.
"""
