# %% [markdown]
# # The gradient that blew up
# Weights that are too large multiply layer by layer, and one step is enough to make the loss nan.
#
# You need the lesson `vanish`: a gradient is multiplied by each layer on its way back. There it
# faded. Here somebody draws all weights from the standard normal distribution, because that sounds
# normal. You learn what clipping can do about it, and what it cannot.

# %% Fifteen points
import torch

spread = 1.0  # @param {type: "slider", min: 0.05, max: 1, step: 0.05}
depth = 10  # @param {type: "slider", min: 1, max: 10, step: 1}
lr = 0.01
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
def deep(start):
    # `depth` layers of 32 ReLU units, always from the same random numbers.
    torch.manual_seed(446)
    layers = []
    for i in range(depth):
        layers += [torch.nn.Linear(32 if i else 1, 32), torch.nn.ReLU()]
    layers.append(torch.nn.Linear(32, 1))
    for layer in layers[::2]:
        start(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    return torch.nn.Sequential(*layers)


def size(number):
    # A rough word for a number.
    words = ["below a hundred", "below a million", "a million or more"]
    return words[(number >= 1e2) + (number >= 1e6)] if number == number else "nan"


def length_of(model):
    # How long the gradient is, over all parameters.
    return torch.nn.utils.get_total_norm([p.grad for p in model.parameters()]).item()


def normal(weight):
    torch.nn.init.normal_(weight, std=spread)


criterion = torch.nn.MSELoss()
model = deep(normal)
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
# The targets are about 2, the predictions reach {model(x).abs().max().item():.3g}. Each unit adds
# up 32 products with weights of about {spread:g}, and the next layer does it again with these sums.
loss = criterion(model(x), y)
# @ask The way back meets the same weights again. How long is the gradient, over all parameters?
#   -> size(length_of(model)) | below a hundred | below a million | a million or more
# At the first layer it is {model[0].weight.grad.norm().item():.3g} long, at the last
# {model[-1].weight.grad.norm().item():.3g}. On the way back the same weights multiply once more.
loss.backward()
# Over all parameters its length is {length:.3g}. The step that it asks for is {lr * length:.3g}
# long, and a weight is about {spread:g}.
length = length_of(model)
optimizer.step()
# @ask The step has been taken. What is the loss now?
#   -> size(after_one) | below a hundred | below a million | a million or more | nan
# It is {after_one:.4g}. Where products of weights go beyond float32 they become inf, and inf minus
# inf is nan. From there on every weight stays nan, so look at the lengths before the first nan.
after_one = criterion(model(x), y).item()
print(f"length {length:.3g}, then loss {after_one:.4g}")

# %% Clipped
clipped = deep(normal)
born = torch.nn.utils.parameters_to_vector(clipped.parameters()).detach()
optimizer = torch.optim.SGD(clipped.parameters(), lr=lr)
for _ in range(200):
    # The loss is {loss.item():.4g}.
    loss = criterion(clipped(x), y)
    optimizer.zero_grad()
    loss.backward()
    # A gradient longer than 1 is shortened to 1; its direction stays. This one was {found:.3g}.
    found = torch.nn.utils.clip_grad_norm_(clipped.parameters(), 1.0).item()
    optimizer.step()
clipped_loss = loss.item()
walked = torch.nn.utils.parameters_to_vector(clipped.parameters()).detach() - born
# @ask All weights together form one long vector. After 200 clipped steps, is a tenth of it changed?
#   -> share > 0.1 | True | False
# The change is {share:.2g} of its length, and the loss is {clipped_loss:.3g}. No step was longer
# than {lr:g}: clipping takes the harm out of a single step, but weights that were too large still
# are.
share = (walked.norm() / born.norm()).item()
print(f"clipped {clipped_loss:.3g}")

# %% The cure
# Each unit adds up 32 products, and a ReLU lets through about half of what comes. With weights of
# about {even:g} the two cancel out, and signals keep their size.
even = (2 / 32) ** 0.5
# That is He's start, and torch has it ready.
cured = deep(torch.nn.init.kaiming_normal_)
optimizer = torch.optim.SGD(cured.parameters(), lr=lr)
for _ in range(200):
    # The loss is {loss.item():.4g}.
    loss = criterion(cured(x), y)
    optimizer.zero_grad()
    loss.backward()
    # The gradient was {found:.3g} long. Here clipping is in its place: it shortens the steep steps.
    found = torch.nn.utils.clip_grad_norm_(cured.parameters(), 1.0).item()
    optimizer.step()
print(f"length {length:.2g}, clipped {clipped_loss:.2g}, cured {loss.item():.4f}")

# %% [markdown]
# ## Try it
# Set `spread` to 0.25, which is He's, and to 0.05: there the gradient fades, as in `vanish`. From
# 0.35 on the one step makes the loss larger. With `depth` at 1 even a spread of 1 does no harm.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["vanish"]
# covers = ["P12"]
#
# [[tool.tutor.plot]]
# title = "the gradient of the broken network, layer by layer"
# bars = "{f'layer {i}': m.weight.grad.norm() for i, m in enumerate(model[::2], 1)}"
# log = true
#
# [[tool.tutor.plot]]
# title = "the gradient from He's start"
# bars = "{f'layer {i}': m.weight.grad.norm() for i, m in enumerate(cured[::2], 1)}"
# log = true
#
# [[tool.tutor.plot]]
# title = "what the cured network says"
# points = ["x.flatten()", "y.flatten()"]
# lines = [["x.flatten().sort().values", "cured(x.sort(dim=0).values).flatten()", "He's start"]]
#
# [[tool.tutor.expect]]
# of = "[length > 1e12, after_one, clipped_loss > 1e3, loss.item() < 1]"
# is = [true, nan, true, true]
# source = "normal weights multiply by about 4 a layer, there and back; He's keep the size"
# ///
