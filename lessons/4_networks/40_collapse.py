# %% [markdown]
# # Two layers that are one
# Layers without a bend between them do no more than a single layer, however many there are.
#
# You should know the lesson `three_points`. Exclusive or, XOR for short, is 1 where exactly one of
# two inputs is 1. Two networks learn it side by side. They begin with the same numbers, and one of
# them has a bend, a function that is no straight line, between its layers.

# %% Four points
import copy

import torch

activation = "Tanh"  # @param ["Tanh", "ReLU", "Sigmoid", "Identity"]
hidden = 4  # @param {type: "slider", min: 1, max: 8, step: 1}
X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
# The targets {y.flatten().tolist()}: equal inputs give 0, and no straight line can divide them from
# the others.
y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])

# %% Two networks, one start
torch.manual_seed(446)
# Two inputs to {hidden} hidden units, and these to one output.
plain = torch.nn.Sequential(torch.nn.Linear(2, hidden), torch.nn.Linear(hidden, 1))
bend = getattr(torch.nn, activation)()
# The other has copies of both layers, and {activation} in between. So only the bend can make a
# difference.
bent = torch.nn.Sequential(copy.deepcopy(plain[0]), bend, copy.deepcopy(plain[1]))
criterion = torch.nn.MSELoss()
# One optimizer may hold the parameters of both.
optimizer = torch.optim.SGD([*plain.parameters(), *bent.parameters()], lr=0.3)

# %% Train both
for step in range(400):
    # Without a bend: {plain_loss.item():.6g}.
    plain_loss = criterion(plain(X), y)
    # With {activation}: {bent_loss.item():.6g}.
    bent_loss = criterion(bent(X), y)
    optimizer.zero_grad()
    # They share no number, so the slopes of the sum are the slopes of each.
    (plain_loss + bent_loss).backward()
    optimizer.step()
    if step % 50 == 49:
        print(f"{step:3d}  plain {plain_loss.item():.3e}  {activation} {bent_loss.item():.3e}")

# %% What the plain one says
# @ask The plain network has two layers and 400 passes behind it. What are its four answers?
#   -> said | [0.0, 1.0, 1.0, 0.0] | [0.0, 0.5, 0.5, 1.0] | [0.5, 0.5, 0.5, 0.5]
# They are {said}, to one digit: the best it can do, and everywhere half of the way off. Its loss is
# {plain_loss.item():.6f}.
said = [round(one, 1) for one in plain(X).flatten().tolist()]
corners = plain(X).flatten()
# Its surface is a plane, and opposite corners of a plane have equal sums: here
# {(corners[0] + corners[3]).item():.3f} and {(corners[1] + corners[2]).item():.3f}. The targets
# want 0 and 2.
assert torch.isclose(corners[0] + corners[3], corners[1] + corners[2], atol=1e-4)

# %% Two layers in one
first, second = plain
# W₂(W₁x + b₁) + b₂ is (W₂W₁)x + (W₂b₁ + b₂). The product of both weights is a weight again,
# {list(weight.shape)}.
weight = second.weight @ first.weight
# And what remains of both biases is a bias.
bias = second.weight @ first.bias + second.bias
places = torch.linspace(-3, 3, 2000).view(1000, 2)
# At {len(places)} places the one layer and the two differ by {gap:.1g} at most, which is rounding.
gap = (plain(places) - (places @ weight.t() + bias)).abs().max().item()
# @ask How many numbers does it take to say all that the plain network can say?
#   -> weight.numel() + bias.numel() | 3 | 6 | 17
# Three, where the network trains {sum(p.numel() for p in plain.parameters())}. A third layer would
# be swallowed in the same way, and so would a hundred.
assert gap < 1e-5

# %% What a bend is worth
# @ask And the other network: did its loss get below 0.25, the best that a plane can do?
#   -> bool(bent_loss < 0.2499) | True | False
# Its loss is {bent_loss.item():.3g}. Where {activation} bends, it keeps one layer from swallowing
# the other, and each hidden unit can put its own fold into the surface.
folded = [round(one, 3) for one in bent(X).flatten().tolist()]
print("plain", said, activation, folded)

# %% [markdown]
# ## Try it
# Set `activation` to "ReLU", then to "Identity", which gives back what it gets: what does the map
# look like? Set `hidden` to 1: one fold is not enough for XOR. Two could be, but are they found?

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "bent_loss"
# after = ["three_points"]
# covers = ["D2"]
#
# [[tool.tutor.plot]]
# title = "what the network with a bend says; the line is where it says 0.5"
# points = ["X[:, 0]", "X[:, 1]", "y"]
# of = "bent(torch.stack([x1, x2]))[0]"
# over = { x1 = [-0.5, 1.5], x2 = [-0.5, 1.5] }
# level = 0.5
#
# [[tool.tutor.plot]]
# title = "what the network without one says"
# points = ["X[:, 0]", "X[:, 1]", "y"]
# of = "plain(torch.stack([x1, x2]))[0]"
# over = { x1 = [-0.5, 1.5], x2 = [-0.5, 1.5] }
# level = 0.5
#
# [[tool.tutor.expect]]
# of = "plain_loss.item()"
# is = 0.25
# source = "no plane comes nearer to XOR than 0.5 everywhere"
#
# [[tool.tutor.expect]]
# of = "[bent_loss.item() < 1e-6, gap < 1e-6]"
# is = [true, true]
# source = "003_7eac1f8e59c11a0f.txt, section 4.1: affine after affine is affine; tanh is not"
# ///
