"""Detect the steps worth stopping at.

Begin at `detect`: `Events` scans a timeline as the run goes on. `kinds` says what an event is,
`wording` describes one in a line, and `first_nonfinite` finds the operation that first computed a
non-finite value.
"""
