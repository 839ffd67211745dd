# %% [markdown]
# # Two layers, one line back
# One `backward()` fills the gradient of every weight, however many layers lie in between.
#
# You have read the few numbers of the lesson `two_layer_small`. Here are a hundred thousand, too
# many to read, and yet the code is shorter: a network with one hidden layer learns to repeat random
# numbers. Beside it runs the lesson `two_layer_by_hand`, which does the same without autograd.

# %% Numbers to learn
import torch

lr = 1e-6  # @param {type: "slider", min: 2e-7, max: 4e-6, step: 2e-7}
# All that follows is drawn at random. The seed makes it the same draw each time.
torch.manual_seed(446)
# 64 samples with 1000 inputs each.
x = torch.randn(64, 1000)
# For each sample the 10 numbers to say. They have nothing to do with x: this can only be learned
# by heart.
y = torch.randn(64, 10)
# 1000 inputs to 100 hidden units, {w1.numel()} numbers that want a gradient.
w1 = torch.randn(1000, 100, requires_grad=True)
# And 100 hidden units to 10 outputs.
w2 = torch.randn(100, 10, requires_grad=True)
losses = []

# %% Learn by heart
for step in range(500):
    # A hidden unit adds up 1000 weighted inputs, so the sums spread: their standard
    # deviation is {h.std().item():.3g}.
    h = x.mm(w1)
    # Negative sums are cut off. Without this bend two layers could do no more than one.
    h_relu = h.clamp(min=0)
    # The outputs are {(y_pred - y).norm().item():.4g} away from their targets.
    y_pred = h_relu.mm(w2)
    # All misses squared and added up: {loss.item():.8g}.
    loss = (y_pred - y).pow(2).sum()
    losses.append(loss.item())
    # Autograd adds to what is there, so what the last pass left has to go.
    w1.grad = w2.grad = None
    # One line goes back through both layers. It fills `w1.grad`, {w1.grad.norm().item():.4g} long,
    # and `w2.grad`, {w2.grad.norm().item():.4g} long.
    loss.backward()
    with torch.no_grad():
        # The step itself is no part of the network, so torch does not watch it. The gradients of
        # the first passes are so long that lr has to be tiny: {lr:g}.
        w1 -= lr * w1.grad
        w2 -= lr * w2.grad
    if step % 100 == 99:
        print(step, loss.item())

# %% Looking back
# @ask The loss began in the millions. Look back: was there a pass in which it rose?
#   -> losses != sorted(losses, reverse=True) | True | False
# Passes in which it rose: {rises}. A gradient is true only where it was taken. Where the ground
# bends sharply, a step can land on the other side of the valley, higher than before.
rises = [step for step in range(1, len(losses)) if losses[step] > losses[step - 1]]
with torch.no_grad():
    # What `backward()` did for w2, written out: what came in at it, times what came back to it.
    by_hand = h_relu.t().mm(2 * (y_pred - y))
# @ask Was it the very same sum in autograd, so that every bit of the two gradients is equal?
#   -> torch.equal(w2.grad, by_hand) | True | False
# They differ by {gap:.2g} of the gradient: autograd knows nothing that you do not.
gap = ((w2.grad - by_hand).norm() / by_hand.norm()).item()
print(losses[:3], losses[-1], "rises at", rises)

# %% At the bend
corner = torch.tensor([-1.0, 0.0, 1.0], requires_grad=True)
# @ask Left of 0 the cut has slope 0, to the right of it slope 1. What does `clamp` give at 0?
#   -> cut[1].item() | 0 | 0.5 | 1
# There is no slope in a corner, so somebody had to choose one: `clamp` says {cut[1].item():g}.
cut = torch.autograd.grad(corner.clamp(min=0).sum(), corner)[0]
# And `relu` says {bent[1].item():g}. Forward they are the same function. Whoever goes back by hand
# has to choose as well, and to choose alike.
bent = torch.autograd.grad(corner.relu().sum(), corner)[0]
print(cut, bent)

# %% [markdown]
# ## Try it
# Set lr to 0.0000024: the loss climbs far above its start before it falls. Does it still end near
# zero? With 0.000004 it never comes back: look for the first `nan`.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["two_layer_small"]
# covers = ["B1", "B2"]
# twin = "two_layer_by_hand"
# compare = [
#   ["w1.grad", "grad_w1"], ["w2.grad", "grad_w2"],
#   ["w1", "w1"], ["w2", "w2"],
#   ["loss", "loss"],
# ]
#
# [[tool.tutor.plot]]
# title = "how long the gradients are"
# bars = "{'w1': w1.grad.norm(), 'w2': w2.grad.norm()}"
# log = true
#
# [[tool.tutor.expect]]
# at = 1
# of = "loss.item()"
# is = 35269040
# rtol = 1e-4
# source = "001_b89a922598a8289e.txt, section 1, drawn with seed 446"
#
# [[tool.tutor.expect]]
# at = 2
# of = "loss.item()"
# is = 32174306
# rtol = 1e-4
# source = "001_b89a922598a8289e.txt, section 1, drawn with seed 446"
#
# [[tool.tutor.expect]]
# at = 3
# of = "loss.item()"
# is = 32241968
# rtol = 1e-4
# source = "001_b89a922598a8289e.txt, section 1, drawn with seed 446: it rises"
#
# [[tool.tutor.expect]]
# at = 100
# of = "loss.item()"
# is = 392.457
# rtol = 1e-4
# source = "001_b89a922598a8289e.txt, section 1, drawn with seed 446"
#
# [[tool.tutor.expect]]
# of = "gap"
# is = 0.0
# atol = 1e-5
# source = "by hand and by autograd, the gradient is the same"
#
# [[tool.tutor.expect]]
# of = "[losses[-1] < 1e-3, rises[0]]"
# is = [true, 2]
# source = "001_b89a922598a8289e.txt, section 1, drawn with seed 446"
#
# [[tool.tutor.expect]]
# of = "[cut.tolist(), bent.tolist()]"
# is = [[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]
# source = "001_b89a922598a8289e.txt, section 1: clamp, and the relu that is often put in its place"
# ///
