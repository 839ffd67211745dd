"""The screens that fill the terminal: the course menu and a lesson.

`lesson.py` holds a `session.controller.Controller`, passes its `View` to the panes, and has the
keys of every feature.
"""
