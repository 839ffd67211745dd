"""Modules that a clean interpreter loads: no torch for the screens, no plots for the menu."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "numpy", "plotext", "matplotlib")


def loaded(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in found.stdout.split()}


def test_the_package_itself_imports_nothing():
    assert loaded("import tutor") <= loaded("pass") | {"tutor"}


def test_the_menu_needs_neither_torch_nor_numpy_nor_plots():
    modules = loaded("import tutor.cli, tutor.ui.app, tutor.ui.screens.menu, tutor.engine.client")
    assert not modules.intersection(HEAVY)


@pytest.mark.parametrize(
    "module",
    [
        "tutor.ui.screens.lesson",
        "tutor.commands.run",
        "tutor.commands.check",
        "tutor.commands.doctor",
        "tutor.commands.table",
    ],
)
def test_no_caller_of_the_engine_imports_torch(module):
    assert "torch" not in loaded(f"import {module}")


@pytest.mark.parametrize(
    "module", ["tutor.commands.run", "tutor.commands.check", "tutor.worker.worker"]
)
def test_runs_without_a_screen_load_no_terminal_library(module):
    assert not loaded(f"import {module}").intersection({"textual", "rich", "plotext"})
