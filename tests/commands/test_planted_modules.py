"""A file beside the script that is named after a module stands in for it in the script alone."""

import importlib.util
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from shell import shell

TRAINS = """\
import torch
import numpy as np
w = torch.tensor([1.0], requires_grad=True)
model = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1))
optimizer = torch.optim.Adam([w, *model.parameters()], lr=0.1)
for i in range(2):
    optimizer.zero_grad()
    loss = (model(w) ** 2).sum()
    loss.backward()
    optimizer.step()
print(np.random.rand() < 1, np.random.default_rng(0).normal() < 9)
def fails():
    raise ValueError("planned")
fails()
"""


def planted(folder: Path, script: str) -> Path:
    """Put a module that raises beside a script, for each standard module and each package."""
    folder.mkdir()
    installed = {name for name in packages_distributions() if importlib.util.find_spec(name)}
    for name in sys.stdlib_module_names | installed:
        (folder / f"{name}.py").write_text(f"raise SystemExit('{name} of the folder')\n")
    path = folder / "script.py"
    path.write_text(script)
    return path


def test_no_library_and_no_part_of_the_engine_imports_a_file_of_the_folder(tmp_path) -> None:
    found = shell("run", planted(tmp_path / "a", TRAINS), "--show", "i")
    assert found.stdout.decode().endswith("\nTrue True\n")
    assert found.stderr.decode().endswith("ValueError: planned\n")
    assert found.returncode == 1


@pytest.mark.parametrize("name", ["secrets", "statistics", "colorsys", "json", "time", "os"])
def test_the_script_imports_by_name_what_it_imports_under_python(tmp_path, tutor, name) -> None:
    (tmp_path / f"{name}.py").write_text("KEY = 'mine'\n")
    script = tmp_path / "script.py"
    script.write_text(f"import {name}\nprint(hasattr({name}, 'KEY'))\n")
    plain = subprocess.run([sys.executable, script], capture_output=True, check=True)
    assert tutor("run", script).stdout == plain.stdout


def test_a_library_keeps_its_module_although_the_script_has_one_of_that_name(
    tmp_path, tutor
) -> None:
    (tmp_path / "json.py").write_text("dumps = 'mine'\n")
    script = tmp_path / "script.py"
    lines = [
        "import json",
        "import secrets, wave, numpy.random",
        "print(json.dumps, secrets.token_hex(1) > '')",
    ]
    script.write_text("\n".join(lines))
    assert tutor("run", script).stdout == b"mine True\n"


def test_a_package_of_the_folder_is_still_found_by_a_library(tmp_path, tutor) -> None:
    # Such as `pickle`, which imports the module of the class that it loads.
    (tmp_path / "shapes.py").write_text("class Shape:\n    pass\n")
    (tmp_path / "json.py").write_text("")
    script = tmp_path / "script.py"
    script.write_text(
        "import pickle, pydoc\nprint(pickle.loads(b'cshapes\\nShape\\n.'))\n"
        "print(pydoc.locate('shapes.Shape'))\n"
    )
    assert tutor("run", script).stdout == b"<class 'shapes.Shape'>\n" * 2
