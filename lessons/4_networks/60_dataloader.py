# %% [markdown]
# # Batches, and the small one at the end
# A DataLoader cuts a data set into batches; the last one may be smaller, which spoils a plain mean.
#
# You should know the data and the loss from the lesson `fifteen_points`.
#
# Fifteen points fit into one step. Fifteen million do not, so training takes a few at a time. Who
# cuts them up, and what must we take care of?

# %% A data set answers two questions
import torch
from torch.utils.data import DataLoader, Dataset

batch = 4  # @param {type: "slider", min: 1, max: 15, step: 1}
drop_last = False  # @param {type: "boolean"}
# Pairs of x and y, those of the lesson `fifteen_points`.
table = """
3.3   1.7     4.4   2.76     5.5  2.09    6.71   3.19     6.93   1.694
4.168 1.573   9.779 3.366  6.182 2.596    7.59   2.53    2.167   1.221
7.042 2.827  10.791 3.465  5.313 1.65    7.997  2.904    3.1     1.3
"""


class Points(Dataset):
    def __init__(self, table):
        pairs = torch.tensor([float(number) for number in table.split()]).view(-1, 2)
        self.x, self.y = pairs[:, :1], pairs[:, 1:]

    # How many samples are there?
    def __len__(self):
        return len(self.x)

    # Which is number i? It could be read from a file only now.
    def __getitem__(self, i):
        return self.x[i], self.y[i]


# It holds {len(points)} samples, and that is all that a loader wants to know before it starts.
points = Points(table)

# %% One round without training
# @ask The loader takes 4 points at a time, as long as there are any. How many has its last batch?
#   -> len(points) % 4 | 0 | 3 | 4
# It will make {len(loader)} batches. The samples of a batch are stacked along a new first
# dimension; `num_workers=0` says that no other process helps.
loader = DataLoader(points, batch_size=batch, drop_last=drop_last, num_workers=0)
# A flat line, w = 0 and b = 0, so that each figure can be checked by hand.
model = torch.nn.Linear(1, 1)
with torch.no_grad():
    model.weight.zero_()
    model.bias.zero_()
criterion = torch.nn.MSELoss()
sizes, means = [], []
# Even a loader that does not shuffle draws one number, to seed its helpers with.
torch.manual_seed(446)
for inputs, targets in loader:
    # This batch has {len(inputs)} of the points.
    sizes.append(len(inputs))
    # Over them the mean squared miss is {means[-1]:.6f}.
    means.append(criterion(model(inputs), targets).item())

# %% The loss over all points
# All {len(points)} at once: {whole:.6f}.
whole = criterion(model(points.x), points.y).item()
# @ask The batches' losses have a mean. Is it the loss over all the points?
#   -> abs(of_means - whole) < 1e-5 | True | False
# The mean of these {len(means)} losses is {of_means:.6f}, and over all points it is {whole:.6f}. In
# a smaller batch each point weighs more.
of_means = sum(means) / len(means)
# Each mean times its number of points is a sum again. All sums together, divided by the
# {sum(sizes)} points that were seen: {weighted:.6f}.
weighted = sum(size * mean for size, mean in zip(sizes, means, strict=True)) / sum(sizes)
assert abs(weighted - whole) < 1e-5 or sum(sizes) < len(points)

# %% Five rounds with training
torch.manual_seed(446)
# With `shuffle=True` each round deals the points anew, like cards.
shuffled = DataLoader(points, batch, shuffle=True, drop_last=drop_last, num_workers=0)
optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
steps, seen = 0, []
for epoch in range(5):
    seen.clear()
    for inputs, targets in shuffled:
        # Of these {len(inputs)} points alone: {loss.item():.6f}. Other points, another loss.
        loss = criterion(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        # A step after every batch: w = {model.weight.item():.6f}, b = {model.bias.item():.6f}.
        optimizer.step()
        steps += 1
        seen += inputs.flatten().tolist()
    print(f"round {epoch + 1}: {steps} steps so far")

# %% What was seen?
# @ask Points are drawn at random in each round. Were those of the last round all different?
#   -> all_different | True | False
# {len(seen)} points were dealt, {len(set(seen))} different ones. Shuffling is a deck of cards that
# is dealt out, not a die that is thrown.
all_different = len(set(seen)) == len(seen)
# With `drop_last` those that do not fill a batch are left out of the round: {left_out} in this one.
left_out = len(points) - len(seen)
# Five rounds of {len(shuffled)} batches were {steps} steps, and they brought the loss over all
# points from {whole:.6f} down to {end:.6f}.
end = criterion(model(points.x), points.y).item()
print(f"{sizes} points: mean of means {of_means:.6f}, all {whole:.6f}; trained {end:.6f}")

# %% [markdown]
# ## Try it
# Set `batch` to 15: one step a round, and the loss comes down much less in five of them. With
# `batch` 5 the plain mean is right, for all batches are alike. With `batch` 8 and `drop_last`
# almost half of the points go missing, and no mean can bring them back.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["fifteen_points"]
# covers = ["C20"]
#
# [[tool.tutor.plot]]
# title = "the last batch among the points"
# points = [
#   "points.x.flatten()", "points.y.flatten()", "torch.isin(points.x, inputs).flatten().int()",
# ]
# lines = [
#   ["points.x.flatten()", "(model.weight * points.x + model.bias).flatten()", "the line"],
# ]
#
# [[tool.tutor.plot]]
# title = "loss of each batch in the first round"
# bars = "{f'{i + 1}: {n} points': m for i, (n, m) in enumerate(zip(sizes, means))}"
#
# [[tool.tutor.expect]]
# of = "sizes"
# is = [4, 4, 4, 3]
# source = "15 = 3 · 4 + 3"
#
# [[tool.tutor.expect]]
# of = "[of_means, whole, weighted]"
# is = [5.842653, 5.946703, 5.946703]
# source = "001_b89a922598a8289e.txt, section 2: its 15 points at w = 0 and b = 0, in batches of 4"
#
# [[tool.tutor.expect]]
# of = "[steps, len(seen)]"
# is = [20, 15]
# source = "five rounds of four batches"
# ///
