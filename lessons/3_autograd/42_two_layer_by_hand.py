# %% [markdown]
# # Two layers by hand
# Backpropagation is the chain rule layer by layer: a few matrix products, from the loss to w1.
#
# The lesson `two_layer` left the way back to autograd. Here it is written out, for the same samples
# and the same weights. All you need is the rule of the lesson `chain`: what came in, times the
# local derivative.

# %% The same numbers
import torch

lr = 1e-6  # @param {type: "slider", min: 2e-7, max: 4e-6, step: 2e-7}
# The same seed and the same draws in the same order, so these are the numbers of `two_layer`.
torch.manual_seed(446)
x = torch.randn(64, 1000)
y = torch.randn(64, 10)
# The one difference: nobody asks for a gradient, and torch writes nothing down.
w1 = torch.randn(1000, 100)
w2 = torch.randn(100, 10)
# @ask 64 samples, 100 hidden units. What share of their sums is negative at first, and cut off?
#   -> round(share, 1) | 0.0 | 0.1 | 0.5 | 1.0
# With weights around 0 a sum falls on either side alike: {share:.3f}. What is cut off going forward
# will have to be cut off going back.
share = (x.mm(w1) < 0).float().mean().item()

# %% Forward, backward, step
for step in range(500):
    # Forward. We keep what lies between, for the way back needs it.
    h = x.mm(w1)
    h_relu = h.clamp(min=0)
    y_pred = h_relu.mm(w2)
    # All misses squared and added up: {loss.item():.8g}.
    loss = (y_pred - y).pow(2).sum()
    # The way back begins at the loss: the square gives each output twice its miss, in a table of
    # {list(grad_y_pred.shape)} like the outputs.
    grad_y_pred = 2 * (y_pred - y)
    # A weight's gradient is what came in at it, going forward, times what came back to it. The
    # product also adds up over the samples. Its shape is that of w2: {list(grad_w2.shape)}.
    grad_w2 = h_relu.t().mm(grad_y_pred)
    # The same weights, turned round, carry the blame for the misses on to the hidden
    # units.
    grad_h_relu = grad_y_pred.mm(w2.t())
    # A unit that was cut off had no say in the result, so no blame passes through it.
    grad_h = grad_h_relu * (h >= 0)
    # And once more: what came in at w1 was x.
    grad_w1 = x.t().mm(grad_h)
    # Only now may the weights move: the way back was through the old ones.
    w1 -= lr * grad_w1
    w2 -= lr * grad_w2
    if step % 100 == 99:
        print(step, loss.item())

# %% If we had forgotten the cut
# The last gradient of w1 once more, with blame passing through all units, cut off or not.
forgotten = x.t().mm(grad_h_relu)
# @ask That is a mistake in the way back. Would a small step against it still lead downhill?
#   -> cosine > 0 | True | False
# The cosine of the angle between the two is {cosine:.2f}, and whatever is above 0 leads down. So
# the loss would fall and the mistake stay hidden, unless the gradient is compared with another.
cosine = torch.cosine_similarity(forgotten.flatten(), grad_w1.flatten(), dim=0).item()
print(f"cosine {cosine:.3f}")

# %% [markdown]
# ## Try it
# Open `two_layer`, which shows this lesson beside it: after each pass the gradients and the weights
# of the two are compared. Set lr to 0.000004, and both break in the same pass.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["chain", "two_layer"]
# covers = ["B1"]
#
# [[tool.tutor.plot]]
# title = "how long the gradients are"
# bars = "{'w1': grad_w1.norm(), 'h': grad_h.norm(), 'w2': grad_w2.norm(), 'y': grad_y_pred.norm()}"
# log = true
#
# [[tool.tutor.expect]]
# at = 1
# of = "loss.item()"
# is = 35269040
# rtol = 1e-4
# source = "001_b89a922598a8289e.txt, section 1, by hand, drawn with seed 446"
#
# [[tool.tutor.expect]]
# at = 2
# of = "loss.item()"
# is = 32174306
# rtol = 1e-4
# source = "001_b89a922598a8289e.txt, section 1, by hand, drawn with seed 446"
#
# [[tool.tutor.expect]]
# at = 3
# of = "loss.item()"
# is = 32241968
# rtol = 1e-4
# source = "001_b89a922598a8289e.txt, section 1, by hand, drawn with seed 446: it rises"
#
# [[tool.tutor.expect]]
# at = 100
# of = "loss.item()"
# is = 392.457
# rtol = 1e-4
# source = "001_b89a922598a8289e.txt, section 1, by hand, drawn with seed 446"
#
# [[tool.tutor.expect]]
# of = "loss.item() < 1e-3"
# is = true
# source = "001_b89a922598a8289e.txt, section 1, by hand, drawn with seed 446"
# ///
