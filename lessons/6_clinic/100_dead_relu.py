# %% [markdown]
# # Eight dead units
# A ReLU that is off for every input gets no gradient, so nothing can ever turn it on again.
#
# You need the lessons `fifteen_points` and `modules`: ReLU lets positive numbers through and makes
# all others 0. The points are the fifteen you know, the network has eight hidden units. The loss
# comes to rest at a number that you may have met in `wide_loss`. You learn to tell why, and two
# cures.

# %% Fifteen points
import torch

lr = 0.05  # @param {type: "slider", min: 0.005, max: 0.1, step: 0.005}
leak = 0.01  # @param {type: "slider", min: 0, max: 0.2, step: 0.01}
# Pairs of x and y.
table = """
3.3   1.7     4.4   2.76     5.5  2.09    6.71   3.19     6.93   1.694
4.168 1.573   9.779 3.366  6.182 2.596    7.59   2.53    2.167   1.221
7.042 2.827  10.791 3.465  5.313 1.65    7.997  2.904    3.1     1.3
"""
points = torch.tensor([float(number) for number in table.split()]).view(-1, 2)
# Every input is positive and large, up to {x.max().item():g}.
x, y = points[:, :1], points[:, 1:]


# %% The broken run
def network(activation):
    # The same random start for each network.
    torch.manual_seed(446)
    return torch.nn.Sequential(torch.nn.Linear(1, 8), activation, torch.nn.Linear(8, 1))


def alive(model):
    # How many hidden units are above 0 for at least one input.
    return int((model[0](x) > 0).any(dim=0).sum())


def train(model, passes, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(passes):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return criterion(model(x), y).item()


criterion = torch.nn.MSELoss()
model = network(torch.nn.ReLU())
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
loss = criterion(model(x), y)
# The gradient of the first weights is {model[0].weight.grad.norm().item():.4g} long: the loss is
# {loss.item():.4g}, and large inputs make large gradients.
loss.backward()
# Of the 8 units, {born} are on for some input.
born = alive(model)
# @ask How many of them will be on after the first step?
#   -> {0: "none", born: "as many"}.get(alive(model), "fewer") | none | fewer | as many
# {alive(model)} of {born}. A long step can push a unit so far that it gets a number below 0 for
# each of the fifteen inputs.
optimizer.step()
# @ask Look at the units that are on now. Which parameters can the next 99 passes still move?
#   -> ["the last bias", "both layers"][alive(model) > 0] | none | the last bias | both layers
# The length of each gradient of the first weights is kept, to be counted.
lengths = []
for _ in range(99):
    # The loss is {loss.item():.6f}.
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    # With {alive(model)} units on, the gradient of the first weights is
    # {model[0].weight.grad.norm().item():.4g} long.
    loss.backward()
    lengths.append(model[0].weight.grad.norm().item())
    # The last bias, {model[2].bias.item():.5f}, stands behind the units: it learns in any case.
    optimizer.step()

# %% What is left
# In {zeros} of the 99 passes the gradient of the first weights was exactly 0. This is not a small
# gradient, with which a walk takes long. It is none at all: a unit that is off gives 0, and its
# slope is 0.
zeros = lengths.count(0.0)
# With every unit off only the last bias answers, and all that it can learn is the mean of y. What
# is left then is the variance, {variance:.6f}; the loss is {loss.item():.6f}.
variance = y.var(correction=0).item()

# %% The cure
# Below 0 this unit does not give 0 but {leak:g} times its input, and lets the same part of the
# gradient through.
cured = network(torch.nn.LeakyReLU(leak))
# @ask The same start, the same rate, 300 passes. Will the leaky network get below a loss of 0.2?
#   -> train(network(torch.nn.LeakyReLU(leak)), 300, lr) < 0.2 | True | False
# Its first step will be about as long as that of the other network.
optimizer = torch.optim.SGD(cured.parameters(), lr=lr)
for _ in range(300):
    # The loss is {loss.item():.6f}, with {alive(cured)} units above 0.
    loss = criterion(cured(x), y)
    optimizer.zero_grad()
    # The gradient of the first weights is {cured[0].weight.grad.norm().item():.4g} long.
    loss.backward()
    optimizer.step()
# It ends at {final:.6f}; the best straight line has 0.1689. With a leak even a unit that is below 0
# for all inputs goes on learning.
final = criterion(cured(x), y).item()

# %% Or a smaller step
careful = network(torch.nn.ReLU())
# @ask A ReLU again, and lr = 0.01. After 300 passes, is its loss below 0.2 too?
#   -> slow < 0.2 | True | False
# It is {slow:.6f}, with {alive(careful)} of {born} units left. A smaller step alone is no safe
# cure: inputs that are all large and positive go on pushing the units below 0.
slow = train(careful, 300, lr=0.01)
print(f"dead {variance:.6f}  leaky {final:.6f}  careful {slow:.6f}")

# %% [markdown]
# ## Try it
# Set lr to 0.02 and look how many units live on; from 0.03 on, none does. With leak = 0 the cure is
# no cure: it is the ReLU again.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["fifteen_points", "modules"]
# covers = ["P10"]
#
# [[tool.tutor.plot]]
# title = "The highest number in each unit (below 0 it is off)"
# bars = "{f'unit {i}': top for i, top in enumerate(model[0](x).max(dim=0).values)}"
#
# [[tool.tutor.plot]]
# title = "What the networks say"
# points = ["x.flatten()", "y.flatten()"]
# lines = [
#   ["torch.arange(2, 12.0)", "model(torch.arange(2, 12.0).view(-1, 1)).flatten()", "ReLU"],
#   ["torch.arange(2, 12.0)", "cured(torch.arange(2, 12.0).view(-1, 1)).flatten()", "leaky"],
# ]
#
# [[tool.tutor.plot]]
# title = "Length of each gradient"
# bars = "{name: p.grad.norm() for name, p in model.named_parameters()}"
#
# [[tool.tutor.expect]]
# of = "[born, alive(model), zeros]"
# is = [3, 0, 99]
# source = "a network of 1, 8 and 1 units from torch's start under seed 446, lr = 0.05"
#
# [[tool.tutor.expect]]
# of = "[variance, criterion(model(x), y).item()]"
# is = [0.543868, 0.543868]
# source = "the variance of the targets of 001_b89a922598a8289e.txt, section 2"
#
# [[tool.tutor.expect]]
# of = "final"
# is = 0.168917
# source = "the same start with LeakyReLU, 300 steps; the best line has 0.168915"
# ///
