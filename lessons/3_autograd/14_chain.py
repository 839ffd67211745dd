# %% [markdown]
# # The chain rule, node by node
# Every step of the way back is one product: what came in, times the local derivative.
#
# You have seen the nodes of a graph in the lesson `graph`. Here we do their work ourselves; all it
# takes is the derivatives of a product, a difference and a square.
#
# One sample, one weight and three operations. We walk back by hand, with plain numbers; then
# autograd walks the same way, and we compare what the two found at every node.

# %% Forward
import torch

x = 1.0  # @param {type: "slider", min: -3, max: 3, step: 0.5}
y = 2.0  # @param {type: "slider", min: -3, max: 3, step: 0.5}
start = 1.0  # @param {type: "slider", min: -3, max: 3, step: 0.5}
# x and y are data. Only the weight can be changed, so only its slope is wanted.
w = torch.tensor(start, requires_grad=True)
# First node, a product: of x = {x:g} the model makes {prediction:g}.
prediction = w * x
# Second node, a difference: {residual:g} is how far that lies above the target (if it is negative,
# below).
residual = prediction - y
# Third node, a square. The loss is {loss:g}.
loss = residual**2
# These two lie between, and autograd would throw their gradients away. We want to look at them.
prediction.retain_grad()
residual.retain_grad()

# %% Backward by hand
# The way back begins at the end. The loss moves with itself one to one.
d_loss = 1.0
# The last node is a square. Its local derivative asks: if the residual r moves a little, how many
# times as much does r² move? It is 2r = {of_square:g}.
of_square = 2 * residual.item()
# What came in times the local derivative, {d_loss:g} · {of_square:g}: d loss / d residual.
d_residual = d_loss * of_square
# The node before it is a difference. It moves exactly as far as the prediction moves.
of_minus = 1.0
# {d_residual:g} · {of_minus:g}: the gradient passes through unchanged.
d_prediction = d_residual * of_minus
# @ask The first node computed w · x. What is its local derivative along w?
#   -> of_times
# A step in w counts x times in w · x, so it is x, {of_times:g}, and w itself plays no part.
of_times = x
# @ask The loss is a square and never below 0. Is its slope along w below 0 here?
#   -> d_w < 0 | True | False
# {d_prediction:g} · {of_times:g} = {d_w:g}. The loss says how wrong the model is, the slope
# which way to go: where it is negative, a bigger w would lower the loss.
d_w = d_prediction * of_times

# %% Backward by autograd
# The same walk in one line. In `tutor`, press `i` here: the nodes come in the order in which we
# took them, each with what came in, its local derivative and what went out.
loss.backward()
# Autograd's numbers, from the last node to the leaf: {found}.
found = [residual.grad.item(), prediction.grad.item(), w.grad.item()]
# They are ours. Autograd found no formula for the whole; it multiplied, node by node.
assert found == [d_residual, d_prediction, d_w]
print(f"loss {loss:g}  dr {d_residual:g}  dw {d_w:g}")

# %% [markdown]
# ## Try it
# Set `x` to 0 and look at the way back: which of the three products loses the gradient? Then set
# `x` to 1 and `start` to 2, so that the model is right. The gradient is zero again, and for another
# reason.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["graph"]
# covers = ["E4", "D3"]
# compare = [
#   ["residual.grad", "d_residual"],
#   ["prediction.grad", "d_prediction"],
#   ["w.grad", "d_w"],
# ]
#
# [[tool.tutor.expect]]
# of = "[residual.item(), loss.item(), d_residual, d_w]"
# is = [-1.0, 1.0, -2.0, -2.0]
# rtol = 0
# atol = 0
# source = "004_0c04da73283ced71.txt, section 4: x = 1, y = 2, w = 1"
#
# [[tool.tutor.expect]]
# of = "found"
# is = [-2.0, -2.0, -2.0]
# rtol = 0
# atol = 0
# source = "003_7eac1f8e59c11a0f.txt, section 4.2: forward, then backward"
# ///
