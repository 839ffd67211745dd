"""The panes of the lesson screen, one a file."""
