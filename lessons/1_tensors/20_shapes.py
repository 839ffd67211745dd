# %% [markdown]
# # One row of numbers, many shapes
# A shape is only a way to read numbers that lie in memory in one row, and `view` changes the way.
#
# You should have done the lesson `numpy_twin`. Layers of a network want their numbers in a certain
# shape, and pictures come in another. Changing the shape costs nothing, as long as you know in
# which order the numbers are read.

# %% Rows of equal length
import torch

columns = 6  # @param {type: "slider", min: 1, max: 8, step: 1}
channels = 3  # @param {type: "slider", min: 1, max: 4, step: 1}
# {numbers.numel()} numbers in one row, counted from 0, so that you can see where each one goes.
numbers = torch.arange(24)
# Cut into rows of {columns}: {full} full rows, and {left_over} left over.
full, left_over = divmod(numbers.numel(), columns)
refusal = ""
try:
    # One size may be -1, which means: work it out. It must come out even, with nothing left over.
    table = numbers.view(-1, columns)
except RuntimeError as error:
    refusal = str(error)
# @ask The same 24 numbers as a block of 2 by -1 by 3. What does the -1 stand for?
#   -> block.shape[1] | 3 | 4 | 8 | 12
# {block.shape[1]}, for 2 · {block.shape[1]} · 3 is 24 again. The last size is read fastest: the
# first three numbers, {block[0, 0].tolist()}, are neighbours in memory.
block = numbers.view(2, -1, 3)
# @ask We write 100 into the first place of `block`. What is `numbers[0]` now?
#   -> numbers[0].item() | 0 | 100
# {numbers[0].item()}: a view copies nothing. It is another look at the same memory.
block[0, 0, 0] = 100

# %% A view does not turn a table
# Two rows of three: {small.tolist()}.
small = torch.tensor([[1, 2, 3], [4, 5, 6]])
# Turned, so that its rows become columns: {turned.tolist()}.
turned = small.t()
# @ask Now `small.view(3, 2)`, which has that shape too. Is it the same table as `turned`?
#   -> torch.equal(viewed, turned) | True | False
# No: {viewed.tolist()}. The numbers are still read in their old order and only cut elsewhere.
# Mixing these two up raises no error; the numbers just end up in the wrong places.
viewed = small.view(3, 2)

# %% A turned table has no view
try:
    # One row of the turned table would begin 1, 4, 2. In memory 2 comes after 1, so no way of
    # cutting gives that, and torch says so.
    turned.view(-1)
except RuntimeError as error:
    problem = str(error)
# `reshape` copies where a view cannot be had: {flat.tolist()}.
flat = turned.reshape(-1)

# %% Ten thousand pictures
# Torch wants pictures in this order: which picture, which colour channel, row, column. These are
# {pictures.numel():,} numbers of one byte each, all of them 0.
pictures = torch.zeros(10_000, channels, 28, 28, dtype=torch.uint8)
# Each channel laid out in one row, the 28 rows behind each other: {list(rows.shape)}.
rows = pictures.view(10_000, channels, 784)
# The same without counting the pictures: {list(counted.shape)}.
counted = pictures.view(-1, channels, 784)
# Not one of the numbers was moved: all three begin at the same place in memory.
assert pictures.data_ptr() == rows.data_ptr() == counted.data_ptr()
print(pictures.shape, rows.shape, counted.shape)

# %% [markdown]
# ## Try it
# Set `columns` to 8 and watch `table`. Then to 5: four numbers are left over, and `refusal` holds
# what torch says about it.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# after = ["numpy_twin"]
# covers = ["C3"]
#
# [[tool.tutor.expect]]
# of = "[list(pictures.shape), list(rows.shape), list(counted.shape)]"
# is = [[10000, 3, 28, 28], [10000, 3, 784], [10000, 3, 784]]
# source = "002_991e0ef1df399e3d.txt, section 3"
#
# [[tool.tutor.expect]]
# of = "[list(table.shape), full, left_over, refusal]"
# is = [[4, 6], 4, 0, ""]
# source = "24 = 4 · 6"
#
# [[tool.tutor.expect]]
# of = "[turned.tolist(), viewed.tolist(), flat.tolist()]"
# is = [[[1, 4], [2, 5], [3, 6]], [[1, 2], [3, 4], [5, 6]], [1, 4, 2, 5, 3, 6]]
# source = "rows become columns; or the old order, cut after every second number"
#
# [[tool.tutor.raises]]
# cell = "A turned table has no view"
# error = "RuntimeError: view size is not compatible with input tensor's size and stride"
# ///
