# %% [markdown]
# # The weight that would not move
# A step changes the weight but is no part of the model: take it where torch is not watching.
#
# One point on y = 2x, and a weight that is 1. The step "w minus lr times the slope" is right on
# paper, and can be written in two wrong ways.

# %% In place
import torch

lr = 0.1  # @param {type: "slider", min: 0.05, max: 0.45, step: 0.05}
x, y = 1.0, 2.0
w = torch.tensor(1.0, requires_grad=True)
loss = (w * x - y) ** 2
# The slope is {w.grad:g}: a bigger w lowers the loss.
loss.backward()
try:
    w -= lr * w.grad
except RuntimeError as error:
    # @ask The step did not get through. Has it moved w, before it was refused?
    #   -> w.item() != 1 | True | False
    # w is still {w:g}. Torch says: {refusal}
    refusal = str(error)
# How to read it: a leaf is a number that nobody computed. If torch watched this step, w would be
# the result of a computation, and no leaf any more.
print(refusal)

# %% As a new tensor
old = w
# @ask Written like this, the step goes through. Is its number right as well?
#   -> abs(w.item() - (1 + 2 * lr)) < 1e-6 | True | False
# It is, {w:g}. But that is a new tensor under the old name: it was computed, so it is no leaf and
# remembers {type(w.grad_fn).__name__}. The leaf at the end of its trail is the old tensor.
w = w - lr * w.grad
loss = (w * x - y) ** 2
# That leaf was given the gradient, and now holds {old.grad:g}. What we call w got {w.grad}, and
# torch warns whoever asks it for one.
loss.backward()
try:
    w = w - lr * w.grad
except TypeError as error:
    # So the second step fails: {puzzle}
    puzzle = str(error)
# Look not at this line, but at the one that gave the name w to something else.
print(puzzle)

# %% The cure
w = torch.tensor(1.0, requires_grad=True)
for step in range(10):
    loss = (w * x - y) ** 2
    # w is a leaf in every pass: the slope is {w.grad:.6g}.
    loss.backward()
    with torch.no_grad():
        # Unwatched, and in place: the same tensor with a new number, {w:.6g}.
        w -= lr * w.grad
    w.grad.zero_()
    print(f"{step}  loss {loss:.6f}  w {w:.6f}")
assert w.is_leaf and torch.isclose(w, torch.tensor(2 - (1 - 2 * lr) ** 10))

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
#
# [[tool.tutor.expect]]
# of = '"a leaf Variable that requires grad is being used in an in-place operation" in refusal'
# is = true
# source = "torch's own words"
#
# [[tool.tutor.expect]]
# of = '''puzzle == "unsupported operand type(s) for *: 'float' and 'NoneType'"'''
# is = true
# source = "Python's own words"
#
# [[tool.tutor.expect]]
# of = "w.item()"
# is = 1.8926258
# source = "2 - 0.8^10: a step keeps 1 - 2 · lr of the distance"
# ///
