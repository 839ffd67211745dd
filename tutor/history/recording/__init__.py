"""Recordings: the runs of a script in a file, for the screen, the command line and other people.

What a file holds is checked message by message as it is read: whatever a stranger put there, it
opens whole or is refused in one line. `tree` opens and saves all runs at once; `reader` and
`writer` hold nothing in memory. `file` knows blocks and checksums, `messages` what lies in them,
`check` and `views` what may.
"""
