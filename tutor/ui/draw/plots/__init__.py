"""ui/draw/plots."""
