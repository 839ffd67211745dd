"""The command line: parse options, and call the command.

Each command imports its own module when it runs, so that the menu does not wait for the others.
"""

import json
import sys
from pathlib import Path
from typing import NoReturn

import click
from click.core import ParameterSource

from tutor.commands.errors import Commands, errors_as_one_line, refuse
from tutor.wire.messages import DEFAULT_SEED, FOREVER

_device = click.option("--device", metavar="D", help="Run on this device: cpu, cuda, mps, …")
_seed = click.option(
    "--seed", type=click.IntRange(0, 2**64 - 1), default=DEFAULT_SEED, show_default=True
)

_set = click.option(
    "--set", "sets", metavar="NAME=VALUE", multiple=True, help="Set a knob to a value."
)
_edit = click.option(
    "--edit", "edits", metavar="STEP:NAME=VALUE", multiple=True, help="Change a value after a step."
)
_memory = click.option(
    "--memory",
    default="256M",
    show_default=True,
    metavar="SIZE",
    help="Memory for recorded values.",
)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="autograd-tutor")
@_memory
@click.pass_context
def main(context: click.Context, memory: str) -> None:
    """Step through real PyTorch scripts, forwards and backwards.

    Without a command: open the course.
    """
    if context.invoked_subcommand is None:
        _screen(None, None, DEFAULT_SEED, memory)
    context.default_map = {"open": {"memory": memory}}


@main.command("open")
@click.argument("target", required=False)
@click.option("--last", is_flag=True, help="Go on with the runs that the screen ended in.")
@_device
@_seed
@_memory
def open_(target: str | None, last: bool, device: str | None, seed: int, memory: str) -> None:
    """Open a lesson, a script or a recording.

    TARGET is a lesson's name, a script's path, or a recording: FILE or FILE@BRANCH. When the screen
    ended because a connection dropped, --last opens the runs of then.
    """
    if (target is None) != last:
        refuse("open: say what, a TARGET or --last")
    if last:
        from tutor.session.unfinished import latest

        _refuse_options("--last", "device", "seed")
        if (kept := latest()) is None:
            refuse("open --last: no screen ended unfinished; say what to open")
        _screen(str(kept), device, seed, memory, is_unfinished=True)
    _screen(target, device, seed, memory)


