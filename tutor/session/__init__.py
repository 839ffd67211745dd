"""Runs as a learner drives them: launch, step, fork, look inside, replay. Knows no terminal.

May import everything below it (`course`, `insight`, `history`, `script`, `wire`, `schema`), never
textual. Begin with `controller`, which the lesson screen drives; `branch` is one run with its
replays, `session` the cursor in it, `view` what the panes get to see, `replays/` all second runs.
"""
