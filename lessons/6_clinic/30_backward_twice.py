# %% [markdown]
# # Walking back twice
# A graph can be walked back only once: a second `backward()` needs a new graph, or a cut.
#
# You need the lesson `graph`: every computation leaves nodes behind, and `backward()` walks them.
# Nodes keep values that their derivatives need. `backward()` lets go of them as soon as they have
# been used, for in a big network they can fill most of the memory. You learn to find where a script
# walks the same way twice, and how to cut it with `detach()`.

# %% Twice along the same way
import torch

start = 2.0  # @param {type: "slider", min: 0.5, max: 4, step: 0.5}
w = torch.tensor(start, requires_grad=True)
# To find the slope 2w on the way back, the square keeps w.
loss = w**2
# The slope is {w.grad:g}.
loss.backward()
try:
    # @ask The same line again. What is in `w.grad` after it?
    #   -> "the same" if w.grad == 2 * start else "the double" | the same | the double | nothing
    # Still {w.grad:g}: the second walk was refused before it had added anything.
    loss.backward()
except RuntimeError as error:
    refusal = str(error)
# How to read it: look not only at the line that failed, but also at the one that made `loss`. It
# has run once, so there is one graph, and the first `backward()` has used it up.
print(refusal)

# %% What needs nothing keeps nothing
# The slope of a sum is 1, wherever w is. No value is needed for that.
total = w + 3
total.backward()
# @ask Again a second walk along the same way. Does it go through?
#   -> w.grad.item() == 2 * start + 1 + 1 | True | False
# It does, and `w.grad` grows by 1 once more, to {w.grad:g}. So a script may walk twice, and torch
# says nothing.
total.backward()

# %% The cure that torch names
w.grad = None
loss = w**2
# With `retain_graph=True` torch keeps the values. The gradient is {w.grad:g}.
loss.backward(retain_graph=True)
# @ask Now the second walk is allowed. Will `w.grad` hold the slope of w² after it?
#   -> w.grad.item() == 2 * w.item() | True | False
# The error is gone and the gradient is wrong: {w.grad:g} where the slope is {2 * w:g}. Keep the
# graph only if you want the sum of two walks.
loss.backward()
summed = w.grad.item()
assert summed == 4 * start

# %% Where it happens: a state that is carried on
w.grad = None
# A state that goes from sample to sample, as in a recurrent network. It begins at {h:g}.
h = torch.tensor(1.0)
h = w * h + 1.0
loss = h**2
# The first sample: the gradient is {w.grad:g}.
loss.backward()
# The second sample, with the state that the first one left.
h = w * h + 2.0
loss = h**2
try:
    # @ask This loss is new, and nobody has walked back from it. Does `backward()` go through?
    #   -> w.grad.item() != 2 * (start + 1) | True | False
    # The loss is new, but the state in it is made of the old one. The walk goes on into the nodes
    # of the first sample, and those have been used up.
    loss.backward()
except RuntimeError as error:
    carried = str(error)
assert carried == refusal

# %% The cure
w.grad = None
h = torch.tensor(1.0)
by_hand = 0.0
for sample in (1.0, 2.0):
    # The state keeps its number, {h:g}, and the trail behind it is cut off.
    h = h.detach()
    # d loss / dw with the state before it as plain data, for all samples so far: {by_hand:g}. What
    # w did to that state is not counted any more.
    by_hand += 2 * (start * h.item() + sample) * h.item()
    h = w * h + sample
    loss = h**2
    # Each walk has a graph of its own. The gradient is now {w.grad:g}.
    loss.backward()
    print(f"state {h:g}  loss {loss:g}  gradient {w.grad:g}")
assert torch.allclose(w.grad, torch.tensor(by_hand))

# %% [markdown]
# ## Try it
# Turn start to 0.5 or to 4: every figure changes, and the same two walks are refused. What counts
# is that the nodes keep a value, not how large it is.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["graph"]
# covers = ["P3"]
# compare = [["w.grad", "by_hand"]]
#
# [[tool.tutor.raises]]
# cell = "Twice along the same way"
# error = "RuntimeError: Trying to backward through the graph a second time"
#
# [[tool.tutor.raises]]
# cell = "Where it happens: a state that is carried on"
# error = "RuntimeError: Trying to backward through the graph a second time"
#
# [[tool.tutor.expect]]
# of = "summed"
# is = 8.0
# source = "2w twice, at w = 2"
#
# [[tool.tutor.expect]]
# of = "[h.item(), loss.item(), w.grad.item(), by_hand]"
# is = [8.0, 64.0, 54.0, 54.0]
# source = "the chain rule by hand: 2 · 3 · 1 + 2 · 8 · 3"
# ///
