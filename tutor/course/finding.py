"""The result of a check: a claim or a rule of form that does not hold."""

from dataclasses import dataclass
from pathlib import Path

from tutor.script.lesson import LessonError


@dataclass(frozen=True)
class Finding:
    """What is wrong on a line of a file, and what to do about it."""

    path: Path
    line: int
    problem: str
    cure: str

    @classmethod
    def of(cls, error: LessonError) -> "Finding":
        """Return the finding that a file cannot be read as a lesson."""
        return cls(error.path, error.line, error.problem, error.cure)

    def __str__(self) -> str:
        return " ".join(f"{self.path}:{self.line}: {self.problem}; {self.cure}".split())


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as "1 iteration" or "2 iterations"."""
    return f"{number} {noun}{'s' * (number != 1)}"
