"""A script whose every text is hostile, on the screen of a real terminal."""

from hostile import HOSTILE, obeyed
from pseudo_terminal import tutor

POINTER = b"\x1b]22;default\x07"
"""Textual's own: it sets the shape of the mouse pointer."""

NAME = f"[@click=app.bell][link=http:]{HOSTILE.replace('/', '')}.py"

SCRIPT = f"""\
# %% [markdown]
# # {HOSTILE}
# [red]{HOSTILE}

# %% {HOSTILE}
import torch
lr = 0.1  # @param {{type: "number"}}
# {HOSTILE} {{text}}
text = {HOSTILE!r}
w = torch.ones(2, requires_grad=True)
model = torch.nn.Module()
setattr(model, text.replace(".", ""), torch.nn.Parameter(torch.ones(2)))
# @ask {HOSTILE} -> text
w.sum().backward()
print(text, flush=True)
try:
    raise ValueError(text)
except ValueError:
    pass
raise ValueError(text)
# {HOSTILE}
"""


def test_nothing_of_a_script_reaches_the_terminal_but_text(tmp_path) -> None:
    (tmp_path / NAME).write_text(SCRIPT)
    with tutor("open", NAME, size=(160, 50), folder=tmp_path) as terminal:
        terminal.wait_for("waiting before line")
        started = len(terminal.raw)
        terminal.press("r", "ValueError")
        # Every pane, and dialogs that quote the script or what is typed.
        for keys in ("123456789", "e", "\x1b", "s"):
            terminal.send(keys)
            terminal.settle()
        terminal.send("\x1b[200~" + HOSTILE.replace("\x1b", "") + "\x1b[201~\r")
        terminal.settle()
        assert "PWN" in terminal.text
        received = terminal.raw[started:].replace(POINTER, b"")
        assert obeyed(received) == []
