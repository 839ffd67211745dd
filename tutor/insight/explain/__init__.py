"""Explain why a value or a gradient is what it is, from the operations that a run recorded.

Begin at `why`: `explain_value` and `explain_gradient` return an `explanation.Explanation`. It uses
`infix` (how a value was computed, as a formula), `backward_edges` (which operations passed a
gradient to a value), `terms` (what each of them contributed) and `chain_rule` (the whole derivative
as one formula). Imports `calculus`, `schema` and NumPy only.
"""
