"""Run scripts under plain Python and return their output."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ALL_IN_FORKS = """
import json, os, random, runpy, sys, tempfile, traceback
import numpy, torch
torch.set_num_threads(1)
torch.optim.SGD([torch.zeros(1)])  # the first optimizer of a process takes a second
found = []
for script in json.load(sys.stdin):
    with tempfile.TemporaryFile() as file:
        if not os.fork():
            os.dup2(file.fileno(), 1)
            torch.manual_seed(446)
            numpy.random.seed(446)
            random.seed(446)
            sys.argv = [script]
            status = 0
            try:
                runpy.run_path(script, run_name="__main__")
            except Exception:
                traceback.print_exc()
                status = 1
            sys.stdout.flush()
            os._exit(status)
        status = os.waitstatus_to_exitcode(os.wait()[1])
        file.seek(0)
        found.append((file.read().decode(), status))
json.dump(found, sys.stdout)
"""


def under_python(scripts: Iterable[Path]) -> list[tuple[str, int]]:
    """Return the output and the exit status of each script, run with the engine's seed.

    They run in forks of one process: importing torch takes longer than all of them.
    """
    found = subprocess.run(
        [sys.executable, "-c", ALL_IN_FORKS],
        input=json.dumps([str(script) for script in scripts]).encode(),
        capture_output=True,
        # As in the engine: with several threads, sums differ in their last digits.
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"},
        check=True,
    )
    return [(printed, status) for printed, status in json.loads(found.stdout)]
