"""ui/draw/script."""
