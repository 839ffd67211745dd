# %% [markdown]
# # The same table twice
# A tensor is used like a NumPy array, but it keeps fewer digits unless you ask for more.
#
# You should know a little Python; NumPy is what most Python programs compute with. We do the same
# things in both and look at what differs: the `dtype`, which says how a number is stored.

# %% Two tables
import numpy as np
import torch

dtype = "float32"  # @param ["float32", "float64", "float16"]
rows = [[0.1, 0.2, 0.3], [0.1, 0.2, 0.3]]
# NumPy stores each number in {8 * x_numpy.itemsize} bits: its dtype is {x_numpy.dtype}.
x_numpy = np.array(rows)
# @ask Torch gets the same list. Which dtype does it choose by itself?
#   -> unasked.dtype | torch.float32 | torch.float64 | torch.int64
# Half the bits, {unasked.dtype}: networks have many numbers and need few digits of each.
unasked = torch.tensor(rows, device="cpu")
# If you want another dtype, say so at once: digits that were not kept never come back. (NumPy
# knows only the CPU, so all of this lesson stays there.)
x_torch = torch.tensor(rows, dtype=getattr(torch, dtype), device="cpu")

# %% There and back
# @ask And when torch takes over the array itself: which dtype does it have then?
#   -> taken.dtype | torch.float32 | torch.float64
# It stays {taken.dtype}: nothing was copied, both look at the same memory.
taken = torch.from_numpy(x_numpy)
# The other way the dtype stays too: this array is {given.dtype}.
given = x_torch.numpy()

# %% The same words
y_numpy = np.array([3, 4, 5.0])
y_torch = torch.tensor([3, 4, 5.0], dtype=x_torch.dtype, device="cpu")
# The row is added to both rows of the table: {sum_numpy[0].tolist()}.
sum_numpy = x_numpy + y_numpy
# Torch: {sum_torch[0].tolist()}. These are the digits that its dtype can hold.
sum_torch = x_torch + y_torch
# The norm of a table: the root of the sum of all its squares, {norm_numpy:.16g}.
norm_numpy = np.linalg.norm(x_numpy)
# In {dtype} it is {norm_torch:.16g}.
norm_torch = torch.linalg.norm(x_torch).item()
# So the two differ by {difference:.1e}. Do not compare such numbers with `==`, but with
# `allclose`, which lets the last digits differ.
difference = abs(norm_torch - norm_numpy)
assert np.allclose(norm_torch, norm_numpy, rtol=2 * torch.finfo(x_torch.dtype).eps)
corners = torch.tensor([[1.0, 2.0], [3.0, 4.0]], device="cpu")
# @ask The rows are (1, 2) and (3, 4). What is the mean along dimension 0?
#   -> mean_torch.tolist() | [2.0, 3.0] | [1.5, 3.5] | 2.5
# {mean_torch.tolist()}: the dimension that you name is the one that goes. Dimension 0 counts the
# rows, so the rows are averaged, and a number for each column is left.
mean_torch = corners.mean(dim=0)
# NumPy calls it `axis`, and means the same: {mean_numpy.tolist()}.
mean_numpy = np.mean(corners.numpy(), axis=0)

# %% Where the digits end
# The largest number of this dtype is {largest:.6g}; what lies above it becomes infinite.
largest = torch.finfo(x_torch.dtype).max
# The numbers times 700 000: {big[0].tolist()}.
big = x_torch * 700_000

# %% The same numbers tomorrow
# Random numbers come from a formula that starts at a seed. Torch and NumPy have one each.
torch.manual_seed(446)
generator = np.random.default_rng(446)
first = torch.rand(3, device="cpu"), generator.random(3)
# The same seed once more, for torch.
torch.manual_seed(446)
# @ask The same draws once more. Which of the two draws the same three numbers as before?
#   -> "both" if np.array_equal(first[1], again[1]) else "torch" | torch | NumPy | both
# Only torch. NumPy's generator has its own seed, which nobody set again, and goes on. If a script
# draws from both, give a seed to both.
again = torch.rand(3, device="cpu"), generator.random(3)
assert torch.equal(first[0], again[0]) and not np.array_equal(first[1], again[1])
print(sum_torch, norm_torch, norm_numpy, mean_torch)

# %% [markdown]
# ## Try it
# Set `dtype` to "float64": how far do the norms differ now? Then "float16", which has so few bits
# that even 0.1 changes visibly, and watch `big`: it breaks.

# /// script
# dependencies = ["torch", "numpy"]
#
# [tool.tutor]
# covers = ["C1", "C2"]
#
# [[tool.tutor.expect]]
# of = "[str(x_numpy.dtype), str(unasked.dtype), str(taken.dtype)]"
# is = ["float64", "torch.float32", "torch.float64"]
# source = "002_991e0ef1df399e3d.txt, section 2: to and from numpy and pytorch"
#
# [[tool.tutor.expect]]
# of = "[sum_numpy.tolist(), sum_torch.tolist()]"
# is = [[[3.1, 4.2, 5.3], [3.1, 4.2, 5.3]], [[3.1, 4.2, 5.3], [3.1, 4.2, 5.3]]]
# source = "002_991e0ef1df399e3d.txt, section 2: x+y"
#
# [[tool.tutor.expect]]
# of = "norm_numpy.item()"
# is = 0.5291502622129182
# rtol = 1e-14
# atol = 0
# source = "002_991e0ef1df399e3d.txt, section 2: norm in float64, all 16 digits"
#
# [[tool.tutor.expect]]
# of = "norm_torch"
# is = 0.52915031
# rtol = 2e-7
# atol = 0
# source = "002_991e0ef1df399e3d.txt, section 2: norm in float32, of which it prints 0.5292"
#
# [[tool.tutor.expect]]
# of = "[mean_numpy.tolist(), mean_torch.tolist()]"
# is = [[2.0, 3.0], [2.0, 3.0]]
# rtol = 0
# atol = 0
# source = "002_991e0ef1df399e3d.txt, section 2: mean along the 0th dimension"
# ///
