"""Draw plots: `loss` the loss pane, `plot` what a lesson declares; both draw on `chart`."""
