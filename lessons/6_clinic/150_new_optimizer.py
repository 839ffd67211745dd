# %% [markdown]
# # The optimizer that forgets
# An optimizer remembers past steps and its parameters: build it once, when the model is complete.
#
# You need the lesson `ravine`: momentum adds up slopes, and for that the optimizer keeps a velocity
# for each parameter. The points are the three on y = 2x, and w begins at 1. Here the training has
# been tidied: what an epoch needs is built where the epoch begins. Now it has become slow, and you
# learn what an optimizer keeps between two steps.

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
    # The loss is {loss.item():.6g}.
    loss = loss_of(w)
    # The slope along w is {w.grad.item():.6g}.
    loss.backward()
    # Now w = {w.item():.7g}. What the optimizer has learned of the direction is lost when the next
    # pass builds an optimizer of its own.
    optimizer.step()
    path.append(w.item())
broken = w.item()

# %% What it did
w = torch.tensor(1.0, requires_grad=True)
# @ask This walk has no momentum at all. Will it end at the same w as the broken run?
#   -> remembered == 0 | True | False
plain = torch.optim.SGD([w], lr=lr)
for _ in range(100):
    plain.zero_grad()
    # Without momentum the loss is {loss.item():.6g}.
    loss = loss_of(w)
    loss.backward()
    plain.step()
# Without momentum w is {w.item():.7g}, and the broken run had {broken:.7g}. A first step has no
# past to add, and the broken run took nothing but first steps. No message, no wild loss, only a
# training that is slower than it was meant to be.
same = w.item() == broken
print(f"broken {broken:.7g}, without momentum {w.item():.7g}")

# %% The cure
w = torch.tensor(1.0, requires_grad=True)
# Once, in front of the loop.
optimizer = torch.optim.SGD([w], lr=lr, momentum=momentum)
cured_path = [w.item()]
for _ in range(100):
    optimizer.zero_grad()
    # The loss is {loss.item():.6g}.
    loss = loss_of(w)
    loss.backward()
    # The velocity is {optimizer.state[w]["momentum_buffer"].item():.5g}, beside a slope
    # of {w.grad.item():.5g}, and w = {w.item():.7g}.
    optimizer.step()
    cured_path.append(w.item())
# From the same start the broken run ended at {broken:.7g}, the cured one at {cured:.7g}.
cured = w.item()
print(f"cured {cured:.7g}")

# %% The other half of its memory
torch.manual_seed(446)
model = torch.nn.Linear(1, 1, bias=False)
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
first = model.weight
# Somebody sets the start after the optimizer was built: a new parameter under the old name.
model.weight = torch.nn.Parameter(torch.tensor([[1.0]]))
held = optimizer.param_groups[0]["params"][0]
# @ask The optimizer was built with the first weight, the model uses the new one. Which will move?
#   -> "the new" if held is model.weight else "neither" | the new | the first | neither
# Watch both weights, and who gets a gradient.
born = first.item()
for _ in range(5):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x.view(-1, 1)), y.view(-1, 1))
    # The model's weight has the gradient {model.weight.grad.item():.6g}; the first one's is
    # {first.grad}.
    loss.backward()
    optimizer.step()
# The list of those that have moved: {moved}. The optimizer still holds the first weight, which gets
# no gradient any more. And its `zero_grad` does not know the new one, so there the gradients of
# five passes have added up, to {model.weight.grad.item():.6g}.
moved = ["the new"] * (model.weight.item() != 1) + ["the first"] * (first.item() != born)
print(f"new {model.weight.item():g}, gradient {model.weight.grad.item():.6g}")

# %% The cure for that
with torch.no_grad():
    # Write the new number into the parameter that is there: it stays the same object.
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
