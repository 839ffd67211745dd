"""Second runs, each of which replays the recorded one and brings something that it lacks.

`replay` launches, compares with the recording and closes; every other file says what it asks for
and what it does with the answer.
"""
