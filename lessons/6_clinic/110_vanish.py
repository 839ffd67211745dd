# %% [markdown]
# # The gradient that faded away
# Every layer on the way back makes the gradient smaller, and the first of ten gets almost nothing.
#
# You need the lessons `two_layer` and `dead_relu`: a gradient goes back through the layers, and
# each of them multiplies it by its own slope. No unit is dead here, and no message comes. The
# points are the fifteen that you know. You learn where to look, and which start helps.

# %% Fifteen points
import torch

depth = 10  # @param {type: "slider", min: 1, max: 14, step: 1}
lr = 0.02  # @param {type: "slider", min: 0.01, max: 0.1, step: 0.01}
# Pairs of x and y.
table = """
3.3   1.7     4.4   2.76     5.5  2.09    6.71   3.19     6.93   1.694
4.168 1.573   9.779 3.366  6.182 2.596    7.59   2.53    2.167   1.221
7.042 2.827  10.791 3.465  5.313 1.65    7.997  2.904    3.1     1.3
"""
points = torch.tensor([float(number) for number in table.split()]).view(-1, 2)
x, y = points[:, :1], points[:, 1:]
# Around 0 and of size 1, so that the inputs are not to blame.
x = (x - x.mean()) / x.std(correction=0)


# %% The broken run
def deep(activation, start=None):
    # `depth` layers of 32 units, always from the same random numbers.
    torch.manual_seed(446)
    layers = []
    for i in range(depth):
        layers += [torch.nn.Linear(32 if i else 1, 32), activation()]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(32, 1))
    for layer in model[::2] if start else []:
        start(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    return model


def lengths(model):
    # How long the gradient of each layer's weights is, from the first layer to the last.
    return [layer.weight.grad.norm().item() for layer in model[::2]]


def fade(model):
    # What is left of the last layer's gradient in the first layer.
    return lengths(model)[0] / lengths(model)[-1]


def tried(activation, start=None):
    # The same for a new network.
    model = deep(activation, start)
    criterion(model(x), y).backward()
    return fade(model)


criterion = torch.nn.MSELoss()
model = deep(torch.nn.Sigmoid)
sizes = ("below a million", "millions", "billions")
loss = criterion(model(x), y)
# @ask The way back begins at the last layer. How many times shorter is the gradient at the first?
#   -> sizes[(fade(model) < 1e-6) + (fade(model) < 1e-9)] | below a million | millions | billions
# At the last layer it is {lengths(model)[-1]:.3g} long, at the first {lengths(model)[0]:.3g}.
loss.backward()
# That is {fade(model):.3g} of it. On average a layer has passed on {share:.2g}: the slope of a
# sigmoid is 1/4 at most, and torch's start makes small weights.
share = fade(model) ** (1 / depth)

# %% Does it learn?
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
born = model[0].weight.detach().clone()
for _ in range(60):
    # The loss is {loss.item():.6f}.
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    # The gradient is {lengths(model)[0]:.2g} long at the first layer, {lengths(model)[-1]:.2g} at
    # the last.
    loss.backward()
    optimizer.step()
# @ask The loss has fallen. How many of the first layer's 32 weights have changed at all?
#   -> {0: "none", 32: "all"}.get(changed, "some") | none | some | all
# {changed} of 32. In float32 a weight plus a very small step is the same weight again.
changed = int((model[0].weight != born).sum())
# A last bias that learns alone finds the mean of y, and the variance remains, {variance:.6f}. The
# loss is {loss.item():.6f}. To find such a thing, print how long each layer's gradient is.
variance, stuck = y.var(correction=0).item(), loss.item()

# %% Other slopes, other starts
recipes = {
    "sigmoid": (torch.nn.Sigmoid, None),
    "tanh": (torch.nn.Tanh, None),
    "tanh, Xavier": (torch.nn.Tanh, torch.nn.init.xavier_normal_),
    "ReLU, He": (torch.nn.ReLU, torch.nn.init.kaiming_normal_),
}
# @ask The slope of tanh is up to 1. With tanh alone, does a tenth of the gradient get through?
#   -> tried(torch.nn.Tanh) > 0.1 | True | False
# Four recipes, one after the other: an activation, and how the weights begin.
ratios = {}
for name, (activation, start) in recipes.items():
    # {name}: the first gradient is {ratios[name]:.3g} of the last.
    ratios[name] = tried(activation, start)
# With tanh {ratios['tanh']:.2g} gets through, with the sigmoid {ratios['sigmoid']:.2g}. Torch's own
# start makes it less. Xavier's start draws larger weights, so that signals keep about their size on
# the way: {ratios['tanh, Xavier']:.2g}. He's start does this for ReLU: {ratios['ReLU, He']:.2g}.
print(ratios)

# %% The cure
cured = deep(torch.nn.Tanh, torch.nn.init.xavier_normal_)
optimizer = torch.optim.SGD(cured.parameters(), lr=lr)
for _ in range(60):
    # The loss is {loss.item():.6f}.
    loss = criterion(cured(x), y)
    optimizer.zero_grad()
    # The gradient is {lengths(cured)[0]:.2g} long at the first layer, {lengths(cured)[-1]:.2g} at
    # the last.
    loss.backward()
    optimizer.step()
print(f"stuck at {stuck:.6f}, cured {loss.item():.6f}")

# %% [markdown]
# ## Try it
# Set depth to 1, 2 and 5: where does the sigmoid begin to fail? With lr = 0.1 the cured network
# goes to nan: its first layers really move, so the rate counts again.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["two_layer", "dead_relu"]
# covers = ["P11"]
#
# [[tool.tutor.plot]]
# title = "the gradient of the broken network, layer by layer"
# bars = "{f'layer {i}': length for i, length in enumerate(lengths(model), 1)}"
# log = true
#
# [[tool.tutor.plot]]
# title = "the gradient of the cured network"
# bars = "{f'layer {i}': length for i, length in enumerate(lengths(cured), 1)}"
# log = true
#
# [[tool.tutor.plot]]
# title = "what is left of the gradient at the first layer"
# bars = "ratios"
# log = true
#
# [[tool.tutor.expect]]
# of = "[variance, changed]"
# is = [0.543868, 0]
# source = "the variance of the targets of 001_b89a922598a8289e.txt, section 2; float32"
#
# [[tool.tutor.expect]]
# of = "[ratios['sigmoid'] < 1e-8, 1e-3 < ratios['tanh'] < 0.1, 1 < ratios['tanh, Xavier'] < 3]"
# is = [true, true, true]
# source = "sigmoids let through 1/4 at most; Xavier's start keeps the size of signals"
#
# [[tool.tutor.expect]]
# of = "criterion(model(x), y).item()"
# is = 0.543868
# source = "a network whose last bias alone learns ends at the variance of the targets"
# ///
