"""Draw what belongs to a script: its source, notes, output, offered edits and twin."""
