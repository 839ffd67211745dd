"""Recordings: the runs of a script in a file.

A file is validated message by message while it is read: it opens as a whole, or is refused with one
line. Begin with `tree`, which opens and saves all runs at once. `reader` and `writer` work message
by message and hold no runs in memory. `file` has blocks and checksums, `messages` the content of a
file, `validate` and `views` what is allowed in it.
"""
