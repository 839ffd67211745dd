"""ui/draw/graph."""
