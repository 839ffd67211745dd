"""ui/draw/text."""
