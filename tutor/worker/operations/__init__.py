"""Note the operations of a statement, forward and backward, and audit gradients.

Begin with `operations.py`, the mode that sees every call of torch's functions. `forward.py` and
`backward.py` note the two directions, `provenance.py` finds which operation made a tensor or node,
and `inside.py` puts a step's operations into the schema. An audit keeps the calls in `call_log.py`,
makes them again in `recompute.py` and compares slopes in `finite_difference.py`.
"""
