# %% [markdown]
# # Modules keep the numbers
# A module is a function that owns the numbers it computes with, and can hand you all of them.
#
# In the lesson `two_layer` we held each weight under a name of our own. What a shape is you know
# from `shapes`. Here torch keeps the weights, and we look for where it keeps them.

# %% A layer
import torch

hidden = 4  # @param {type: "slider", min: 1, max: 8, step: 1}
registered = True  # @param {type: "boolean"}


def draw_ahead():
    # Draws that come before, as in a longer script. The layers then get the numbers of that script.
    torch.randn(10000, 3, 28, 28)
    torch.rand(10)
    torch.randn(50, 2)
    torch.randn(50, 1)


# A layer's numbers are drawn at random. With a seed they are the same each time.
torch.manual_seed(446)
draw_ahead()
# @ask Each of 4 outputs is made of all 3 inputs. How many numbers does `Linear(3, 4)` own?
#   -> layer.weight.numel() + layer.bias.numel() | 7 | 12 | 16
# A weight for each pair of input and output, {layer.weight.numel()}, and a bias for each output,
# {layer.bias.numel()}. The first of them is {layer.weight[0, 0].item():.6f}.
layer = torch.nn.Linear(3, 4)
# Two samples, a row each: {list(example.shape)}.
example = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
# Called like a function, a layer takes rows of 3 and gives rows of 4: {list(transformed.shape)}.
transformed = layer(example)
# What it did: each row of the weight belongs to one output, so it is turned round first.
by_hand = example @ layer.weight.t() + layer.bias
assert torch.allclose(transformed, by_hand, atol=1e-5)

# %% Modules without numbers
# A bend such as ReLU owns nothing, {list(bend.parameters())}, and yet it is a module like others.
bend = torch.nn.ReLU()
# It cuts off what is negative: {activated.tolist()}.
activated = bend(torch.tensor([-1.0, 1.0, 0.0]))

# %% A module of modules
# One behind the other: 3 numbers go in, {hidden} lie in between, one from 0 to 1 comes out.
model = torch.nn.Sequential(
    torch.nn.Linear(3, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, 1), torch.nn.Sigmoid()
)
# The two rows become {output[0].item():.6f} and {output[1].item():.6f}.
output = model(example)
# Each number has a path for a name. Modules 1 and 3 own nothing: {shapes}.
shapes = {name: list(parameter.shape) for name, parameter in model.named_parameters()}
# `parameters()` hands them over one after the other.
parameters = model.parameters()
# It came to {total} numbers, in all layers together.
total = sum(parameter.numel() for parameter in parameters)
# @ask The very same line once more. What is the sum now? -> again | 0 | 4 | 21
# {again}: whoever handed them over has reached the end and has nothing left. If you need them
# twice, call `parameters()` twice, or keep `list(model.parameters())`.
again = sum(parameter.numel() for parameter in parameters)


# %% A module of our own
class Line(torch.nn.Module):
    def __init__(self):
        # First of all the module gets its lists ready, on which it will write what it owns.
        super().__init__()
        # Layers and parameters go on the lists when they become attributes, plain tensors do not.
        self.linear = torch.nn.Linear(1, 1)
        scale = torch.tensor(2.0, requires_grad=True)
        self.scale = torch.nn.Parameter(scale) if registered else scale

    def forward(self, x):
        return self.scale * self.linear(x)


line = Line()
# What is on its lists: {owned}. What is missing there, no optimizer will ever move.
owned = [name for name, _ in line.named_parameters()]
# Calling the model runs our `forward`, and torch watches it as it watches everything.
loss = line(torch.tensor([[1.0]])).square().sum()
# @ask We wrote `forward`. Has `Module` written the `backward` that belongs to it?
#   -> hasattr(line, "backward") | True | False
# There is none, and none is missing: the way back belongs to the graph, which `forward` has just
# left behind. It leads even to what is on no list: scale gets {line.scale.grad.item():.4f}.
loss.backward()
print(total, again, owned)

# %% [markdown]
# ## Try it
# Count before you turn `hidden` to 8: how many numbers will the `Sequential` own? Then switch
# `registered` off: `scale` still works and still gets a gradient, but the module has lost it.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["shapes", "two_layer"]
# covers = ["C11", "C12", "C13", "D7"]
#
# [[tool.tutor.plot]]
# title = "how many numbers each parameter holds"
# bars = "{name: parameter.numel() for name, parameter in model.named_parameters()}"
#
# [[tool.tutor.expect]]
# of = "[layer.weight.tolist(), layer.bias.tolist()]"
# is = [
#   [
#     [0.5260200, 0.4925358, -0.0886689], [0.3943942, 0.4079641, 0.2181913],
#     [-0.1408790, 0.0517677, 0.3034400], [0.0912705, 0.2452396, -0.2616284],
#   ],
#   [0.5020601, 0.0118447, 0.1383454, 0.4756547],
# ]
# source = "002_991e0ef1df399e3d.txt, section 10, drawn with seed 446"
#
# [[tool.tutor.expect]]
# of = "[list(example.shape), list(transformed.shape), layer.weight.numel() + layer.bias.numel()]"
# is = [[2, 3], [2, 4], 16]
# source = "002_991e0ef1df399e3d.txt, section 10"
#
# [[tool.tutor.expect]]
# of = "activated.tolist()"
# is = [0.0, 1.0, 0.0]
# source = "002_991e0ef1df399e3d.txt, section 11"
#
# [[tool.tutor.expect]]
# of = "output.flatten().tolist()"
# is = [0.5130481, 0.4843318]
# source = "002_991e0ef1df399e3d.txt, section 12, drawn with seed 446"
#
# [[tool.tutor.expect]]
# of = "[parameter.flatten().tolist() for parameter in model.parameters()]"
# is = [
#   [
#     -0.3128165, 0.2706909, -0.3951536, 0.1285425, 0.1776517, -0.4674634,
#     0.0451878, -0.5629825, -0.1999312, 0.5431138, 0.0524365, 0.1126109,
#   ],
#   [0.2683454, -0.2360539, 0.2769316, -0.1380175],
#   [0.4902361, -0.0927924, -0.2906954, 0.0733973],
#   [-0.0393565],
# ]
# source = "002_991e0ef1df399e3d.txt, section 13, drawn with seed 446"
#
# [[tool.tutor.expect]]
# of = "[total, again, owned]"
# is = [21, 0, ["scale", "linear.weight", "linear.bias"]]
# source = "002_991e0ef1df399e3d.txt, section 13: its 21 numbers; an iterator ends once"
# ///
