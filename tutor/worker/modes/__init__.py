"""What the hooks do in each part of a run. One mode is installed at a time.

`StepCounter` installs a mode, and the next one at the end of the mode's last step. `recorder.py`
lists the modes that a job goes through. A new mode is a class with the methods of `steps.Mode`, and
its place in that list.
"""
