"""Say what recorded numbers mean: explanations, events, searches, comparisons. No torch, no screen.

May import `history`, `wire`, `script` and `schema`. Begin at what you want to know:

- `explain.why`: why a value or a gradient is what it is. `calculus` has the derivatives for it.
- `events.detect`: the steps worth stopping at. `search`: the first step where a condition holds.
- `pairing`: two runs compared iteration by iteration. `audit`: a gradient compared with finite
  differences, which the worker measures.
- `graph`: the autograd graph of a statement. `plots` and `trajectory`: the content of a plot.
"""
