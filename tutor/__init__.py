"""`tutor`: step through real PyTorch scripts, forwards and backwards, in a terminal.

The map of this tree. Arrows point down the list; nothing imports what stands above it.

- `__main__`, `cli`: the command line.
- `ui/`: the Textual app; never imports torch. `app` and `screens/` arrange, `panels/` are the panes
  (a file each, named after its title), `draw/` turns data and a size into strips, without an app.
  - `branch` is one run, and the tree of all; `session` is a run as a learner drives it,
    `microscope` where they are inside a statement.
  - Second runs, each replaying: `shadow` notes operations, `refill` brings back what was not kept,
    `pager` parts of large values, `prover` finds where a replay differs, `plotter` asks for what
    plots show; `pictures` brings that to its pane. `twin` is the lesson that runs beside another.
  - `archive` stands for an engine where a recording is shown; `film` makes pictures of one.
  - `display` sends the terminal what changed; `later` makes calls that must come.
- `headless` (with `report`, `table`), `auditing`, `check`, `doctor`, `diff`, `export`: the commands
  without a screen. `review` holds one run against its lesson's claims, `links` what the lesson says
  of others.
- `recording/`: the runs of a script in a file. `difference`: where two values differ.
- `changes`: what a learner changes at a step; `optimizers` are what it offers besides values.
- `intake`: what a run tells, into its timeline. `exactness`: whether a replay is the recorded run.
- `events/`: what is worth stopping at. `condition` (with `predicate`): where something holds.
  Both look at many values at once by `series`.
- `plots`: what is asked for a plot, and what came of it. `walks`: the way of values through a run.
  `beside`: two runs, matched pass by pass.
- `asks`: what a script asks its reader, hidden and then told. `agreement`: whether two figures are
  the same.
- `progress`: the lessons that were done.
- `audit`: the audit of a gradient as a learner reads it. `graph`: operations as a graph, folded.
- `explain/`: why a number is what it is; `calculus/`: the local derivatives that it needs.
- `launching`: from a script and a learner's `request` to the launch of a run.
- `engine/`: runs scripts. `client` is the caller's end and `run` that of one run; `control`,
  `protocol` and `page` are what passes between the processes; `host` imports torch once and forks a
  `worker` for each run.
  - In a worker, `instrument` puts hooks around statements and `recorder` answers them. `caught`
    finds which statement raised, `replay` counts those that are not recorded, `interludes` are what
    is done between two steps, `commands` what the learner sends meanwhile. `frames` makes a frame
    of each: `phases` names what happened, `edits` and `expressions` are what the learner asked for.
    `output` catches what the script writes, `draws` makes random numbers on the CPU.
  - `operations` notes what torch is asked to do: `origin` tells where, `calls` what it is called,
    `ledger` which operation made what, `backward` what a pass did, `stills` takes the values.
    `tape` keeps calls so that `audit` can make them again in float64; `hiding` keeps all of it
    out of the script's way.
  - `capture` finds what changed: a `watch` for each tensor, with `arrays`, `modules` and `memory`;
    `summary` and `transfer` bring it from the device, `views` puts it into the schema. `digest`
    proves that a replay is the same run, `parts` brings pieces of large values, `sampling` what
    plots show. `guard` watches for files that a script leaves and hosts that it calls.
  - `device`, `process` and `private` hold what is asked of the accelerator, the operating system,
    and torch beyond its public API.
- `timeline`: what a run recorded, at any step. `steps` tells where each was, `sections` how they
  fall into cells and passes of loops, `columns` (of a `column` each) what every value was,
  `transcript` what the script wrote; all within a `budget`.
- `values`: views as numbers. `target`: what a learner calls a value.
- `catalog`: finds lessons. `lesson` (with `cells`, `comments`, `markup`, `knob`, `metadata`,
  `declared`): reads one, and never runs it.
- `frame`: the schema of what is recorded.

Torch is imported only behind `engine.host`; textual, rich and plotext only in `ui`.
"""
