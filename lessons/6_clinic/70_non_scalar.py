# %% [markdown]
# # A loss that is not one number
# `backward()` begins at one number; if a loss holds many, you must say what each of them counts.
#
# You need the lesson `vector_backward`. Three points lie on y = 2x. The model is right, the squares
# are right, and one word is missing. You learn to read the message, and what the choice of that
# word changes.

# %% The broken run
import torch

start = 1.0  # @param {type: "slider", min: -1, max: 3, step: 0.5}
x = torch.tensor([1.0, 2.0, 3.0])
y = 2 * x
w = torch.tensor(start, requires_grad=True)
# @ask Here the mean was forgotten. How many numbers does this loss hold?
#   -> loss.numel() | 1 | 3 | 9
# A square for each point, {loss.tolist()}. Which of them should become smaller?
loss = (w * x - y) ** 2
try:
    # Torch refuses, whatever the three numbers are.
    loss.backward()
except RuntimeError as error:
    refusal = str(error)
# How to read it: the way back begins with d loss / d loss, which for one number is 1. Torch makes
# that 1 itself, but for many numbers it will not guess. Look at the line that made the loss: there
# a `mean()` or a `sum()` is missing.
print(refusal)

# %% The cure: say what the loss is
loss = ((w * x - y) ** 2).mean()
# The mean of the squares has the slope {w.grad:.6g}.
loss.backward()
of_mean = w.grad.item()
w.grad = None
loss = ((w * x - y) ** 2).sum()
# @ask Mean and sum are both lowest at w = 2. How large is the sum's slope, beside the mean's?
#   -> "as large" if w.grad == of_mean else "three times" | as large | three times | nine times
# With the sum it is {w.grad:g}, and {x.numel()} times {of_mean:.6g} is the same. Both point the
# same way, but a learning rate that is good for one need not be good for the other.
loss.backward()
of_sum = w.grad.item()
assert abs(of_sum - x.numel() * of_mean) < 1e-4

# %% Or give the beginning yourself
w.grad = None
table = (w * x - y) ** 2
# @ask With v = 1/3 for each square, no mean and no sum: is the slope that of the mean?
#   -> abs(w.grad.item() - of_mean) < 1e-4 | True | False
# It is, {w.grad:.6g}: the mean hands a third to each square on the way back, and so did we.
table.backward(torch.full_like(table, 1 / 3))
assert abs(w.grad.item() - of_mean) < 1e-4
print(of_mean, of_sum, w.grad.item())

# %% [markdown]
# ## Try it
# Turn start to 2: all slopes are 0 there, and yet torch refuses, for it counts the numbers in the
# loss and does not look at them. With start = 3 the slopes change their sign.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["vector_backward"]
# covers = ["P7"]
#
# [[tool.tutor.raises]]
# cell = "The broken run"
# error = "RuntimeError: grad can be implicitly created only for scalar outputs"
#
# [[tool.tutor.plot]]
# title = "The mean of the squares"
# of = "((u * x - y) ** 2).mean()"
# over = { u = [-1, 5] }
# at = ["w"]
#
# [[tool.tutor.plot]]
# title = "Three squares, and no single number"
# points = ["x", "(w * x - y) ** 2"]
#
# [[tool.tutor.expect]]
# of = "[of_mean, of_sum, w.grad.item()]"
# is = [-9.3333333, -28.0, -9.3333333]
# source = "003_7eac1f8e59c11a0f.txt, section 3, at w = 1; the sum by hand, 2 · (-1 - 4 - 9)"
# ///
