"""Start the host: `python -m tutor.worker DESCRIPTOR [eager]`."""

import sys

from tutor.worker import own_builtins

own_builtins.install()

from tutor.worker.host import main  # noqa: E402  (it and what it imports use the copy)

main(int(sys.argv[1]), "eager" in sys.argv[2:])
