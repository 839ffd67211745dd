# %% [markdown]
# # Who keeps a gradient
# After `backward()` a tensor has a gradient only if it was asked to keep one; all others have None.
#
# You have been through the lesson `descend`: a slope says which way to move a weight. There the
# slope came from paper; from now on torch finds it, and puts it where you can read it.
#
# A tensor is its numbers, and beside them room for a gradient. Whether that room is ever filled
# depends on how the tensor came to be. One that you make yourself is called a leaf; one that an
# operation computed from others is not.

# %% Making a tensor
import torch

start = 1.0  # @param {type: "slider", min: -3, max: 3, step: 0.5}
x_asks = False  # @param {type: "boolean"}
# @ask How many numbers are in torch.Tensor(3)? -> size.numel() | 0 | 1 | 3
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
# @ask Below, w asks for a gradient. What is in `w.grad` right after that line?
#   -> str(w.grad) | None | tensor([0.]) | tensor([1.])
# Asking takes one line. It changes no number and fills nothing, `w.grad` is {w.grad}; it tells
# torch to watch what is done with w from here on.
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
# Data: made by us like w, but we will never change it, so there is no need to ask. Does x ask here?
# {x.requires_grad}.
x, y = torch.tensor([1.0], requires_grad=x_asks), torch.tensor([2.0])
# Computed from w, so watched, but no leaf: it remembers {type(residual.grad_fn).__name__}, which
# made it.
residual = w * x - y
assert w.is_leaf and x.is_leaf and not residual.is_leaf
# What lies between does not keep its gradient, which saves memory, unless we ask it to.
residual.retain_grad()
# The loss is the miss squared, {loss.item():g}.
loss = (residual**2).sum()

# %% Backwards
tensors = {"w": w, "x": x, "y": y, "residual": residual}
# @ask The residual was made of w, x and y. How many of these four have a gradient after this line?
#   -> sum(tensor.grad is not None for tensor in tensors.values()) | 1 | 2 | 3 | 4
# The chain rule from the loss to the leaf: d loss / d residual is {residual.grad.item():g}, and
# since the residual moves with w at the rate x, w gets {w.grad.item():g}.
loss.backward()
assert torch.equal(residual.grad, 2 * residual) and torch.equal(w.grad, residual.grad * x)
# A gradient is kept for those that asked: {have}. y is a leaf like w, but it is data that nobody
# asked about: {y.grad}. Not zero; there is none at all.
have = [name for name, tensor in tensors.items() if tensor.grad is not None]
print(have)

# %% [markdown]
# ## Try it
# Switch `x_asks` on: x is data as before, and yet it gets a gradient, for whoever asks is served.
# Then move `start` to 2, where the model is right: which gradients are zero now, and which None?

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["descend"]
# covers = ["E5", "D4"]
#
# [[tool.tutor.raises]]
# cell = "What it says of whole numbers"
# error = "RuntimeError: only Tensors of floating point"
# source = "004_0c04da73283ced71.txt, section 5.1: whole numbers cannot ask"
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
# of = "[str(w), str(w.detach()), w.type(), w.detach().type()]"
# is = [
#   "tensor([1.], requires_grad=True)", "tensor([1.])",
#   "torch.FloatTensor", "torch.FloatTensor",
# ]
# device = "cpu"
# source = "004_0c04da73283ced71.txt, section 5.1.2, as printed"
#
# [[tool.tutor.expect]]
# of = "[str(w.dtype), list(size)]"
# is = ["torch.float32", [3]]
# source = "004_0c04da73283ced71.txt, section 5.1.1: tensor and Tensor"
# ///
