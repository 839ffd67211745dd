# %% [markdown]
# # Where a tensor lives
# Every tensor has a dtype and a device, and tensors on two devices do not compute together.
#
# You should have done the lesson `shapes`. A device is the memory that holds the numbers: the
# CPU's, or that of a graphics card. Not every machine has a card, so we use `meta`, a device that
# torch has everywhere. It knows shapes and dtypes but holds no numbers, and has the same rules.

# %% `tensor` and `Tensor`
import torch

where = "meta"  # @param ["meta", "cpu"]
# `torch.tensor` takes values. One decimal point makes the dtype {a.dtype}; and we want gradients.
a = torch.tensor([1.0], requires_grad=True, device="cpu")
# What a tensor carries: numbers, kept as a {told[2]}, and a place for a gradient. In that place is
# {told[4]} so far, because no slope has been worked out yet.
told = [str(a), str(a.detach()), a.type(), a.detach().type(), str(a.grad), str(type(a.grad))]
# A single number without a point: the shape is {list(three.shape)} and the dtype {three.dtype}.
three = torch.tensor(3)
# @ask The capital letter matters. Which shape has `torch.Tensor(3)`?
#   -> shape | [] | [1] | [3]
# {shape}: the old class takes a size, and leaves the three numbers as it finds them in memory. So
# write `torch.tensor`, always.
shape = list(torch.Tensor(3).shape)

# %% Whole numbers have no slopes
try:
    # A gradient tells what a tiny change does, and whole numbers do not change by tiny steps.
    whole = torch.tensor([1, 2], requires_grad=True)
except RuntimeError as error:
    refusal = str(error)
# A decimal point is the cure: {cured.dtype}.
cured = torch.tensor([1.0, 2.0], requires_grad=True)

# %% To a device and back
# The accelerator of this machine, if there is one: {best}. The same script then runs everywhere,
# and `torch.device("cuda")` only where there is a card of that kind.
best = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
torch.manual_seed(446)
# The seed decides all numbers that will be drawn, in their order. The first {skipped:,} are not
# looked at, as if pictures had been drawn before.
skipped = torch.randn(10_000, 3, 28, 28, device="cpu").numel()
# Ten numbers on the CPU, beginning with {x[0].item():.4f} and {x[1].item():.4f}.
x = torch.rand(10, device="cpu")
# The journey to {best} and back copies them and changes none.
back = x.to(best).to("cpu")
assert torch.equal(x, back)

# %% Where does the result live?
# @ask This line asks for x on the device `where`. On which device is `x` itself after it?
#   -> x.device.type | cpu | meta
# `x` is still on {x.device}, for `.to` moves nothing: what it gives is `y`, on {y.device}.
y = x.to(where)
# On {doubled.device}, where its input is. A plain number goes with any device.
doubled = 2 * y
total = None
try:
    # @ask And x + y, when x is on the CPU and y is on `where`?
    #   -> "nowhere" if total is None else total.device.type | cpu | meta | nowhere
    # Torch never moves numbers by itself, for moving is slow. The inputs of an operation must be
    # on one device, or there is no result.
    total = x + y
except RuntimeError as error:
    problem = str(error)
# The cure is to say what should move. Here `x` goes to {total.device}.
total = x.to(y.device) + y
print(told, shape, x, doubled.device, total.device)

# %% [markdown]
# ## Try it
# Set `where` to "cpu": now x + y has numbers. With "meta" it breaks, as it would with a graphics
# card, and `problem` names both devices.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# after = ["shapes"]
# covers = ["C6", "E5"]
#
# [[tool.tutor.expect]]
# of = "told"
# is = [
#   "tensor([1.], requires_grad=True)", "tensor([1.])", "torch.FloatTensor", "torch.FloatTensor",
#   "None", "<class 'NoneType'>",
# ]
# source = "004_0c04da73283ced71.txt, section 5.1.2: the six prints"
#
# [[tool.tutor.expect]]
# of = "[shape, list(three.shape), str(three.dtype)]"
# is = [[3], [], "torch.int64"]
# source = "004_0c04da73283ced71.txt, section 5.1.1, Tensor and tensor, by torch's documentation"
#
# [[tool.tutor.expect]]
# of = "x.tolist()"
# is = [0.3959, 0.6177, 0.7256, 0.0971, 0.9186, 0.8277, 0.4409, 0.9344, 0.8967, 0.1897]
# rtol = 0
# atol = 5.1e-5
# source = "002_991e0ef1df399e3d.txt, section 6, as printed"
#
# [[tool.tutor.expect]]
# of = "x[:2].tolist()"
# is = [0.3959018, 0.6177167]
# source = "002_991e0ef1df399e3d.txt, section 6, after the draws of section 3"
#
# [[tool.tutor.expect]]
# of = "[doubled.device.type, total.device.type, x.device.type]"
# is = ["meta", "meta", "cpu"]
# source = "a result lives where its inputs do"
#
# [[tool.tutor.raises]]
# cell = "Whole numbers have no slopes"
# error = "RuntimeError: Only Tensors of floating point and complex dtype can require gradients"
#
# [[tool.tutor.raises]]
# cell = "Where does the result live?"
# error = "RuntimeError: Tensor on device meta is not on the expected device cpu!"
# ///
