"""ui/draw/time."""
