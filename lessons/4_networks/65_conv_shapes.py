# %% [markdown]
# # Shapes through a ConvNet
# A convolution takes images of any size; the first linear layer behind it fixes the size for all.
#
# You should know what a layer and its parameters are, from the lesson `three_points`.
#
# A small network reads digits of 28 by 28 pixels. We send two images through it layer by layer and
# watch one thing only: the shape. Most errors in such a network are errors of shape.

# %% Two images
import torch
from torch import nn
from torch.nn.functional import log_softmax, max_pool2d, relu

size = 28  # @param {type: "slider", min: 12, max: 40, step: 2}
kernel = 5  # @param {type: "slider", min: 1, max: 7, step: 2}
torch.manual_seed(446)
# Images, channels, rows, columns: {list(images.shape)}. The two are grey, so there is one channel.
images = torch.rand(2, 1, size, size)

# %% Convolve and pool
# @ask 10 windows of 5 by 5 slide over the whole image. How many parameters do they have?
#   -> 10 * (5 * 5 + 1) | 260 | 5760 | 7840
# A weight for each of the {kernel} · {kernel} places in a window, and a bias: with ten windows
# {sum(p.numel() for p in conv1.parameters())}. The size of the image does not come in, for a window
# is the same wherever it looks.
conv1 = nn.Conv2d(1, 10, kernel)
# A window of {kernel} fits into {size} at {maps.shape[2]} places: {size} - {kernel} + 1. Each of
# the ten windows gives an image of its own: {list(maps.shape)}.
maps = relu(conv1(images))
# The largest of every 2 by 2 stays, so each side is halved: {list(pooled.shape)}.
pooled = max_pool2d(maps, 2)
conv2 = nn.Conv2d(10, 20, 3)
# Twenty windows of 3 by 3, each of them through all ten channels: {list(deeper.shape)}.
deeper = relu(conv2(pooled))

# %% From images to classes
# @ask Images of 28 by 28 became 20 channels of 10 by 10. How many numbers are that for an image?
#   -> 20 * ((28 - 5 + 1) // 2 - 2) ** 2 | 100 | 784 | 2000
# For a linear layer each image must be one row, so all but the first dimension is laid in a line:
# {list(flat.shape)}. The 1 keeps the images apart.
flat = deeper.flatten(1)
# This layer has a weight for every one of the {flat.shape[1]} numbers.
fc1 = nn.Linear(flat.shape[1], 500)
fc2 = nn.Linear(500, 10)
# Ten numbers for each image, one a class: {list(out.shape)}. They are logarithms of probabilities.
out = log_softmax(fc2(relu(fc1(flat))), dim=1)
# So back from the logarithm each row adds up to 1; `dim=1` says that it is the classes that do.
assert torch.allclose(out.exp().sum(dim=1), torch.ones(2))

# %% Where the parameters are
layers = {"conv1": conv1, "conv2": conv2, "fc1": fc1, "fc2": fc2}
counts = {name: sum(p.numel() for p in layer.parameters()) for name, layer in layers.items()}
total = sum(counts.values())
# @ask The two convolutions do most of the looking. Which part of all parameters is in them?
#   -> "under 2%" if part < 0.02 else "2 to 20%" | under 2% | 2 to 20% | over half
# {counts["conv1"] + counts["conv2"]} of {total}, that is {100 * part:.2g}%; fc1 alone has
# {counts["fc1"]}. Looking with the same window everywhere is cheap.
part = (counts["conv1"] + counts["conv2"]) / total

# %% Larger images
larger = torch.rand(2, 1, size + 4, size + 4)
features = nn.Sequential(conv1, nn.ReLU(), nn.MaxPool2d(2), conv2, nn.ReLU(), nn.Flatten())
# @ask The images are 4 pixels wider and higher now. Which layer is the first to refuse them?
#   -> "fc1" if wider.shape[1] != fc1.in_features else "none" | conv1 | conv2 | fc1 | none
# The convolutions go through, they only slide a little further. But what they leave is
# {wider.shape[1]} numbers an image, and fc1 has weights for {fc1.in_features}.
wider = features(larger)
try:
    fc1(wider)
except RuntimeError as error:
    # Read it as rows by columns: {refusal}. The two numbers in the middle must be the same.
    refusal = str(error)

# %% A network for any size
# This pooling is told what to leave, and chooses its windows by itself.
pool = nn.AdaptiveMaxPool2d(deeper.shape[2])
# So larger images leave {list(fixed.shape)} too, and fc1 takes them.
fixed = pool(conv2(max_pool2d(relu(conv1(larger)), 2))).flatten(1)
print(f"{total} parameters, and {list(fc2(relu(fc1(fixed))).shape)} from larger images")

# %% [markdown]
# ## Try it
# Set `size` to 40 and watch which counts change: only that of fc1. Set `kernel` to 1: the first
# convolution no longer shrinks the image. In each run, images larger than `size` break fc1.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# after = ["three_points"]
# covers = ["A5"]
#
# [[tool.tutor.plot]]
# title = "parameters of each layer"
# bars = "counts"
# log = true
#
# [[tool.tutor.raises]]
# cell = "Larger images"
# error = "RuntimeError: mat1 and mat2 shapes cannot be multiplied"
# source = "torch's own words"
#
# [[tool.tutor.expect]]
# of = "[*(list(t.shape[1:]) for t in (images, maps, pooled, deeper, flat, out))]"
# is = [[1, 28, 28], [10, 24, 24], [10, 12, 12], [20, 10, 10], [2000], [10]]
# source = "000_882c469dd17d8fe3.txt, section 6; its comment says 128 channels where there are 20"
#
# [[tool.tutor.expect]]
# of = "[*counts.values(), total]"
# is = [260, 1820, 1000500, 5010, 1007590]
# source = "10·26, 20·91, 2001·500, 501·10: the layers of 000_882c469dd17d8fe3.txt, section 6"
#
# [[tool.tutor.expect]]
# of = "refusal"
# is = "mat1 and mat2 shapes cannot be multiplied (2x2880 and 2000x500)"
# device = "cpu"
# source = "torch's own words; 20 · 12 · 12 = 2880"
# ///
