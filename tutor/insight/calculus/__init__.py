"""What is known of torch's operations: their local derivatives and their notation. No torch.

- Begin at `derivatives`: `derive` returns a `local.Derivative`.
- `arithmetic`, `activations`, `reductions`, `matrices`, `losses` hold a rule for each operation;
  `partial` says what a rule is. `rearrange` and `dropout` are derived without a rule.
- `functions` and `axis_functions`: functions that rules are made of. They take formulas and arrays
  alike, so that one rule gives the text and the numbers. The numbers are needed twice: the screen
  shows the local derivative's value, and a rule is shown only if it gives what torch passed on.
- `calls` parses the text of a recorded call, `notation` writes it as mathematics, and `formula`
  holds formulas, which know where they need brackets.
"""
