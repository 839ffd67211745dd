# %% [markdown]
# # Lined up from the right
# Two shapes fit if, counted from the right, their sizes are equal or one of them is 1.
#
# You should have done the lesson `shapes`. Torch repeats a size of 1 as often as the other tensor
# needs it, without copying. That saves loops, and it hides a mistake that nearly everyone makes.

# %% Which shapes fit?
import torch

rows = 1  # @param {type: "slider", min: 1, max: 4, step: 1}
flat_target = True  # @param {type: "boolean"}
x = torch.zeros(5, 1, 4, 1)
y = torch.zeros(3, rows, 1)
fits, both = True, None
try:
    # @ask Shapes (5, 1, 4, 1) and (3, rows, 1), with `rows` as set above. Which has their sum?
    #   -> "none" if both is None else list(both.shape) | [5, 3, 4, 1] | [5, 3, 4, 4] | none
    # Write the shapes below each other, right sides aligned, and compare column by column:
    #     5  1  4  1
    #        3  {rows}  1
    # A size that is 1, or missing on the left, takes the size of the other.
    both = x + y
except RuntimeError:
    fits = False
# With 1 in that place, from the right: 1 and 1 make 1, 4 and 1 make 4, 1 and 3 make 3, and the 5
# has no partner: {list(total.shape)}.
total = x + y[:, :1]

# %% Two that do not fit
left, right = torch.zeros(5, 2), torch.zeros(5, 4)
mixed = None
try:
    # @ask (5, 2) and (5, 4): the rows agree, and 4 is twice 2. Which shape has this sum?
    #   -> "none" if mixed is None else list(mixed.shape) | [5, 4] | [5, 6] | none
    # None: only a 1 is repeated, never a 2.
    mixed = left + right
except RuntimeError as error:
    # "Non-singleton" means: neither of the two sizes is 1. The message says it of {refusal[-11:]},
    # and dimensions are counted from 0.
    refusal = str(error)
# One column instead of two does fit: {list(widened.shape)}.
widened = left[:, :1] + right

# %% A perfect prediction with a large loss
# Three predictions, one in each row, as a layer makes them: {list(prediction.shape)}.
prediction = torch.tensor([[2.0], [4.0], [6.0]])
# The same three numbers as targets. They are in one flat row unless `flat_target` is off:
# {list(target.shape)}.
target = torch.tensor([2.0, 4.0, 6.0]) if flat_target else prediction.clone()
# @ask Each prediction is exactly right. How many numbers are in `prediction - target`?
#   -> miss.numel() | 1 | 3 | 9
# {miss.numel()}, in the shape {list(miss.shape)}. A column and a flat row make a square, where each
# prediction is compared with each target.
miss = prediction - target
# The mean of the squares makes one number of any shape, so nothing fails. For a perfect prediction
# the loss should be 0; it is {loss.item():.6g}.
loss = (miss**2).mean()
# Bring both to the same shape, (3, 1), before you subtract: {cured.item():g}.
cured = ((prediction - target.view(3, 1)) ** 2).mean()
assert cured == 0

# %% Products of matrices
features = torch.ones(5, 3)
weights = torch.ones(2, 3, 4)
try:
    # `mm` multiplies two matrices and nothing else: it never broadcasts, so a stack is refused.
    features.mm(weights)
except RuntimeError as error:
    only_matrices = str(error)
# `@`, which is `matmul`, repeats the one matrix for both in the stack: {list(product.shape)}.
product = features @ weights
# A plain number fits every shape. Here it is a bound: what lies below it is lifted to it, and this
# row becomes {bounded.tolist()}.
bounded = torch.tensor([-1.0, 0.0, 2.0]).clamp(min=0)
print(total.shape, miss.shape, loss, product.shape)

# %% [markdown]
# ## Try it
# Turn `flat_target` off and watch `miss` and `loss`. Then turn `rows`: with 4 the shapes still fit,
# with 2 or 3 they do not, and `fits` tells.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["shapes"]
# covers = ["C4", "B3", "D6"]
#
# [[tool.tutor.expect]]
# of = "[list(both.shape), list(total.shape)]"
# is = [[5, 3, 4, 1], [5, 3, 4, 1]]
# source = "002_991e0ef1df399e3d.txt, section 4"
#
# [[tool.tutor.expect]]
# of = "[str(mixed), list(widened.shape)]"
# is = ["None", [5, 4]]
# source = "002_991e0ef1df399e3d.txt, section 4: 5*2 and 5*4 do not fit, 5*1 and 5*4 do"
#
# [[tool.tutor.expect]]
# of = "[list(miss.shape), loss.item(), cured.item()]"
# is = [[3, 3], 5.3333333, 0.0]
# source = "the mean of (a - b)² over all nine pairs of 2, 4 and 6"
#
# [[tool.tutor.expect]]
# of = "[list(product.shape), product[0, 0, 0].item(), bounded.tolist()]"
# is = [[2, 5, 4], 3.0, [0.0, 0.0, 2.0]]
# source = "001_b89a922598a8289e.txt, section 1: mm does not broadcast, clamp(min=0)"
#
# [[tool.tutor.raises]]
# cell = "Two that do not fit"
# error = "RuntimeError: The size of tensor a (2) must match the size of tensor b (4)"
#
# [[tool.tutor.raises]]
# cell = "Products of matrices"
# error = "RuntimeError: mat2 must be a matrix"
# ///
