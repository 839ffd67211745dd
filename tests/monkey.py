"""A monkey at the keys: `python tests/monkey.py [--terminal] SEED KEYS TARGET…`.

A target is a lesson's name, a script, `menu`, or `all`. The KEYS are spread over the targets. What
the monkey does depends on the seed, the target and the number of keys alone (`monkey_deeds.py`).
In this process it drives the app over the real engine. With `--terminal` it drives the program in
a pseudo-terminal, which also shows what is left behind: processes, terminal settings, a traceback.

A fault is printed with the command that repeats it, and is the exit status 1.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path
from time import monotonic

from monkey_deeds import Fault, deeds
from monkey_in_process import StartedEngine, play
from monkey_in_terminal import play_in_terminal

SCRIPTS = Path(__file__).parent / "scripts"

LESSONS = ("double_deposit", "three_points", "fifteen_numpy", "search", "two_layer", "dataloader")


def everything() -> list[str]:
    """Return all targets: lessons, scripts that misbehave, and the menu."""
    scripts = [*SCRIPTS.glob("monkey/*.py"), SCRIPTS / "recurses.py", SCRIPTS / "aborts.py"]
    return [*LESSONS, "menu", *sorted(map(str, scripts))]


def name_of(target: str) -> str:
    """Return what the deeds depend on: not on the folder that a script lies in."""
    return Path(target).stem


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--terminal", action="store_true", help="in a pseudo-terminal")
    parser.add_argument("seed", type=int)
    parser.add_argument("keys", type=int)
    parser.add_argument("targets", nargs="+", metavar="TARGET")
    options = parser.parse_args()
    targets = everything() if options.targets == ["all"] else options.targets
    targets = [str(Path(one).absolute()) if Path(one).exists() else one for one in targets]
    each = -(-options.keys // len(targets))
    engine = StartedEngine(eager=True)
    faults = 0
    with tempfile.TemporaryDirectory(prefix="monkey-") as folder:
        os.chdir(folder)
        os.environ["XDG_STATE_HOME"] = folder
        for target in targets:
            plan = deeds(options.seed, name_of(target), each)
            began = monotonic()
            try:
                if options.terminal:
                    play_in_terminal(target, plan, Path(folder))
                else:
                    asyncio.run(play(engine, target, plan))
                problem = "no fault"
            except Fault as fault:
                problem, faults = str(fault), faults + 1
            words = ["--terminal"] * options.terminal + [str(options.seed), str(each), target]
            print(f"python tests/monkey.py {' '.join(words)}: {problem}"
                  f" ({monotonic() - began:.0f} s)", flush=True)  # fmt: skip
        engine.close()
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
