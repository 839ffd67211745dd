# %% [markdown]
# # A network small enough to read
# A hidden unit that is off for every sample gets a gradient of exactly zero, and never comes back.
#
# You know the way back through three nodes from the lesson `chain`. Here it is the same way, with
# matrices in place of single numbers. A unit between input and output is called hidden.
#
# Four samples, three inputs, five hidden units, two outputs: few enough numbers to look at each.
# In every pass the gradients are found by hand first, and then by autograd.

# %% Numbers to learn
import torch

lr = 0.05  # @param {type: "slider", min: 0.005, max: 0.09, step: 0.005}
hidden = 5  # @param {type: "slider", min: 1, max: 8, step: 1}
# All numbers are drawn at random, with a seed, so that they are the same each time.
torch.manual_seed(446)
# A row for each sample: what goes in, and below what should come out.
x = torch.randn(4, 3)
y = torch.randn(4, 2)
# A column of w1 and a row of w2 belong to each hidden unit.
w1 = torch.randn(3, hidden, requires_grad=True)
w2 = torch.randn(hidden, 2, requires_grad=True)
losses, silences = [], []

# %% A first look
# A hidden unit is on for a sample if its sum is positive. For unit 0 that is so in this sample:
# {is_on[:, 0].tolist()}.
is_on = x.mm(w1) > 0
# @ask From how many samples will the gradient of unit 0's weights, column 0 of w1, be made?
#   -> heard | 0 | 1 | 2 | 3 | 4
# A unit that is off hands on a zero, and still would if its weights moved a little, so they learn
# nothing from that sample. The units learn from {is_on.sum(dim=0).tolist()} samples.
heard = int(is_on[:, 0].sum())

# %% Learn them by heart
for step in range(40):
    # The last gradients have been used. New ones are not to be added to them.
    w1.grad = w2.grad = None
    # Four rows of sums, one for each hidden unit.
    h = x.mm(w1)
    # The negative ones are cut off.
    h_relu = h.clamp(min=0)
    # Two outputs for each sample.
    y_pred = h_relu.mm(w2)
    # All eight misses squared and added up: {loss.item():.7g}.
    loss = (y_pred - y).pow(2).sum()
    losses.append(loss.item())
    with torch.no_grad():
        # By hand, from the end. A square moves twice its miss for each 1 that the output moves.
        grad_y_pred = 2 * (y_pred - y)
        # A weight's gradient: what came in at it, times what came back to it, over all samples.
        grad_w2 = h_relu.t().mm(grad_y_pred)
        # Back through w2, and only where the unit was on.
        grad_h = grad_y_pred.mm(w2.t()) * (h >= 0)
        # The same rule for the first layer: what came in at it is x.
        grad_w1 = x.t().mm(grad_h)
    # The same by autograd. Its gradients are {w1.grad.norm().item():.7g} and
    # {w2.grad.norm().item():.7g} long.
    loss.backward()
    assert torch.allclose(w1.grad, grad_w1, rtol=1e-4, atol=1e-4)
    assert torch.allclose(w2.grad, grad_w2, rtol=1e-4, atol=1e-4)
    # Units that were off for all four samples: {silent.nonzero().flatten().tolist()}.
    silent = (h < 0).all(dim=0)
    silences.append(int(silent.sum()))
    # Nothing went out of a silent unit and nothing came back: zeros in both of its gradients.
    assert not w1.grad[:, silent].any() and not w2.grad[silent].any()
    with torch.no_grad():
        # A step against the gradients. A column of zeros stays where it is.
        w1 -= lr * w1.grad
        w2 -= lr * w2.grad
    if step % 5 == 4:
        print(f"{step:2d}  loss {losses[-1]:.6f}  silent units {silences[-1]}")

# %% The silent ones
# Columns of `w1.grad` that hold only zeros: those of the units {zeros}. At its highest the loss was
# {max(losses):.4g}. A step that is too long can throw a unit so far that its sum is negative for
# every sample.
zeros = [unit for unit in range(hidden) if not w1.grad[:, unit].any()]
# @ask Did a unit that was silent in one pass ever speak again in a later one?
#   -> silences != sorted(silences) | True | False
# Without a gradient its weights stay, and with the same weights and samples its sums stay negative.
# Silent units in the first pass {silences[0]}, in the last {silences[-1]}, and the loss ends at
# {losses[-1]:.4g}.
lost = silences[-1] - silences[0]
print(f"{lost} of {hidden} units lost")

# %% [markdown]
# ## Try it
# Set lr to 0.02 and look whether unit 1 survives; then to 0.09, and count the bars that are gone. A
# network does not complain when it loses units: the loss just stays higher than it had to. With 8
# hidden units, how many can it lose and still learn the numbers?

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["chain"]
# covers = ["B1", "B2"]
# compare = [["w1.grad", "grad_w1"], ["w2.grad", "grad_w2"]]
#
# [[tool.tutor.plot]]
# title = "the gradient of each hidden unit's weights"
# bars = "{f'unit {unit}': grad_w1[:, unit].norm() for unit in range(hidden)}"
#
# [[tool.tutor.expect]]
# at = 1
# of = "[loss.item(), w1.grad.norm().item(), w2.grad.norm().item()]"
# is = [12.40196, 18.96028, 27.95750]
# source = "001_b89a922598a8289e.txt, section 1, with 4, 3, 5 and 2, drawn with seed 446"
#
# [[tool.tutor.expect]]
# of = "[heard, zeros, silences[:5], silences[-1], losses[-1] > 3]"
# is = [1, [1], [0, 0, 0, 1, 1], 1, true]
# source = "the same with rate 0.05: unit 1 falls silent in the fourth pass"
# ///
