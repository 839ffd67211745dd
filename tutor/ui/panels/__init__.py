"""The panes of the lesson screen, one a file.

A pane draws the `View` that it is bound to with a pure function of `draw/`, and asks no other pane.
Begin with `panel.py`.
"""
