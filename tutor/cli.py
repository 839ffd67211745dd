"""The command line. Each command imports what it needs: the menu must not wait for the others."""

import json
import sys
from pathlib import Path
from typing import NoReturn

import click

from tutor.engine.protocol import DEFAULT_SEED, FOREVER

_device = click.option("--device", metavar="D", help="Run on this device: cpu, cuda, mps, …")
_seed = click.option(
    "--seed", type=click.IntRange(0, 2**64 - 1), default=DEFAULT_SEED, show_default=True
)

_set = click.option("--set", "sets", metavar="NAME=VALUE", multiple=True, help="Turn a knob.")
_edit = click.option(
    "--edit", "edits", metavar="STEP:NAME=VALUE", multiple=True, help="Change a value after a step."
)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="autograd-tutor")
@click.pass_context
def main(context: click.Context) -> None:
    """Step through real PyTorch scripts, forwards and backwards. Without a command: the course."""
    if context.invoked_subcommand is None:
        _screen(None, None, DEFAULT_SEED)


@main.command("open")
@click.argument("target")
@_device
@_seed
def open_(target: str, device: str | None, seed: int) -> None:
    """Open a lesson by its name, or any Python script."""
    _screen(target, device, seed)


@main.command()
@click.argument("target")
@_device
@_seed
@_set
@_edit
@click.option("--show", metavar="EXPR", multiple=True, help="An expression to show at each step.")
@click.option("--stop", type=click.IntRange(1), default=FOREVER, metavar="STEP", help="Last step.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a step.")
@click.option("--operations", is_flag=True, help="With --json: what went on inside each step.")
def run(
    target: str,
    device: str | None,
    seed: int,
    sets: tuple[str, ...],
    edits: tuple[str, ...],
    show: tuple[str, ...],
    stop: int,
    as_json: bool,
    operations: bool,
) -> None:
    """Run a lesson or a script without a screen."""
    if operations and not as_json:
        _refuse("--operations: want --json too; the table has no room for operations")
    from tutor import headless
    from tutor.launching import edit, expression, settings
    from tutor.lesson import LessonError, read
    from tutor.request import BadRequest, Request

    path = _resolve(target)
    try:
        request = Request(
            device, seed, settings(sets), tuple(map(edit, edits)), tuple(map(expression, show))
        )
        lesson = read(path)
        sys.exit(
            headless.run(lesson, str(path), request, stop, as_json, operations, sys.stdout.buffer)
        )
    except LessonError as error:
        if as_json:
            headless.tell_unreadable(error, sys.stdout.buffer)
        _refuse(str(error), 1 if error.is_syntax else 2)
    except BadRequest as error:
        _refuse(str(error))
    except KeyboardInterrupt:
        _refuse(f"{path}: interrupted before it began", 130)


@main.command("audit")
@click.argument("target")
@_device
@_seed
@_set
@_edit
@click.option("--at", type=click.IntRange(1), metavar="STEP", help="The backward pass up to here.")
@click.option("--of", metavar="NAME", help="One parameter only.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a parameter.")
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
    """Hold autograd's gradients against finite differences: of the first backward pass, or --at."""
    from tutor import auditing
    from tutor.launching import edit, settings
    from tutor.lesson import LessonError, read
    from tutor.request import BadRequest, Request

    path = _resolve(target)
    try:
        request = Request(device, seed, settings(sets), tuple(map(edit, edits)))
        lesson, stdout = read(path), sys.stdout.buffer
        sys.exit(auditing.run(lesson, str(path), request, at, of, as_json, stdout))
    except LessonError as error:
        _refuse(str(error), 1 if error.is_syntax else 2)
    except BadRequest as error:
        _refuse(str(error))
    except KeyboardInterrupt:
        _refuse(f"{path}: interrupted", 130)


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a lesson.")
def list_(as_json: bool) -> None:
    """List the lessons."""
    from tutor.catalog import find

    chapter = None
    for entry in find():
        if as_json:
            fields = ("id", "title", "chapter", "path", "error")
            row = {name: getattr(entry, name) for name in fields}
            click.echo(json.dumps(row | {"path": str(entry.path)}, ensure_ascii=False))
            continue
        if entry.chapter != chapter:
            click.echo(f"{'' if chapter is None else chr(10)}{entry.chapter}")
            chapter = entry.chapter
        click.echo(f"  {entry.id:<16}{entry.error or f'{entry.title}: {entry.summary}'}")


@main.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]…")
@_device
def check(targets: tuple[str, ...], device: str | None) -> None:
    """Run lessons and report every figure, slot, question and assert that does not hold."""
    from tutor.check import check as findings
    from tutor.request import BadRequest

    count = 0
    try:
        for finding in findings([_resolve(target) for target in targets], device):
            click.echo(finding)
            count += 1
    except BadRequest as error:
        _refuse(str(error))
    except KeyboardInterrupt:
        _refuse("interrupted", 130)
    click.echo("every claim holds" if not count else f"{count} to mend", err=bool(count))
    sys.exit(1 if count else 0)


@main.command()
def doctor() -> None:
    """Show the device, torch, the terminal and the paths as this program sees them."""
    from tutor.doctor import report

    for line in report():
        click.echo(line)


def _screen(target: str | None, device: str | None, seed: int) -> NoReturn:
    from tutor.engine.client import Engine
    from tutor.request import Request
    from tutor.ui.terminal import show

    path = None if target is None else str(_resolve(target))
    sys.exit(show(Engine(eager=True), path, Request(device, seed)))


def _resolve(target: str) -> Path:
    from tutor.catalog import resolve

    try:
        return resolve(target)
    except LookupError as error:
        _refuse(str(error.args[0]))


def _refuse(reason: str, status: int = 2) -> NoReturn:
    click.echo(f"tutor: {reason}", err=True)
    sys.exit(status)
