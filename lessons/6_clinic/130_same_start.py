# %% [markdown]
# # Eight units that are one
# Units that begin alike get the same gradient and stay alike, so a start must be random.
#
# You need the lesson `fifteen_points`, and `dead_relu`, whose network of eight hidden units we
# take. A line could begin at w = 0 and b = 0, and learned well. Can a network?

# %% Fifteen points
import torch

value = 0.5  # @param {type: "slider", min: 0, max: 0.9, step: 0.1}
lr = 0.2  # @param {type: "slider", min: 0.05, max: 0.6, step: 0.05}
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
criterion = torch.nn.MSELoss()


def network(value=None):
    torch.manual_seed(446)
    model = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    if value is not None:
        for parameter in model.parameters():
            torch.nn.init.constant_(parameter, value)
    return model


def slopes(model):
    # The names of the parameters whose gradient is not 0.
    criterion(model(x), y).backward()
    return " and ".join(name for name, p in model.named_parameters() if p.grad.any())


def kinds(model):
    # How many different slopes the first weights of the units get.
    criterion(model(x), y).backward()
    return len(model[0].weight.grad.unique())


# %% All zeros
model = network(0.0)
# @ask All are 0: weight and bias of layer 0, and of layer 2 behind the ReLU. Which can move?
#   -> slopes(network(0.0)) | 2.weight and 2.bias | 2.bias | none | all
# Watch their slopes in the next passes.
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(100):
    # The loss is {loss.item():.6f}.
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    # The last bias has the slope {model[2].bias.grad.item():.4g}. The last weights have a gradient
    # of length {model[2].weight.grad.norm().item():g}, the first ones of
    # {model[0].weight.grad.norm().item():g}.
    loss.backward()
    optimizer.step()
# Only {moved[0]} has left 0. The units give 0, so the weights behind them do not matter; and while
# those are 0, what the units give does not matter. Each waits for the other.
moved = [name for name, parameter in model.named_parameters() if parameter.any()]
variance = y.var(correction=0).item()
# One number can learn the mean of y, no more. The loss, {zero_loss:.6f}, is the variance of y.
zero_loss = criterion(model(x), y).item()
print(f"zeros {zero_loss:.6f}, variance {variance:.6f}")

# %% All the same
# Another task: a V. Its two sides need at least two units, one for each, so eight are plenty.
x = torch.linspace(-1, 1, 15).view(-1, 1)
y = x.abs()
model = network(value)
# @ask Eight units start alike, and the task needs two. How many different slopes do they get?
#   -> kinds(network(value)) | 1 | 2 | 8
# Watch the slopes of the first and of the eighth unit.
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
for _ in range(300):
    # The loss is {loss.item():.6f}.
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    # The first unit has the slope {model[0].weight.grad[0].item():.4g}, the eighth
    # {model[0].weight.grad[7].item():.4g}.
    loss.backward()
    optimizer.step()
same_loss = loss.item()
units = torch.cat([model[0].weight.detach().flatten(), model[0].bias.detach()]).view(2, 8)
# Different units after 300 passes: {different}. What begins alike and gets the same slopes stays
# alike in every step: the network has eight units and can do what one can. Its loss is
# {same_loss:.6f}.
different = len({tuple(unit) for unit in (units * 1e4).round().T.tolist()})

# %% The cure
cured = network()
optimizer = torch.optim.SGD(cured.parameters(), lr=lr)
for _ in range(300):
    # The loss is {loss.item():.6f}.
    loss = criterion(cured(x), y)
    optimizer.zero_grad()
    # The first unit has the slope {cured[0].weight.grad[0].item():.4g}, the eighth
    # {cured[0].weight.grad[7].item():.4g}: they began at different places.
    loss.backward()
    optimizer.step()
# From {same_loss:.6f} to {loss.item():.6f}. Chance does not have to be clever here. It only has to
# make a difference, and the gradient does the rest. (Biases may begin at 0: random weights differ
# enough.)
assert not torch.equal(cured[0].weight[0], cured[0].weight[7])
print(f"the same {same_loss:.6f}, random {loss.item():.6f}")

# %% [markdown]
# ## Try it
# Set `value` to 0, and the second task meets the fate of the first. With 0.9 eight equal steps
# together are too long for lr = 0.2, and all units die at once, as in the lesson `dead_relu`.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["fifteen_points", "dead_relu"]
# covers = ["P13"]
#
# [[tool.tutor.plot]]
# title = "what the networks say"
# points = ["x.flatten()", "y.flatten()"]
# lines = [
#   ["x.flatten()", "model(x).flatten()", "all the same"],
#   ["x.flatten()", "cured(x).flatten()", "random"],
# ]
#
# [[tool.tutor.plot]]
# title = "the first weights of the eight units"
# bars = "{f'unit {i}': w for i, w in enumerate(model[0].weight[:, 0], 1)}"
#
# [[tool.tutor.plot]]
# title = "the same after a random start"
# bars = "{f'unit {i}': w for i, w in enumerate(cured[0].weight[:, 0], 1)}"
#
# [[tool.tutor.expect]]
# of = "[zero_loss, variance]"
# is = [0.543868, 0.543868]
# source = "the variance of the targets of 001_b89a922598a8289e.txt, section 2"
#
# [[tool.tutor.expect]]
# of = "[moved, different]"
# is = [["2.bias"], 1]
# source = "a product with 0 has no slope; equal units get equal slopes"
#
# [[tool.tutor.expect]]
# of = "[same_loss > 0.05, loss.item() < 0.001]"
# is = [true, true]
# source = "one hinge cannot bend twice, two can make a V"
# ///
