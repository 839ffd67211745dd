# %% [markdown]
# # The optimizer that forgets
# An optimizer remembers its past and its parameters, so build it once, after the model is complete.
#
# You need the lesson `ravine`: momentum adds up slopes, and for that the optimizer keeps a velocity
# for each parameter. The points are the three on y = 2x, and w begins at 1. Here the training has
# been moved into a tidy function, and it has become slow.

# %% The broken run
import torch

lr = 0.001  # @param {type: "slider", min: 0.001, max: 0.25, step: 0.001}
momentum = 0.9  # @param {type: "slider", min: 0.5, max: 0.99, step: 0.01}
x = torch.tensor([1.0, 2.0, 3.0])
y = 2 * x


def loss_of(w):
    return ((w * x - y) ** 2).mean()


w = torch.tensor(1.0, requires_grad=True)
path = [w.item()]
for _ in range(100):
    optimizer = torch.optim.SGD([w], lr=lr, momentum=momentum)
    # A new optimizer knows nothing yet: it holds {remembered} velocities.
    remembered = len(optimizer.state)
    optimizer.zero_grad()
    # The loss is {loss.item():.6f}.
    loss = loss_of(w)
    # The slope along w is {w.grad.item():.6f}.
    loss.backward()
    # A first step is as long as one without momentum; now w = {w.item():.6f}. What has been
    # learned of the direction goes when the next pass builds an optimizer of its own.
    optimizer.step()
    path.append(w.item())
broken = w.item()

# %% What it did
w = torch.tensor(1.0, requires_grad=True)
plain = torch.optim.SGD([w], lr=lr)
for _ in range(100):
    plain.zero_grad()
    # Without momentum the loss is {loss.item():.6f}.
    loss = loss_of(w)
    loss.backward()
    plain.step()
# @ask A walk without any momentum, beside the one that asked for it. Do they end at the same w?
#   -> same | True | False
# Without it w is {w.item():.6f}, and the broken run had {broken:.6f}: its momentum did nothing. No
# message, no wild loss, only a training that is slower than it was meant to be.
same = w.item() == broken
assert same
print(f"broken {broken:.6f}, without momentum {w.item():.6f}")

# %% The cure
w = torch.tensor(1.0, requires_grad=True)
# Once, in front of the loop.
optimizer = torch.optim.SGD([w], lr=lr, momentum=momentum)
cured_path = [w.item()]
for _ in range(100):
    optimizer.zero_grad()
    # The loss is {loss.item():.6f}.
    loss = loss_of(w)
    loss.backward()
    # The velocity has grown to {optimizer.state[w]["momentum_buffer"].item():.5g}, beside a slope
    # of {w.grad.item():.5g}, and w = {w.item():.6f}.
    optimizer.step()
    cured_path.append(w.item())
# @ask Which of the two runs came nearer to w = 2?
#   -> "the cured" if abs(cured - 2) < abs(broken - 2) else "the broken" | the cured | the broken
# The broken run ended at {broken:.6f}, the cured one at {cured:.6f}.
cured = w.item()
print(f"cured {cured:.6f}")

# %% The other half of its memory
torch.manual_seed(446)
model = torch.nn.Linear(1, 1, bias=False)
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
first = model.weight
# Somebody sets the start after the optimizer was built: a new parameter under the old name.
model.weight = torch.nn.Parameter(torch.tensor([[1.0]]))
born = first.item()
for _ in range(5):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x.view(-1, 1)), y.view(-1, 1))
    # The model's weight has the gradient {model.weight.grad.item():.6g}; the first one's is
    # {first.grad}.
    loss.backward()
    optimizer.step()
# @ask The optimizer was built with the first weight, the model uses the new one. Which has moved?
#   -> " ".join(moved) or "neither" | the new | the first | neither
# Neither. The optimizer still holds the first weight, which gets no gradient any more. And its
# `zero_grad` does not know the new one, so there gradients add up: {model.weight.grad.item():.6g}.
moved = ["the new"] * (model.weight.item() != 1) + ["the first"] * (first.item() != born)
print(f"new {model.weight.item():g}, gradient {model.weight.grad.item():.6g}")

# %% The cure for that
with torch.no_grad():
    # Write new numbers into the parameter that is there, and it stays the same object.
    first.fill_(1.0)
model.weight = first
optimizer.zero_grad()
torch.nn.functional.mse_loss(model(x.view(-1, 1)), y.view(-1, 1)).backward()
# The same optimizer now moves what the model uses: w = {model.weight.item():.6f}.
optimizer.step()
assert optimizer.param_groups[0]["params"][0] is model.weight and model.weight != 1

# %% [markdown]
# ## Try it
# Set `lr` to 0.25, a rate beyond the limit for plain descent. The broken run flies off, for it is
# plain descent; with its memory the cured run comes back.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["ravine"]
# covers = ["P15"]
#
# [[tool.tutor.plot]]
# title = "w, pass by pass"
# lines = [
#   ["list(range(len(path)))", "path", "a new optimizer each time"],
#   ["list(range(len(cured_path)))", "cured_path", "one optimizer"],
# ]
#
# [[tool.tutor.plot]]
# title = "the loss over w"
# of = "((u * x - y) ** 2).mean()"
# over = { u = [0, 4] }
# at = ["w"]
#
# [[tool.tutor.expect]]
# of = "[broken, cured]"
# is = [1.608479, 2.000207]
# source = "003_7eac1f8e59c11a0f.txt, section 3: its points, w = 1, 100 steps by SGD(0.001, 0.9)"
#
# [[tool.tutor.expect]]
# of = "broken"
# is = 1.608479
# source = "2 - (1 - 28/3 · 0.001)^100: plain descent"
#
# [[tool.tutor.expect]]
# of = "[model.weight.grad.item(), optimizer.state_dict()['param_groups'][0]['params'], moved]"
# is = [-9.3333333, [0], []]
# source = "003_7eac1f8e59c11a0f.txt, section 3: the slope at w = 1"
# ///
