# %% [markdown]
# # Who keeps a gradient
# After `backward()` only a leaf that asked for a gradient has one; all others have None.
#
# A tensor is its numbers, and beside them room for a gradient. Whether that room is ever filled
# depends on how the tensor came to be.

# %% Making a tensor
import torch

start = 1.0  # @param {type: "slider", min: -3, max: 3, step: 0.5}
# The class `torch.Tensor` reads a whole number as a size: this one holds {size[0]} numbers that
# nobody chose. The function `torch.tensor` reads it as the value.
size = torch.Tensor(3).shape
value = torch.tensor(3)
assert size == (3,) and value.shape == ()
# A decimal point makes it {w.dtype}. Without one it would be {value.dtype}, and whole numbers
# have no slopes: there is nothing between 3 and 4 to move through.
w = torch.tensor([start])
# We made it and asked nothing, so there is no gradient yet: {w.grad}.
print(w, w.dtype, w.grad)
# Asking takes one line. It changes no number; it tells torch to watch what is done with w.
w.requires_grad = True
# `detach()` looks at the same numbers without being watched.
print(w, w.detach(), w.type(), w.detach().type(), w.grad, type(w.grad))

# %% What it says of whole numbers
try:
    value.requires_grad = True
except RuntimeError as error:
    refusal = str(error)
# Torch's own words: {refusal}
print(refusal)

# %% From data to loss
# Data: made by us like w, but we will never change it, so we do not ask.
x, y = torch.tensor([1.0]), torch.tensor([2.0])
# Computed from w, so watched, but no leaf: it remembers {type(residual.grad_fn).__name__}, which
# made it.
residual = w * x - y
assert w.is_leaf and x.is_leaf and not residual.is_leaf
# What lies between is let go of to save memory, unless we say that we want to see it.
residual.retain_grad()
# The miss squared is {loss.item():g}.
loss = (residual**2).sum()

# %% Backwards
# The chain rule from the loss to the leaf: d loss / d residual is {residual.grad.item():g}, and
# since the residual moves with w at the rate x, w gets {w.grad.item():g}.
loss.backward()
assert torch.equal(residual.grad, 2 * residual) and torch.equal(w.grad, residual.grad * x)
# @ask The residual depends on x just as it does on w. What is in x.grad?
#   -> str(x.grad) | None | tensor([0.]) | tensor([-2.])
# A gradient is kept for those that asked. x is a leaf too, but it is data: {x.grad}.
kept = {"w": w.grad, "x": x.grad, "residual": residual.grad}
print(kept)

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
#
# [[tool.tutor.expect]]
# of = "[residual.item(), loss.item(), residual.grad.item(), w.grad.item()]"
# is = [-1.0, 1.0, -2.0, -2.0]
# rtol = 0
# atol = 0
# source = "004_0c04da73283ced71.txt, section 4: x = 1, y = 2, w = 1"
#
# [[tool.tutor.expect]]
# of = "[w.tolist(), w.requires_grad, w.detach().requires_grad, x.grad is None]"
# is = [[1.0], true, false, true]
# source = "004_0c04da73283ced71.txt, section 5.1.2"
#
# [[tool.tutor.expect]]
# of = "[str(w.dtype), list(size)]"
# is = ["torch.float32", [3]]
# source = "004_0c04da73283ced71.txt, section 5.1.1: tensor and Tensor"
# ///
