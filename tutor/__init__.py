"""`tutor`: step through real PyTorch scripts, forwards and backwards, in a terminal.

The map. Each wing imports only wings below it; its `__init__.py` says where to begin reading.

    cli        the command line; a command imports what it needs when it is called
    commands   run, audit, check, diff, export, doctor: everything without a screen
    ui         the Textual app: screens, dialogs, panels, features (keys), terminal, draw
    session    runs as a learner drives them: stepping, forks, replays, the inside of a statement
    course     the lessons, the learner's progress, and the rules of `tutor check`
    insight    what recorded numbers mean: explanations, events, searches, comparisons, plots
    engine     the client's end: starts runs in other processes, receives what they record
    worker     the other end: runs one script and records it; the only wing that imports torch
    history    what a run recorded, in memory and as a file
    script     a script read, never run: cells, notes, knobs, questions, metadata
    wire       the messages between the processes
    schema     recorded steps and values; stands on nothing

How one step travels: `worker.instrument` puts hooks around the script's statements; a mode of
`worker.modes` makes a `schema.frame.Frame`; `wire` carries it to `engine.run`; `session.session`
appends it to a `history.timeline.Timeline`; `session.controller` builds the `View` that the panels
of `ui` draw.
"""