@main.command("run")
@click.argument("target")
@_device
@_seed
@_set
@_edit
@click.option("--show", metavar="EXPR", multiple=True, help="Show this expression at each step.")
@click.option(
    "--stop", type=click.IntRange(1), default=FOREVER, metavar="STEP", help="Stop after this step."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each step.")
@click.option("--operations", is_flag=True, help="With --json: the operations inside each step.")
@click.option("--save", metavar="FILE", help="Save the recording, such as run.tutor.")
def run_(
    target: str,
    device: str | None,
    seed: int,
    sets: tuple[str, ...],
    edits: tuple[str, ...],
    show: tuple[str, ...],
    stop: int,
    as_json: bool,
    operations: bool,
    save: str | None,
) -> None:
    """Run a script without a screen.

    TARGET is a lesson's name, a script, or a recording to print: FILE or FILE@BRANCH.
    """
    from tutor.commands import run
    from tutor.history.recording.reader import locate
    from tutor.script.lesson import LessonError, read
    from tutor.session.launch import edit, expression, settings
    from tutor.session.request import Request

    stdout = sys.stdout.buffer
    if locate(target) is not None:
        _refuse_options(target, "device", "seed", "sets", "edits", "operations", "save")
        with errors_as_one_line(f"{target}: interrupted"):
            sys.exit(run.replay(target, show, stop, as_json, stdout))
    if operations and not as_json:
        refuse("--operations: want --json too; the table has no room for operations")
    if operations and save:
        refuse("--operations: a recording does not keep them; leave --save out, or these")
    path = _resolve(target)
    with errors_as_one_line(f"{path}: interrupted before it began"):
        request = Request(
            device, seed, settings(sets), tuple(map(edit, edits)), tuple(map(expression, show))
        )
        try:
            lesson = read(path)
        except LessonError as error:
            if as_json:
                run.print_unreadable(error, stdout)
            raise
        sys.exit(run.run(lesson, str(path), request, stop, as_json, operations, stdout, save))


@main.command("audit")
@click.argument("target")
@_device
@_seed
@_set
@_edit
@click.option(
    "--at", type=click.IntRange(1), metavar="STEP", help="Audit the last backward pass up to here."
)
@click.option("--of", metavar="NAME", help="Audit one parameter only.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each parameter.")
def audit_(
    target: str,
    device: str | None,
    seed: int,
    sets: tuple[str, ...],
    edits: tuple[str, ...],
    at: int | None,
    of: str | None,
    as_json: bool,
) -> None:
    """Compare gradients with finite differences.

    Audits the gradients of the first backward pass, or of the one that --at names.
    """
    from tutor.commands import audit
    from tutor.script.lesson import read
    from tutor.session.launch import edit, settings
    from tutor.session.request import Request

    path = _resolve(target)
    with errors_as_one_line(f"{path}: interrupted"):
        request = Request(device, seed, settings(sets), tuple(map(edit, edits)))
        lesson, stdout = read(path), sys.stdout.buffer
        sys.exit(audit.run(lesson, str(path), request, at, of, as_json, stdout))


@main.command("diff")
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option(
    "--rtol", type=click.FloatRange(0), default=0.0, help="Elements may differ by rtol·|B| + atol."
)
@click.option("--atol", type=click.FloatRange(0), default=0.0)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def diff_(one: str, other: str, rtol: float, atol: float, as_json: bool) -> None:
    """Find where two recordings differ.

    A and B are FILE or FILE@BRANCH. Prints the first step that differs, and its values.
    """
    from tutor.commands import diff

    with errors_as_one_line("interrupted"):
        found = diff.compare(one, other, rtol, atol)
        click.echo(json.dumps(found.fields(), ensure_ascii=False) if as_json else found.text())
        sys.exit(0 if found.is_same else 1)


@main.command("export")
@click.argument("target", metavar="FILE")
@click.option("--csv", "as_csv", is_flag=True, help="The numbers, one row for each step.")
@click.option("--svg", "step", type=click.IntRange(1), metavar="STEP", help="The screen at a step.")
@click.option("--cast", "as_cast", is_flag=True, help="The whole run, for asciinema.")
@click.option(
    "--size", default="120x40", show_default=True, help="Size of the screen, for --svg and --cast."
)
@click.option("-o", "--output", metavar="OUT", help="Write to this file instead of the terminal.")
def export_(
    target: str, as_csv: bool, step: int | None, as_cast: bool, size: str, output: str | None
) -> None:
    """Convert a recording to CSV, SVG or an asciicast.

    FILE may also be FILE@BRANCH.
    """
    if as_csv + (step is not None) + as_cast != 1:
        refuse("export: say into what, one of --csv, --svg STEP, --cast")
    with errors_as_one_line("interrupted"):
        if as_csv:
            from tutor.commands import export

            export.csv_file(target, output)
        else:
            from tutor.ui.export import export_screen

            export_screen(target, output, step, _cells(size))


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each lesson.")
def list_(as_json: bool) -> None:
    """List the lessons."""
    from tutor.commands import listing

    for line in listing.json_lines() if as_json else listing.lines():
        click.echo(line)


@main.command("check")
@click.argument("targets", nargs=-1, metavar="[TARGET]…")
@_device
def check_(targets: tuple[str, ...], device: str | None) -> None:
    """Run lessons and report what does not hold.

    Checks every figure, slot, question and assert, and the rules of form. Without a TARGET: the
    whole course.
    """
    from tutor.commands import check

    count = 0
    with errors_as_one_line("interrupted"):
        for finding in check.check([_resolve(target) for target in targets], device):
            click.echo(finding)
            count += 1
    click.echo("every claim holds" if not count else f"{count} to mend", err=bool(count))
    sys.exit(1 if count else 0)


@main.command()
def doctor() -> None:
    """Show what is found on this machine.

    The device, torch, the terminal and the paths, as this program sees them.
    """
    from tutor.commands.doctor import report

    for line in report():
        click.echo(line)


def _screen(
    target: str | None, device: str | None, seed: int, memory: str, is_unfinished: bool = False
) -> NoReturn:
    from tutor.engine.client import Engine
    from tutor.session.request import Request, memory_size
    from tutor.ui.start import show

    path = None if target is None else _openable(target)
    with errors_as_one_line("interrupted"):
        request = Request(device, seed, memory=memory_size(memory))
    sys.exit(show(Engine(eager=True), path, request, is_unfinished))


def _cells(size: str) -> tuple[int, int]:
    """Parse a size such as `120x40` as columns and rows."""
    width, cross, height = size.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        refuse(f"--size {size}: want COLUMNSxROWS, such as 120x40")
    found = int(width), int(height)
    if not (40 <= found[0] <= 500 and 12 <= found[1] <= 200):
        refuse(f"--size {size}: want 40x12 to 500x200")
    return found


def _openable(target: str) -> str:
    """Return a recording, FILE or FILE@BRANCH, as it is, and the path of any other target."""
    from tutor.history.recording.reader import locate

    return target if locate(target) else str(_resolve(target))


def _resolve(target: str) -> Path:
    """Return the path of a script or of the lesson with this name."""
    from tutor.course.catalog import resolve

    try:
        return resolve(target)
    except LookupError as error:
        refuse(str(error.args[0]))


def _refuse_options(target: str, *names: str) -> None:
    """Refuse options that decide how a script runs: the run of a recording is over."""
    context = click.get_current_context()
    for parameter in context.command.params:
        is_given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        if parameter.name in names and is_given:
            refuse(f"{parameter.opts[0]}: {target} is a recording, and what it did is done")
