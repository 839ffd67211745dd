# %% [markdown]
# # The list that was empty
# `parameters()` can be read through only once, and it finds only layers that are registered.
#
# You need the lesson `modules`, in which parameters register themselves. Here an optimizer
# complains that there are none, and the model has them all. You learn two causes of the same words.

# %% The broken run
import torch

width = 8  # @param {type: "slider", min: 1, max: 32, step: 1}
depth = 3  # @param {type: "slider", min: 0, max: 6, step: 1}
torch.manual_seed(446)
model = torch.nn.Sequential(torch.nn.Linear(1, width), torch.nn.Tanh(), torch.nn.Linear(width, 1))
parameters = model.parameters()
# How large is it? The sum asks for one parameter after the other, {count} numbers in all.
count = sum(parameter.numel() for parameter in parameters)
try:
    # @ask The model has four parameters. How many does the optimizer find?
    #   -> len(list(parameters)) | 0 | 2 | 4
    # It gets the same `parameters` that the sum has just gone through.
    optimizer = torch.optim.SGD(parameters, lr=0.1)
except ValueError as error:
    # Torch says: {refusal}
    refusal = str(error)
# How to read it: the optimizer went through what it was given and found nothing. Look for who went
# through it before. `parameters()` gives no list but a {type(parameters).__name__}: it hands out
# each thing once, and has nothing left afterwards.
print(refusal)

# %% The cure
# A list can be read through as often as you like.
parameters = list(model.parameters())
count = sum(parameter.numel() for parameter in parameters)
# @ask Again a sum has been there first. How many parameters does the optimizer find in the list?
#   -> len(optimizer.param_groups[0]["params"]) | 0 | 2 | 4
# All {len(parameters)}: a weight and a bias in each of two layers.
optimizer = torch.optim.SGD(parameters, lr=0.1)
assert count == 3 * width + 1


# %% The same words, another cause
class Stack(torch.nn.Module):
    def __init__(self, holder):
        super().__init__()
        # The holder is what keeps the layers together: `list`, or `torch.nn.ModuleList`.
        self.layers = holder([torch.nn.Linear(1, 1) for _ in range(depth)])

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x


listed = Stack(list)
try:
    # Its {depth} layers are in a Python list. This time nobody has gone through the parameters
    # before, and `list(...)` is around them as well.
    optimizer = torch.optim.SGD(list(listed.parameters()), lr=0.1)
except ValueError as error:
    # The same words: {again}
    again = str(error)
# How to read it here: there never were any. A module registers what is assigned to it if that is a
# module or a parameter. A Python list is neither, and nobody looks inside.
print(again)


# %% The same cause without words
class Headed(Stack):
    def __init__(self, holder):
        super().__init__(holder)
        # One layer is assigned directly.
        self.head = torch.nn.Linear(1, 1)

    def forward(self, x):
        return self.head(super().forward(x))


x = torch.tensor([[0.5], [1.0]])


def train(model, passes=20):
    # How many of the stacked layers have moved after so many steps.
    before = [layer.weight.item() for layer in model.layers]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(passes):
        loss = ((model(x) - 2 * x) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return sum(layer.weight.item() != old for layer, old in zip(model.layers, before, strict=True))


torch.manual_seed(446)
silent = Headed(list)
# @ask The head is found, so there is no error. Which layers learn in 20 steps?
#   -> "the head alone" if moved == 0 else "all" | none | the head alone | all
# Of the {depth} layers in the list {moved} moved. Worse than the error: the loss falls, for the
# head learns, and nothing tells that it does so alone.
moved = train(silent)
torch.manual_seed(446)
cured = Headed(torch.nn.ModuleList)
# In a `ModuleList` they are found: {cured_moved} of {depth} moved.
cured_moved = train(cured)
# What a model has registered can be counted: {found} parameters against {missed} in the silent one.
found, missed = len(list(cured.parameters())), len(list(silent.parameters()))
assert cured_moved == depth and found == missed + 2 * depth
print(f"{missed} parameters with a list, {found} with a ModuleList")

# %% [markdown]
# ## Try it
# Turn `depth` up: `found` grows and `missed` does not. With depth = 0 even a ModuleList has nothing
# in it, and the list does no harm.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# after = ["modules"]
# covers = ["P16"]
#
# [[tool.tutor.raises]]
# cell = "The broken run"
# error = "ValueError: optimizer got an empty parameter list"
#
# [[tool.tutor.raises]]
# cell = "The same words, another cause"
# error = "ValueError: optimizer got an empty parameter list"
#
# [[tool.tutor.plot]]
# title = "parameters that the optimizer can find"
# bars = "{'list': missed, 'ModuleList': found}"
#
# [[tool.tutor.expect]]
# of = "[refusal == again, refusal]"
# is = [true, "optimizer got an empty parameter list"]
# source = "torch's own words"
#
# [[tool.tutor.expect]]
# of = "[count, found, missed, moved, cured_moved]"
# is = [25, 8, 2, 0, 3]
# source = "8 + 8 + 8 + 1 numbers; two parameters a layer"
# ///
