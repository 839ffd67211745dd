"""Read a script into a `Lesson`: cells, notes, knobs, questions and metadata. Nothing is run.

Any Python script can be read. A lesson adds conventions that editors and notebooks already know:
percent cells, comments above statements, Colab's `# @param`, and a PEP 723 block.
"""

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tutor.script.cells import Cell, first_sentence, heading, split_cells
from tutor.script.comments import CODING, Block, Comments, blocks, prose_of, questions_of
from tutor.script.content import content
from tutor.script.declarations import Expect
from tutor.script.knobs import PARAM, Knob, parse_knob
from tutor.script.markup import ASK, Ask, Mistake, Note, Slot, parse_ask, parse_note
from tutor.script.metadata import Metadata, read_metadata

__all__ = [
    "Ask",
    "Cell",
    "Expect",
    "Knob",
    "Lesson",
    "LessonError",
    "Note",
    "Slot",
    "parse",
    "read",
]


class LessonError(Exception):
    """A file that cannot be read, in one line: where, what is wrong, and what to do about it."""

    def __init__(self, path: Path, line: int, problem: str, cure: str) -> None:
        super().__init__(path, line, problem, cure)
        self.path = path
        self.line = line
        self.problem = problem
        self.cure = cure

    @property
    def is_syntax(self) -> bool:
        """Whether the file is no valid Python."""
        return self.problem.startswith("syntax error")

    def __str__(self) -> str:
        return " ".join(f"{self.path}:{self.line}: {self.problem}; {self.cure}".split())


@dataclass(frozen=True)
class Lesson:
    """A script with its notes, knobs, questions and metadata."""

    path: Path
    source: str
    """The text of the file with `\\n` as line ends. All line numbers refer to this text."""
    cells: tuple[Cell, ...]
    notes: dict[int, Note]
    """First line of a statement -> the note above it."""
    knobs: tuple[Knob, ...]
    asks: tuple[Ask, ...]
    metadata: Metadata

    @property
    def slug(self) -> str:
        """The lesson's id: the name of the file without the number in front."""
        return re.sub(r"^\d+_(?=.)", "", self.path.stem)

    @property
    def title(self) -> str:
        return heading(self.cells) or self.path.stem

    @property
    def summary(self) -> str:
        """The first sentence of its prose; "" if it has no prose."""
        return first_sentence(self.cells)

    def cell_at(self, line: int) -> Cell | None:
        """Return the code cell that contains this line."""
        for cell in self.cells:
            if cell.kind == "code" and cell.first <= line <= cell.last:
                return cell
        return None

    @property
    def first_line(self) -> int:
        """The line where the first code begins; 0 if there is none."""
        return next((cell.first for cell in self.cells if cell.kind == "code"), 0)

    def note_at(self, line: int) -> Note | None:
        """Return the note of the statement that begins on this line."""
        return self.notes.get(line)

    def evaluated(self) -> dict[int, tuple[tuple[str, str], ...]]:
        """Return what the run evaluates after each statement, by the statement's first line.

        The (expression, format) pairs are the slots of its note, then the answers to its questions.
        """
        found = {
            line: tuple((slot.expression, slot.format) for slot in slots)
            for line, slots in self.slots().items()
        }
        for one in self.asks:
            found[one.line] = (*found.get(one.line, ()), (one.expression, ""))
        return found

    def slots(self) -> dict[int, tuple[Slot, ...]]:
        """Return the slots of each note, by the first line of its statement."""
        return {line: note.slots for line, note in self.notes.items() if note.slots}


def read(path: Path) -> Lesson:
    """Read a file, decoded as Python does it.

    Raises:
        LessonError: the file cannot be read or breaks a rule.
    """
    try:
        data = content(path)
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
        raise LessonError(path, 1, f"cannot be read: {problem}", "check the path") from None
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        source = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError) as error:
        problem = "names an unknown encoding" if "unknown" in str(error) else "is not UTF-8 text"
        cure = "save it as UTF-8 or name its encoding in line 1 (# coding: latin-1)"
        raise LessonError(path, _undecodable_line(data, error), problem, cure) from None
    return parse(source, path)


