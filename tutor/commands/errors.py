"""Turn what goes wrong into one line and an exit status."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import click

from tutor.commands import streams


class Commands(click.Group):
    """The commands. Whatever they write is made printable, and each error is one line."""

    def main(self, *arguments: Any, **options: Any) -> NoReturn:
        """Parse the command line, run the command, and exit with its status."""
        streams.protect()
        status = 0
        try:
            with streams.unwound_by_signals():
                status = super().main(*arguments, **options | {"standalone_mode": False}) or 0
                sys.stdout.flush()
        except click.ClickException as error:
            error.show(sys.stderr)
            status = error.exit_code
        except click.Abort:
            refuse("interrupted", 130)
        except streams.OutputLost as error:
            # A reader that has seen enough, such as `head`, is no trouble to tell of.
            reason = str(error)
            with suppress(streams.OutputLost):
                click.echo(f"tutor: {reason}\n" if reason else "", sys.stderr, nl=False)
            streams.abandon()
            status = 2 if reason else 128 + signal.SIGPIPE
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            refuse(place + (error.strerror or str(error)).lower())
        sys.exit(status)

    def invoke(self, context: click.Context) -> Any:
        """Run the command; what it wrote is out before its status says that all went well."""
        try:
            return super().invoke(context)
        finally:
            sys.stdout.flush()


@contextmanager
def errors_as_one_line(interrupted: str) -> Iterator[None]:
    """Print an error as one line and exit; Ctrl+C prints the line `interrupted`."""
    from tutor.schema.errors import BadRequest
    from tutor.script.lesson import LessonError

    try:
        yield
    except LessonError as error:
        refuse(str(error), 1 if error.is_syntax else 2)
    except BadRequest as error:
        refuse(str(error))
    except KeyboardInterrupt:
        refuse(interrupted, 130)


def refuse(reason: str, status: int = 2) -> NoReturn:
    """Print one line, and exit."""
    click.echo(f"tutor: {reason}", err=True)
    sys.exit(status)
