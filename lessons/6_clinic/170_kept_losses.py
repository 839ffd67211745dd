# %% [markdown]
# # The list that kept everything
# A loss is the end of a graph, and who keeps the loss keeps the graph.
#
# You need the lessons `graph` and `memorise`. A network learns to answer one single vector, and
# the losses are collected in a list, to be plotted later. You learn what else that list keeps.

# %% One vector to learn
import numpy as np
import torch

passes = 500  # @param {type: "slider", min: 50, max: 500, step: 50}
batch = 256  # @param {type: "slider", min: 1, max: 4096, step: 1}
torch.manual_seed(446)
x = torch.randn(100)
model = torch.nn.Sequential(torch.nn.Linear(100, 300), torch.nn.ReLU(), torch.nn.Linear(300, 100))
start = {name: value.clone() for name, value in model.state_dict().items()}
target = 0.5 * x + 0.3
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)


def kept_nodes(losses):
    # Every node that can still be reached from the losses, each counted once.
    seen, waiting = set(), [loss.grad_fn for loss in losses]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [parent for parent, _ in node.next_functions]
    return len(seen)


# %% The broken run
losses = []
for _ in range(passes):
    # The loss is {loss.item():.6g}. It looks like a number.
    loss = criterion(model(x), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    # What is kept is the tensor, and its way back begins at {losses[-1].grad_fn.name()}.
    losses.append(loss)
# The graph of one pass has {one} nodes. Four of them belong to the 4 parameters, and all passes
# share those.
one = kept_nodes(losses[:1])
# @ask All passes are over, and each did its `backward()`. How many graphs does the list keep?
#   -> "none" if kept == 0 else "one" if kept == one else "all" | none | one | all
# {kept} nodes are still there, {(kept - 4) / passes:g} for each loss. `backward()` lets go of the
# values in a graph, but the graph itself lives as long as somebody holds on to its end.
kept = kept_nodes(losses)

# %% Time to plot
try:
    # @ask A list of losses, as an array for a plot. What does numpy make of it?
    #   -> "an error" if losses[0].requires_grad else "numbers" | numbers | graphs | an error
    # Numpy asks each loss for its number.
    curve = np.array(losses)
except RuntimeError as error:
    # It says: {refusal}
    refusal = str(error)
# How to read it: an array has no graph, so torch will not silently drop the one that is there.
# `detach()` drops it openly; but until then all the graphs have been kept for nothing.
print(refusal)

# %% A loss that is only watched
inputs = torch.randn(batch, 100)
weights = {parameter.data_ptr() for parameter in model.parameters()}


def bytes_saved(measure):
    # How much torch puts aside for the way back, without the weights, which are there anyway.
    saved = {}

    def pack(tensor):
        saved[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        measure()
    return sum(size for place, size in saved.items() if place not in weights)


def measure():
    return criterion(model(inputs), 0.5 * inputs + 0.3)


# A loss that never gets a `backward()` keeps the values in its graph, too: {held} bytes for a loss
# over {batch} vectors.
held = bytes_saved(measure)
# @ask The same loss, measured under `no_grad`. How many bytes does it hold?
#   -> quiet | 0 | 4 | 614400
# It holds {quiet}: what is only measured needs no graph at all.
quiet = bytes_saved(torch.no_grad()(measure))

# %% The cure
model.load_state_dict(start)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
numbers = []
for _ in range(passes):
    # The loss is {loss.item():.6g}.
    loss = criterion(model(x), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    # `item()` gives {numbers[-1]:.6g}, a Python number. No graph hangs on it.
    numbers.append(loss.item())
# The same curve, and it can be plotted: from {curve[0]:.6f} to {curve[-1]:.3g}.
curve = np.array(numbers)
assert np.array_equal(curve, [loss.item() for loss in losses], equal_nan=True)
print(f"{kept} nodes were kept for {passes} numbers")

# %% [markdown]
# ## Try it
# Turn `passes` down and up and look at `kept`: it grows with each loss that is kept. With
# `batch` at 4096 look at `held`, and think of a few hundred such losses in a list: a machine that
# runs out of memory after hours of training has often met one.

# /// script
# dependencies = ["torch", "numpy"]
#
# [tool.tutor]
# loss = "loss"
# after = ["graph", "memorise"]
# covers = ["A1", "P17"]
#
# [[tool.tutor.raises]]
# cell = "Time to plot"
# error = "RuntimeError: Can't call numpy() on Tensor that requires grad."
#
# [[tool.tutor.plot]]
# title = "the loss, from the numbers"
# lines = [["list(range(len(numbers)))", "numbers"]]
# log = true
#
# [[tool.tutor.plot]]
# title = "nodes kept"
# bars = "{'one pass': one, 'all passes': kept}"
#
# [[tool.tutor.expect]]
# of = "[kept, one, (kept - 4) / passes]"
# is = [4504, 13, 9]
# source = "000_882c469dd17d8fe3.txt, section 1: what its list of losses keeps"
#
# [[tool.tutor.expect]]
# of = "[held, quiet]"
# is = [614400, 0]
# source = "256 · (100 + 300 + 100 + 100) numbers of 4 bytes: input, hidden layer, output, target"
#
# [[tool.tutor.expect]]
# of = "[numbers[0], numbers[1], numbers[99]]"
# is = [0.4236671, 0.4131226, 0.0287809]
# source = "000_882c469dd17d8fe3.txt, section 1, with the vector drawn first, then the network"
# device = "cpu"
#
# [[tool.tutor.expect]]
# of = "numbers[499]"
# is = 4.0e-8
# rtol = 1e-2
# atol = 0
# source = "000_882c469dd17d8fe3.txt, section 1, with the vector drawn first, then the network"
# device = "cpu"
# ///