def _undecodable_line(data: bytes, error: SyntaxError | UnicodeDecodeError) -> int:
    if isinstance(error, SyntaxError):
        # The declaration is wrong, or one of the first two lines is no UTF-8.
        try:
            data.decode()
        except UnicodeDecodeError as undecodable:
            return _undecodable_line(data, undecodable)
        return 1 if CODING.match(data.decode()) else 2
    return data.count(b"\n", 0, error.start) + 1


def parse(source: str, path: Path) -> Lesson:
    """Read the text of a script.

    Args:
        path: Names the lesson, also in errors.

    Raises:
        LessonError: the text is no valid Python or breaks a rule.
    """
    source = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    statements = _statements(source, path)
    try:
        return _lesson(source, path, statements, Comments(source))
    except Mistake as mistake:
        raise LessonError(path, mistake.line, mistake.problem, mistake.cure) from None


def _statements(source: str, path: Path) -> list[ast.stmt]:
    """Return all statements of the script, also those inside functions and loops."""
    cure = "correct it, for Python cannot run the file as it stands"
    try:
        with warnings.catch_warnings():
            # Python shows its warnings when the script runs.
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            # Compiling finds more errors than parsing, such as a `return` outside a function.
            compile(tree, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise LessonError(path, error.lineno or 1, f"syntax error: {error.msg}", cure) from None
    except (ValueError, RecursionError, MemoryError) as error:
        problem = f"no Python: {error or 'nested too deeply'}"
        raise LessonError(path, 1, problem, cure) from None
    return list(_within(tree))


def _within(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements in a node, each before those inside it; skip all expressions."""
    for field in ("body", "handlers", "orelse", "finalbody", "cases"):
        for part in getattr(node, field, ()):
            if isinstance(part, ast.stmt):
                yield part
            yield from _within(part)


def _lesson(source: str, path: Path, statements: list[ast.stmt], comments: Comments) -> Lesson:
    metadata = read_metadata(comments.margin)
    strict = metadata.is_lesson
    starts = {node.lineno for node in statements}
    reserved = set(range(metadata.first, metadata.last + 1))
    cells = tuple(split_cells(comments.lines, comments.margin, starts, reserved))
    for cell in cells:
        if cell.kind == "markdown":
            reserved.update(range(cell.first, cell.last + 1))
    above = blocks(statements, comments, reserved)
    notes = (parse_note(line, prose_of(block), strict) for line, block in above.items())
    return Lesson(
        path=path,
        source=source,
        cells=cells,
        notes={note.line: note for note in notes if note},
        knobs=tuple(_knobs(statements, comments, strict)),
        asks=tuple(_asks(above, comments)),
        metadata=metadata,
    )


def _asks(above: dict[int, Block], comments: Comments) -> Iterator[Ask]:
    everywhere = comments.alone | comments.trailing
    stray = {line for line, comment in everywhere.items() if ASK.match(comment)}
    for statement, block in above.items():
        for place, question in questions_of(block):
            stray.discard(place[0])
            yield parse_ask(statement, question, place)
    for line in sorted(stray):
        cure = "put it on a line of its own, directly above the statement that it asks about"
        raise Mistake(line, "@ask stands above no statement", cure)


def _knobs(statements: list[ast.stmt], comments: Comments, strict: bool) -> Iterator[Knob]:
    assignments = {
        line: node
        for node in statements
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for line in (node.lineno, node.end_lineno)
    }
    for line, comment in sorted((comments.trailing | comments.alone).items()):
        if not (match := PARAM.match(comment)):
            continue
        node = assignments.get(line) if line in comments.trailing else None
        target = node and (node.target if isinstance(node, ast.AnnAssign) else node.targets[0])
        if node and node.value and isinstance(target, ast.Name):
            found = parse_knob(line, target.id, _literal(node.value, line), match[1])
            yield replace(found, line=node.lineno)
        elif strict:
            # In other scripts it may document a function.
            cure = "put it after an assignment, as in lr = 0.1  # @param"
            raise Mistake(line, "@param follows no assignment", cure)


def _literal(value: ast.expr, line: int) -> object:
    try:
        return ast.literal_eval(value)
    except ValueError:
        problem = f"@param: `{ast.unparse(value)}` is no literal"
        raise Mistake(line, problem, "assign a number, a text, True or False") from None
