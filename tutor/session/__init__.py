"""Runs as a learner drives them: launch, step, fork, look inside, replay. Knows no terminal.

May import the wings below it, but not `engine`: `interfaces` stands for it, so that a recording or
a test can take its place. Begin with `controller`, which the lesson screen drives; `branch` is one
run with its replays, `session` the cursor in it, `view` what the panes get to see, and `replays/`
holds all second runs.
"""
