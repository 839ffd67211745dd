"""What a run recorded: its steps and values in memory, and their file format (`recording/`).

Imports `script`, `wire` and `schema`. Begin with `timeline.Timeline`.
"""
