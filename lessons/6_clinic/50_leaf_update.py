# %% [markdown]
# # The weight that would not move
# A step changes the weight but is no part of the model, so take it under `no_grad()`.
#
# You need the lesson `leaf`: a leaf is a tensor that nobody computed, and only leaves are given a
# gradient. Here is one point on y = 2x, and a weight that is 1. The step "w minus lr times the
# slope" is right on paper, and can be written in two wrong ways.

# %% In place
import torch

lr = 0.1  # @param {type: "slider", min: 0.05, max: 1.05, step: 0.05}
x, y = 1.0, 2.0
w = torch.tensor(1.0, requires_grad=True)
loss = (w * x - y) ** 2
# The slope is {w.grad:g}: a bigger w lowers the loss.
loss.backward()
try:
    # @ask The slope is -2, so w must grow. What is w after this line?
    #   -> "1" if w == 1 else "more than 1" | less than 1 | 1 | more than 1
    # Still {w:g}: the step was refused before it had moved anything.
    w -= lr * w.grad
except RuntimeError as error:
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
# @ask Who is given the gradient of this loss, the tensor that we call w or the old one?
#   -> "the old one" if w.grad is None else "w" | w | the old one | both
# The old leaf at the end of the trail, and with what it had it now holds {old.grad:g}. What we call
# w got {w.grad}, and torch warns whoever asks it for one.
loss.backward()
try:
    # So the second step fails, but the mistake was made in the first.
    w = w - lr * w.grad
except TypeError as error:
    puzzle = str(error)
# How to read it: the NoneType is `w.grad`. Look for the line that gave the name w to something that
# was computed.
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

# %% [markdown]
# ## Try it
# Turn lr to 0.5 and see how many steps the cured w needs to get to 2. With lr = 1 it never gets
# there. The broken steps fail the same way at every rate.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["leaf"]
# covers = ["P5"]
#
# [[tool.tutor.raises]]
# cell = "In place"
# error = "RuntimeError: a leaf Variable that requires grad is being used in an in-place operation"
#
# [[tool.tutor.raises]]
# cell = "As a new tensor"
# error = "TypeError: unsupported operand type(s) for *: 'float' and 'NoneType'"
#
# [[tool.tutor.plot]]
# title = "The loss, and where w is on it"
# of = "(u * x - y) ** 2"
# over = { u = [0, 3] }
# at = ["w"]
#
# [[tool.tutor.expect]]
# of = "[w.is_leaf, abs(w.item() - (2 - (1 - 2 * lr) ** 10)) < 1e-5]"
# is = [true, true]
# source = "each step keeps 1 - 2 lr of the distance"
#
# [[tool.tutor.expect]]
# of = "w.item()"
# is = 1.8926258
# source = "2 - 0.8^10: a step keeps 1 - 2 · lr of the distance"
# ///
