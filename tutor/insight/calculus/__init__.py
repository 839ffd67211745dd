"""The calculus behind `explain`: what is known of torch's operations, and how it is
written. None of it imports torch.

- `derivatives`: `derive` answers. `local`: what an answer is. `moved`: that of operations that
  only move numbers (`moves`).
- `arithmetic`, `activations`, `reductions`, `matrices`, `losses`: a rule for each operation; `part`
  says what a rule is.
- `dual`, `along`: functions that rules are made of, of formulas and of arrays alike.
- `notation`: writes a call as mathematics does. `calls`: reads the text of a recorded call.
- `formula`: formulas that know where they need brackets.
"""
