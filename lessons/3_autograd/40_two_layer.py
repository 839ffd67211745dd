# %% [markdown]
# # Two layers, two ways back
# Backpropagation is the chain rule, layer by layer; autograd does the same sums for you.
#
# A network with one hidden layer learns to repeat random numbers. In each pass its gradients are
# found twice, by autograd and by hand, and compared.

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
    # A hidden unit adds up 1000 weighted inputs, so its sum spreads as far as {h.std().item():.3g}.
    h = x.mm(w1)
    # Negative sums are cut off. Without this bend two layers could do no more than one.
    h_relu = h.clamp(min=0)
    # The outputs are {(y_pred - y).norm().item():.4g} away from their targets.
    y_pred = h_relu.mm(w2)
    # All misses squared and added up: {loss.item():.8g}.
    loss = (y_pred - y).pow(2).sum()
    losses.append(loss.item())
    # The short way back: one line fills `w1.grad` and `w2.grad`.
    loss.backward()
    with torch.no_grad():
        # The long way begins at the loss: the square gives each output twice its miss.
        grad_y_pred = 2 * (y_pred - y)
        # A weight's gradient is what came in at it, going forward, times what came back to it.
        grad_w2 = h_relu.t().mm(grad_y_pred)
        # The same weights carry the blame on to the hidden units.
        grad_h_relu = grad_y_pred.mm(w2.t())
        # A unit that was cut off had no say in the result, so no blame passes through it.
        grad_h = grad_h_relu * (h >= 0)
        # And once more: what came in times what came back.
        grad_w1 = x.t().mm(grad_h)
        # The two ways differ by {gap:.2g} of the gradient: autograd knows nothing that you do not.
        gap = ((w1.grad - grad_w1).norm() / grad_w1.norm()).item()
        # A gradient {w1.grad.norm().item():.3g} long: only a tiny share of it is a safe step.
        w1 -= lr * w1.grad
        w2 -= lr * w2.grad
        # Autograd adds to what is there; the next pass must find zeros.
        w1.grad.zero_()
        w2.grad.zero_()
    if step % 100 == 99:
        print(step, loss.item())

# %% Looking back
# @ask From millions down to nearly nothing. Was there a pass in which the loss rose?
#   -> losses != sorted(losses, reverse=True) | True | False
# Passes in which it rose: {rises}. A gradient is
# true only where it was taken, and where the ground bends sharply a step comes down on the other
# side of the valley, higher than before.
rises = [step for step in range(1, len(losses)) if losses[step] > losses[step - 1]]
print(losses[:3], losses[-1], "rises at", rises)

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# compare = [["w1.grad", "grad_w1"], ["w2.grad", "grad_w2"]]
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
# at = 1
# of = "gap"
# is = 0.0
# atol = 1e-5
# source = "by hand and by autograd, the gradient is the same"
#
# [[tool.tutor.expect]]
# of = "[losses[-1] < 1e-3, rises[0]]"
# is = [true, 2]
# source = "001_b89a922598a8289e.txt, section 1, drawn with seed 446"
# ///
