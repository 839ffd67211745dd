# %% [markdown]
# # Backward from more than one number
# `backward(v)` begins with v where a loss would begin with 1, so it can begin at a whole table.
#
# You know the way back from one number, node by node, from the lesson `chain`, and the walk
# downhill from `descend`.
#
# Four numbers walk down f = x² + 2x + 1 at once, and f is a table of four as well. Whoever
# calls `backward` on a table must say how much each number in it counts: that is v.

# %% Four numbers
import torch

lr = 0.1
second_row = 1.0  # @param {type: "slider", min: 0, max: 12, step: 0.5}
x = torch.tensor([[0.50392, 0.01828], [0.47652, 0.17258]], requires_grad=True)
# A weight for each number of f, so it has the shape of f. The first row counts once, the second
# row {second_row:g} times.
v = torch.tensor([[1.0, 1.0], [second_row, second_row]])
slopes = []

# %% Walk down
for step in range(5):
    # Each number of f is made of one number of x: they stand side by side and never meet.
    f = x**2 + 2 * x + 1
    # The slope of each is 2x + 2. From f's gradient v the chain rule makes v · (2x + 2).
    by_hand = v * (2 * x.detach() + 2)
    # Autograd does the same, though f is not a single number. At the top left it found
    # {x.grad[0, 0].item():.4f}, below it {x.grad[1, 0].item():.4f}.
    f.backward(v)
    slopes.append(x.grad.clone())
    with torch.no_grad():
        # Against the slopes: the left column is now at {x[0, 0].item():.4f} and
        # {x[1, 0].item():.4f}.
        x -= lr * x.grad
    # The next gradient is not to be added to this one.
    x.grad.zero_()
    print(step, slopes[-1])
print(x.detach())

# %% The same from a single number
# Two copies of the place where x is now, to ask for its slopes in two ways.
first = x.detach().clone().requires_grad_()
second = x.detach().clone().requires_grad_()
# The first way: v is given.
(first**2 + 2 * first + 1).backward(v)
# The second way: a table that we keep an eye on, and a loss in which each number counts v times.
g = second**2 + 2 * second + 1
g.retain_grad()
loss = (v * g).sum()
# @ask Now the loss is one number, and nobody passes v. Will `second.grad` equal `first.grad`?
#   -> torch.equal(first.grad, second.grad) | True | False
# They are the same: what came back from the loss to the table is v itself, {g.grad.tolist()}. So v
# is the gradient of a loss that comes later, whether it is written down or not.
loss.backward()
assert torch.equal(g.grad, v) and torch.equal(first.grad, second.grad)

# %% What v does to the walk
# A row weighted v times walks as if its rate were v · lr: each step keeps {keeps[0].item():g} of
# the first row's way to the bottom and {keeps[1].item():g} of the second row's.
keeps = 1 - 2 * lr * v[:, 0]
assert torch.allclose(slopes[4], slopes[0] * keeps[:, None] ** 4, rtol=1e-4, atol=1e-4)
# @ask The slider goes up to 12. With 11 for the second row, would that row reach the bottom?
#   -> abs(1 - 2 * lr * 11) < 1 | True | False
# A step would keep {kept:g} of the way: over the bottom, and farther away on the other side.
kept = 1 - 2 * lr * 11
print(f"a step keeps {keeps[1]:g} of the second row's way, with 11 it would keep {kept:g}")

# %% [markdown]
# ## Try it
# Set `second_row` to 5: what is left of that row's way after a single step? Then to 0, to 10, where
# the row jumps from side to side for ever, and to 12, where each jump is longer than the last.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# after = ["chain", "descend"]
# covers = ["A3"]
# compare = [["x.grad", "by_hand"]]
#
# [[tool.tutor.expect]]
# of = "[slope.tolist() for slope in slopes]"
# is = [
#   [[3.0078, 2.0366], [2.9530, 2.3452]],
#   [[2.4063, 1.6292], [2.3624, 1.8761]],
#   [[1.9250, 1.3034], [1.8899, 1.5009]],
#   [[1.5400, 1.0427], [1.5120, 1.2007]],
#   [[1.2320, 0.8342], [1.2096, 0.9606]],
# ]
# rtol = 0
# atol = 5.1e-5
# source = "000_882c469dd17d8fe3.txt, sections 3 and 4, as printed"
#
# [[tool.tutor.expect]]
# of = "x.tolist()"
# is = [[-0.5072, -0.6663], [-0.5162, -0.6158]]
# rtol = 0
# atol = 5.1e-5
# source = "000_882c469dd17d8fe3.txt, section 4, as printed"
#
# [[tool.tutor.expect]]
# of = "[*keeps.tolist(), kept]"
# is = [0.8, 0.8, -1.2]
# source = "x + 1 is multiplied by 1 - 2 · lr · v in each step"
# ///
