"""Run one script in a process of its own, and record it. The only wing that imports torch.

May import `history`, `script`, `wire` and `schema`; nothing imports this wing, which is started as
the command line `python -m tutor.worker`.

Begin with `host.py`, which forks a process for each run; `worker.py` sets the run up there.
`instrument.py` puts hooks around the script's statements, and `recorder.py` puts together what
answers them: `steps.py` counts steps and switches between the modes in `modes/`. `capture/` finds
what a step changed, `operations/` notes what torch computed in it.
"""
