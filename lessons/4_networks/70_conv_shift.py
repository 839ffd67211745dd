# %% [markdown]
# # Moved to where it never looked
# A network that looks through one small window everywhere knows a shape wherever it turns up.
#
# You should know what a convolution does to a shape, from the lesson `conv_shapes`, and what
# cross-entropy is, from the lesson `cross_entropy`.
#
# Short strokes are drawn in an image of 12 by 12, all in its left half: lying, standing, falling,
# rising. Two networks learn to tell the four kinds. Then the strokes move to the right.

# %% Strokes on the left
import torch
from torch import nn
from torch.nn.functional import cross_entropy

shift = 5  # @param {type: "slider", min: 0, max: 6, step: 1}
keep_place = False  # @param {type: "boolean"}


def strokes(length=3, first=1, last=5):
    """All strokes of four kinds that fit into the columns from `first` to `last`."""
    pictures, kinds = [], []
    for kind, (down, right) in enumerate([(0, 1), (1, 0), (1, 1), (1, -1)]):
        for top in range(12):
            for start in range(first, last + 1):
                rows = [top + i * down for i in range(length)]
                columns = [start + i * right for i in range(length)]
                if rows[-1] < 12 and first <= columns[-1] <= last:
                    picture = torch.zeros(1, 12, 12)
                    picture[0, rows, columns] = 1
                    pictures.append(picture)
                    kinds.append(kind)
    return torch.stack(pictures), torch.tensor(kinds)


# Every stroke of three pixels that has room there: {len(left)} of them.
left, kinds = strokes()
# The very same strokes, {shift} columns further to the right. The networks will learn from `left`
# alone.
moved = left.roll(shift, dims=3)

# %% Two networks
torch.manual_seed(446)
# The first one has for each of its 16 hidden units a weight for every pixel.
mlp = nn.Sequential(nn.Flatten(), nn.Linear(144, 16), nn.ReLU(), nn.Linear(16, 4))
# The second slides six windows of 3 by 3 over the image. What each of them found at its places is
# pooled to {side} by {side}: with 1 by 1 only the best match stays, and not where it was.
side = 12 if keep_place else 1
conv = nn.Sequential(
    nn.Conv2d(1, 6, 3, padding=1),
    nn.ReLU(),
    nn.AdaptiveMaxPool2d(side),
    nn.Flatten(),
    nn.Linear(6 * side * side, 4),
)
# The first has {mlp_size} parameters.
mlp_size = sum(p.numel() for p in mlp.parameters())
# And the second {conv_size}.
conv_size = sum(p.numel() for p in conv.parameters())
# Before any training: the weights that look at the rightmost column.
unseen = mlp[1].weight.detach().view(16, 12, 12)[:, :, 11].clone()
# The two share no parameter, so one Adam can move both, each as if it were alone.
optimizer = torch.optim.Adam([*mlp.parameters(), *conv.parameters()], lr=0.05)


def score(model, images):
    """Which part of the images gets its highest logit at the right kind."""
    with torch.no_grad():
        return (model(images).argmax(dim=1) == kinds).float().mean().item()


# %% Train on the left
history = {"mlp, left": [], "mlp, moved": [], "conv, left": [], "conv, moved": []}
for epoch in range(80):
    mlp_loss = cross_entropy(mlp(left), kinds)
    conv_loss = cross_entropy(conv(left), kinds)
    # A sum of the two, {mlp_loss.item():.4f} and {conv_loss.item():.4f}: each network gets from it
    # the slopes of its own part, and none of the other's.
    loss = mlp_loss + conv_loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    history["mlp, left"].append(score(mlp, left))
    # On the strokes that it learns from the first has {history["mlp, left"][-1]:.3f} right, on the
    # moved ones {history["mlp, moved"][-1]:.3f}.
    history["mlp, moved"].append(score(mlp, moved))
    history["conv, left"].append(score(conv, left))
    # The second one {history["conv, left"][-1]:.3f} and {history["conv, moved"][-1]:.3f}.
    history["conv, moved"].append(score(conv, moved))
    print(f"{epoch:2d}  mlp {mlp_loss.item():.4f}  conv {conv_loss.item():.4f}")

# %% Who knows a moved stroke?
at_end = {name: scores[-1] for name, scores in history.items()}
# @ask Both know all strokes on the left by now. Which of them gets more moved strokes right?
#   -> best | mlp | conv | equal
# The first one {at_end["mlp, moved"]:.1%}, the second one {at_end["conv, moved"]:.1%}. One in four
# would be right by guessing.
best = ("equal", "conv", "mlp")[
    (at_end["conv, moved"] > at_end["mlp, moved"]) - (at_end["conv, moved"] < at_end["mlp, moved"])
]
# @ask The rightmost column was black in training. Are `mlp`'s weights for it still as drawn?
#   -> changed == 0 | True | False
# They changed by {changed:g}. A black pixel is 0, so the slope of its weight is 0 as well. What the
# untrained weights say about a stroke is noise.
changed = (mlp[1].weight.detach().view(16, 12, 12)[:, :, 11] - unseen).abs().max().item()
# @ask All strokes move by five columns. Does that change the logits that `conv` gives them?
#   -> apart > 0.001 | True | False
# By {apart:.2g} at the most. The windows give the same numbers five columns further on. If only the
# largest is kept it is the same wherever it stands; if places are kept it is not. Neither was
# learnt: the network is built that way.
apart = (conv(left.roll(5, dims=3)) - conv(left)).abs().max().item()
print(f"parameters {mlp_size}, {conv_size}; right {at_end}")

# %% [markdown]
# ## Try it
# Set `shift` to 0, 1, 2 and 3 and see how soon the first network is lost. Then set `keep_place`, so
# that the second one is told where each match was: it gets many more parameters and still learns
# everything on the left, but the moved strokes break it too.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["conv_shapes", "cross_entropy"]
#
# [[tool.tutor.plot]]
# title = "moved strokes that are right, pass by pass"
# lines = [
#   ["range(len(history['conv, moved']))", "history['conv, moved']", "conv"],
#   ["range(len(history['mlp, moved']))", "history['mlp, moved']", "mlp"],
# ]
#
# [[tool.tutor.plot]]
# title = "right at the last pass"
# bars = "{name: scores[-1] for name, scores in history.items() if scores}"
#
# [[tool.tutor.expect]]
# of = "[conv_size, mlp_size, len(left)]"
# is = [88, 2388, 146]
# source = "6·10 + 7·4, 145·16 + 17·4; strokes of three pixels in columns 1 to 5"
#
# [[tool.tutor.expect]]
# of = "[at_end['conv, left'], at_end['conv, moved'], at_end['mlp, left']]"
# is = [1.0, 1.0, 1.0]
# source = "all strokes"
#
# [[tool.tutor.expect]]
# of = "at_end['mlp, moved']"
# is = 0.308
# atol = 0.05
# source = "measured: 45 of the 146 strokes; kernels of other machines move a few"
#
# [[tool.tutor.expect]]
# of = "changed"
# is = 0.0
# source = "the slope of a weight is a sum of multiples of its input, which was 0"
# ///
