"""Draw the recorded steps: `timeline` the bar, `events` the list, `branches` the tree of runs."""
