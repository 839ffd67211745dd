# %% [markdown]
# # Learnt by heart
# A loss near zero says that a model has learnt the answers, not that it has learnt the rule.
#
# You should know the lesson `three_points`. A network with 100 inputs and 100 outputs is shown one
# vector again and again, with the answers to say. The rule behind them is simple: half of each
# number, and 0.3 more.

# %% One vector
import torch

count = 1  # @param ["1", "10", "50", "200"] {type: "raw"}
lr = 0.01  # @param ["0.01", "0.1", "1.0", "10.0"] {type: "raw"}
torch.manual_seed(446)
# All that it will ever see, {list(x.shape)}: a row of 100 numbers for each vector.
x = torch.randn(count, 100)
# The rule, which the network is not told.
target = 0.5 * x + 0.3

# %% Many numbers to set
net = torch.nn.Sequential(torch.nn.Linear(100, 300), torch.nn.ReLU(), torch.nn.Linear(300, 100))
# @ask The network must give 100 answers. How many numbers may training change for that?
#   -> numbers | 400 | 30000 | 60400
# {numbers}, in tables of {[list(p.shape) for p in net.parameters()]}. There is room to
# spare for the {target.numel()} answers that it is to learn.
numbers = sum(p.numel() for p in net.parameters())
# A vector that training never sees. It follows the same rule.
fresh = torch.randn(1, 100)
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD(net.parameters(), lr=lr)
known_losses, fresh_losses = [], []

# %% Again and again
for epoch in range(500):
    # What it says of what it knows is off by {loss.item():.4g} in the mean of the squares.
    loss = criterion(net(x), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    # The bare number goes into the list. The tensor would keep its whole graph alive.
    known_losses.append(loss.item())
    with torch.no_grad():
        # And what it says of the fresh vector by {fresh_losses[-1]:.4g}.
        fresh_losses.append(criterion(net(fresh), 0.5 * fresh + 0.3).item())
    if epoch % 100 == 99:
        print(f"{epoch:3d}  known {known_losses[-1]:.3e}  fresh {fresh_losses[-1]:.3e}")

# %% What did it learn?
# @ask The loss of what it knows fell far. Did that of the fresh vector fall at least to its half?
#   -> "yes" if left < 0.5 else "no" | yes | no
# It went from {fresh_losses[0]:.4f} to {fresh_losses[-1]:.6f}, the known one from
# {known_losses[0]:.4f} to {known_losses[-1]:.2g}. Only the fresh one tells what was understood.
left = fresh_losses[-1] / fresh_losses[0]
# Somebody who knows nothing says 0.3 every time, the middle of all answers, and is off by
# {lazy:.6f}.
lazy = ((0.5 * fresh) ** 2).mean().item()
# @ask On the fresh vector: what is nearer to the truth, the network or always saying 0.3?
#   -> nearer | the network | somebody who says 0.3
# It is {nearer}. The network knows by heart what to say to what it was shown; between that and the
# rule there are many functions, and nothing told it which one was meant. More examples would.
nearer = "the network" if fresh_losses[-1] < lazy else "somebody who says 0.3"
print(f"known {known_losses[-1]:.3e}, fresh {fresh_losses[-1]:.6f}, always 0.3: {lazy:.6f}")

# %% [markdown]
# ## Try it
# Set `count` to 200 and `lr` to 1, and compare the two curves: now the fresh vector gains as well.
# With one vector no rate helps: set `lr` to 10, and look at both losses. With 10 vectors that rate
# breaks the training itself.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["three_points"]
# covers = ["A1"]
#
# [[tool.tutor.plot]]
# title = "the loss of what it knows, and of what is new"
# lines = [
#   ["range(len(known_losses))", "known_losses", "known"],
#   ["range(len(fresh_losses))", "fresh_losses", "fresh"],
# ]
#
# [[tool.tutor.plot]]
# title = "what the network says of each number, and what the rule says"
# points = ["fresh", "net(fresh)"]
# lines = [["fresh", "0.5 * fresh + 0.3", "the rule"]]
#
# [[tool.tutor.expect]]
# at = 1
# of = "loss.item()"
# is = 0.4236671
# device = "cpu"
# source = "000_882c469dd17d8fe3.txt, section 1, under manual_seed(446)"
#
# [[tool.tutor.expect]]
# at = 2
# of = "loss.item()"
# is = 0.4131226
# device = "cpu"
# source = "000_882c469dd17d8fe3.txt, section 1, under manual_seed(446)"
#
# [[tool.tutor.expect]]
# at = 100
# of = "loss.item()"
# is = 0.0287809
# device = "cpu"
# source = "000_882c469dd17d8fe3.txt, section 1, under manual_seed(446)"
#
# [[tool.tutor.expect]]
# at = 500
# of = "loss.item()"
# is = 4.0e-8
# atol = 1e-9
# device = "cpu"
# source = "000_882c469dd17d8fe3.txt, section 1, under manual_seed(446)"
#
# [[tool.tutor.expect]]
# of = "fresh_losses[-1]"
# is = 0.374778
# device = "cpu"
# source = "000_882c469dd17d8fe3.txt, section 1: the next vector that is drawn"
# ///
