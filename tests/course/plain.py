"""Run scripts under plain Python, and save the final values of their names.

    python plain.py FOLDER SCRIPT…

Each script runs in a child that is forked after torch was imported, which takes longer than all of
them, and leaves FOLDER/<name>.npz.
"""

import contextlib
import io
import os
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch


def values(names: dict[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """Numbers, arrays, tensors, and parameters of modules, by name: what the engine records."""
    found = {}
    for name, value in names.items():
        if name.startswith("_") or isinstance(value, bool):
            continue
        if isinstance(value, torch.nn.Module):
            for part, parameter in value.named_parameters():
                found[f"{name}.{part}"] = parameter.detach().cpu().numpy()
        elif isinstance(value, torch.Tensor) and value.device.type != "meta":
            found[name] = value.detach().cpu().numpy()
        elif isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            found[name] = value
        elif isinstance(value, int | float):
            found[name] = np.array(value)
    return found


def main(folder: str, *scripts: str) -> None:
    torch.optim.SGD([torch.zeros(1)])  # the first optimizer of a process takes a second
    for script in scripts:
        child = os.fork()
        if child == 0:
            with contextlib.redirect_stdout(io.StringIO()):
                sys.argv = [script]
                names = runpy.run_path(script, run_name="__main__")
            np.savez(Path(folder) / f"{Path(script).stem}.npz", **values(names))
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            raise SystemExit(f"{script} failed")


if __name__ == "__main__":
    main(*sys.argv[1:])
