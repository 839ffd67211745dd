"""Run the command line in a process of its own, for tests of exit statuses and signals."""

import subprocess
import sys

TUTOR = [sys.executable, "-P", "-m", "tutor"]


def shell(*arguments: object, cwd: object = None) -> subprocess.CompletedProcess[bytes]:
    command = [*TUTOR, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, cwd=cwd, check=False)
