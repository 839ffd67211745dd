"""Second runs, each of which replays the recorded one to find something that is not recorded.

`replay` launches, compares with the recording and closes; every other file says what it asks for
and what it does with the answer.
"""
