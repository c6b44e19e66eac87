# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 15. Sequences
#
# A word is a sequence of letters, and what comes next depends on what came before. A *recurrent
# network* reads such a sequence piece by piece, and keeps a summary of what it has read: its
# *state*. In this lesson you write one from nothing, follow its gradients back through time, see why
# they vanish or explode, and let it invent names and read digits row by row.
#
# You need gradients that vanish and explode from [lesson 8](08_keeping_numbers_alive.py), shared
# parameters from [lesson 9](09_layers_and_blocks.py), and the cross-entropy from
# [lesson 5](05_softmax_regression.py).
#
# It takes about 80 minutes with the exercises, and is of medium difficulty.
#
# ## A question first
#
# The state of a small network is one number. It begins at $h_0 = 0$, and each letter changes it to
# $h_t = w \, h_{t-1} + x_t$, where $x_t$ is a number for the letter.
#
# 1. How many numbers does this network learn for words of 10 letters? And for words of 1000?
# 2. How much does $h_{20}$ change with $h_0$, if $w = 0.8$? And if $w = 1.2$?
# 3. Somebody knows nothing of names, and gives each of the 26 letters, and the end of the name, the
#    same chance to come next. Out of how many equally likely things is he guessing?
#
# Write your answers down. The lesson comes back to each.

# %%
import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, models, nn, optim, plots
from tinygrad_edu.data import text

# %% [markdown]
# ## A state
#
# To read a sequence $x_1, x_2, \ldots$ means to do the same thing again and again: mix what has just
# come with what is known so far.
#
# $$ h_t = \tanh(u \, x_t + w \, h_{t-1}) $$
#
# $h_t$ is the *state* after step $t$. The tanh keeps it between −1 and 1. The two weights are the
# same at every step. Here are three steps, with a signal at the first step only.


# %%
def read(sequence, u, w):
    """The state after the last step, and a list of all of them."""
    states = [0.0]
    for x in sequence:
        states.append(tg.tanh(u * x + w * states[-1]))
    return states[-1], states


u, w = tg.Value(1.0, name="u"), tg.Value(0.8, name="w")
last, states = read([1.0, 0.0, 0.0], u, w)
for t in (1, 2, 3):
    states[t].name = f"h_{t}"
print([round(h.item(), 3) for h in states[1:]])

# %% [markdown]
# The state still knows of the signal two steps later, a little less each time. That is memory, made
# of one number and one weight.
#
# ## Back through time
#
# The loop has gone by, and the graph holds all its steps, one behind the other: it is *unrolled*.

# %%
tg.draw(last, direction="TB")

# %% [markdown]
# The gradient goes back through it as through any other graph. This has a name of its own,
# *backpropagation through time*, and there is nothing new in it: $w$ is used at each step, and its
# gradient is the sum over all uses, as in lesson 9. Play it.

# %%
tg.steps(last)

# %% [markdown]
# To see the parts of the sum, give each step a weight of its own, with the same number.

# %%
own = [tg.Value(0.8, name=f"w{t}") for t in (1, 2, 3)]
h = 0.0
for x, w_t in zip([1.0, 0.0, 0.0], own):
    h = tg.tanh(u * x + w_t * h)
h.backward()
last.backward()
parts = [w_t.grad for w_t in own]
print("parts", [round(part, 4) for part in parts], "sum", round(sum(parts), 4))
assert np.isclose(w.grad, sum(parts))

# %% [markdown]
# The first step brings nothing: the state before it is 0.
#
# Three steps fit on a screen, a hundred do not. A picture of a longer sequence *folds* the steps: all
# are equal, so one of them is drawn, with the number of times, and the numbers are those of the last.
# The arrow that leads back into the frame is the loop of your program.

# %%
long, _ = read([1.0] + [0.0] * 99, u, w)
long.name = "h_100"
tg.draw(long)

# %% [markdown]
# ## Vectors instead of numbers
#
# One number is a poor memory. Let the input be a vector of $d$ numbers and the state one of $h$
# numbers; then the weights are matrices.
#
# $$ H_t = \tanh(X_t W_{xh} + H_{t-1} W_{hh} + b) $$
#
# $X_t$ is $(n, d)$, a row for each of $n$ sequences that are read side by side. So $W_{xh}$ is
# $(d, h)$, $W_{hh}$ is $(h, h)$ and $b$ is $(1, h)$. This is the network of Elman (1990).

# %%
rng = np.random.default_rng(0)


class OurRNN:
    def __init__(self, d, h):
        self.W_xh = tg.tensor(rng.normal(size=(d, h)) / np.sqrt(d), requires_grad=True)
        self.W_hh = tg.tensor(rng.normal(size=(h, h)) / np.sqrt(h), requires_grad=True)
        self.b = tg.tensor(np.zeros((1, h)), requires_grad=True)

    def __call__(self, sequence, state):
        states = []
        for X in sequence:
            state = tg.tanh(X @ self.W_xh + state @ self.W_hh + self.b)
            states.append(state)
        return tg.stack(states), state


ours = OurRNN(5, 4)
sequences = rng.normal(size=(7, 2, 5))  # 7 steps, 2 sequences, 5 numbers a step
states, state = ours(sequences, np.zeros((2, 4)))
states.shape

# %% [markdown]
# The library's layer is the same, with PyTorch's names: the weights are transposed, and the bias is
# in two parts.

# %%
layer = nn.RNN(5, 4).double()
weights = {
    "weight_ih_l0": ours.W_xh.data.T,
    "weight_hh_l0": ours.W_hh.data.T,
    "bias_ih_l0": ours.b.data[0],
    "bias_hh_l0": np.zeros(4),
}
layer.load_state_dict(weights)
theirs, _ = layer(tg.tensor(sequences))
assert np.allclose(theirs.data, states.data)

# %% [markdown]
# And it gives the same gradients. To the library all steps are one node, which is faster; what it
# computes inside is the sum over the steps.

# %%
states.sum().backward()
theirs.sum().backward()
assert np.allclose(layer.weight_hh_l0.grad, ours.W_hh.grad.T)

# %% [markdown]
# Answer to question 1: the number of weights does not depend on the number of steps. The small
# network of the question learns one number, $w$, for words of any length. This layer learns
# $d \cdot h + h \cdot h + h$ numbers, and the library's $h$ more, for its second bias.

# %% tags=["hide-cell"]
assert sum(p.size for p in (ours.W_xh, ours.W_hh, ours.b)) == 5 * 4 + 4 * 4 + 4 == 40
assert sum(p.size for p in layer.parameters()) == 44

# %% [markdown]
# ## Why gradients vanish or explode here
#
# How much does the last state change with an earlier one? By the chain rule, a factor comes in at
# each step:
#
# $$ \frac{\partial h_T}{\partial h_0} =
# \prod_{t=1}^{T} \frac{\partial h_t}{\partial h_{t-1}} $$
#
# In the question each factor is $w$, so the product is $w^{20}$: $0.8^{20} \approx 0.012$ and
# $1.2^{20} \approx 38$. That is question 2. After 20 steps the first network has forgotten the
# beginning, and in the second a change of the beginning is 38 times as large at the end.

# %% tags=["hide-cell"]
assert round(0.8**20, 3) == 0.012
assert round(1.2**20) == 38

# %% [markdown]
# With matrices each factor is a matrix, $\partial h_t / \partial h_{t-1} =
# W_{hh} \, \mathrm{diag}(1 - h_t^2)$, with a row for each number of $h_{t-1}$. An *eigenvalue* of a
# matrix is the factor by which it stretches a vector whose direction it keeps. Products of matrices grow
# or shrink by the largest absolute value of the eigenvalues of $W_{hh}$, its *spectral radius*. Below you
# see how large the gradient of the last state is, by the states 0 to 30 steps before it, for three radii.

# %%
steps, size = 30, 16
noise = 0.1 * rng.normal(size=(steps, 1, size))
W = rng.normal(size=(size, size))
W /= abs(np.linalg.eigvals(W)).max()


def sizes_of_gradients(radius):
    """The norm of the gradient of the last state by each state, from the last back to the first."""
    state = tg.tensor(np.zeros((1, size)), requires_grad=True)
    states = [state]
    for x in noise:
        state = tg.tanh(x + state @ (radius * W))
        states.append(state)
    gradients = tg.gradients(states[-1].sum(), states)
    return [np.linalg.norm(g) for g in reversed(gradients)]


norms = {f"radius {radius}": sizes_of_gradients(radius) for radius in (0.7, 1.0, 1.3)}
back = np.arange(steps + 1)
plots.lines(
    {radius: (back, norm) for radius, norm in norms.items()},
    xlabel="steps back",
    ylabel="size of the gradient",
    logy=True,
)

# %%
small, middle, large = (norm[-1] / norm[0] for norm in norms.values())
print(f"30 steps back, the gradient is × {small:.1e}, × {middle:.1e}, × {large:.1e}")
assert small < 1e-4
assert large > 10 * middle > 1000 * small

# %% [markdown]
# With a radius of 0.7 the gradient *vanishes*: nothing that happened 30 steps ago can be learned from. Above 1 it can
# *explode*, until the tanh, whose slope is at most 1, holds it back. It is the same thing as in the deep networks of
# lesson 8, but the remedy of that lesson does not last. One can begin with a radius of 1. But here all steps share one
# matrix, and whatever it becomes in training, its powers decide.
#
# Against explosion, clip. The gradient of all parameters together is scaled down to a norm of at
# most $\theta$:
#
# $$ g \leftarrow \min\left(1, \frac{\theta}{\lVert g \rVert}\right) g $$

# %%
tg.manual_seed(0)
wild = nn.RNN(size, size).double()
wild.weight_hh_l0.data = 3 * W
out, _ = wild(tg.tensor(10 * noise))
(out[-1] ** 2).sum().backward()
norm_before = optim.clip_grad_norm_(wild.parameters(), 1.0)
norm_after = np.sqrt(sum((p.grad**2).sum() for p in wild.parameters()))
print(f"norm {norm_before:.1f} before, {norm_after:.3f} after")
assert norm_before > 1
assert np.isclose(norm_after, 1, atol=1e-3)

# %% [markdown]
# Against vanishing there is no such trick; it takes another cell, which is
# [lesson 16](16_gates.py). And where a text is very long, one does not go back to its beginning at
# all. Every so many steps the state is handed on without its history, by `state.detach()`: this is
# *truncated* backpropagation through time. What the state says is kept, only the gradient ends.

# %%
start = tg.tensor(np.zeros((1, size)), requires_grad=True)
first = tg.tanh(noise[0] + start @ W)
whole = tg.tanh(noise[1] + first @ W)
cut = tg.tanh(noise[1] + first.detach() @ W)
assert np.array_equal(cut.data, whole.data)
assert tg.gradients(whole.sum(), [start])[0] is not None
assert not cut.requires_grad

# %% [markdown]
# ## What comes next?
#
# Now to names. A *language model* says how likely each *token* is to come next; here a token is a
# letter, or the end of the name. 8,403 first names ship with the package. A *tokenizer* turns
# letters into whole numbers.

# %%
names = text.names()
order = np.random.default_rng(0).permutation(len(names))
training, test = [names[i] for i in order[:7500]], [names[i] for i in order[7500:]]
tokenizer = text.CharTokenizer.train(names, special=["<end>"])
end = tokenizer.special["<end>"]
print(f"{len(names)} names, {len(tokenizer)} tokens; {names[4000]} {tokenizer.encode(names[4000])}")

# %% [markdown]
# A name begins behind the end of the one before, so `<end>` stands at both sides of it. Each token is
# an input, and the token after it is the target. Names of different length make a rectangle if the
# shorter ones are *padded*; padding has the target −100, which the loss ignores.


# %%
def documents(names):
    tokens = [tokenizer.encode(name) for name in names]
    return text.Documents(tokens, start=end, end=end, pad=end)


inputs, targets = documents(["emma", "bo"]).batch([0, 1])
print(inputs)
print(targets)

# %% [markdown]
# How good is a guess? The loss of lesson 5, the cross-entropy, is the mean of $-\log p$ over all
# tokens that really came. Its exponential is the *perplexity*:
#
# $$ \text{perplexity} = \exp\left(-\frac{1}{n} \sum_i \log p_i\right) $$
#
# If every token gets $p = 1/27$, the perplexity is 27, and this is question 3: one guesses as if out
# of 27 equally likely things. A model that is always certain and right has 1.
#
# Two models that need no network: how often a token is in all names, and how often it comes after
# this one. We count, beginning with 1 so that nothing has a chance of 0.

# %%
counts = np.ones((27, 27))
for name in training:
    row = [end, *tokenizer.encode(name), end]
    np.add.at(counts, (row[:-1], row[1:]), 1)

test_inputs, test_targets = documents(test).batch(range(len(test)))
counted = test_targets != -100


def perplexity(chances):
    """Of the chances (27,) of each token, for each place of the test names."""
    of_what_came = np.take_along_axis(chances, test_targets[counted][:, None], axis=1)
    return float(np.exp(-np.log(of_what_came).mean()))


n = counted.sum()
uniform = perplexity(np.full((n, 27), 1 / 27))
alone = perplexity(np.tile(counts.sum(axis=0) / counts.sum(), (n, 1)))
in_pairs = perplexity((counts / counts.sum(axis=1, keepdims=True))[test_inputs[counted]])
print(f"uniform {uniform:.1f}, letters alone {alone:.1f}, in pairs {in_pairs:.1f}")
assert np.isclose(uniform, 27)
assert in_pairs < alone < uniform

# %% [markdown]
# ## A network that spells
#
# The chance of the next token depends on all tokens before it. No table could hold so many beginnings;
# the state stands for them: $P(x_{t+1} \mid x_1, \ldots, x_t) \approx P(x_{t+1} \mid H_t)$. An *embedding*
# gives each token a vector, the recurrent layer a state after each token, and a linear layer 27 logits,
# $O_t = H_t W_{hq} + b_q$.


# %%
class Speller(nn.Module):
    def __init__(self, tokens=27, size=96):
        self.embedding = nn.Embedding(tokens, 24)
        self.rnn = nn.RNN(24, size, batch_first=True)
        self.output = nn.Linear(size, tokens)

    def forward(self, tokens, state=None):
        states, last = self.rnn(self.embedding(tokens), state)
        return self.output(states), last


def loss_of(model, inputs, targets):
    logits, _ = model(inputs)
    return nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))


def learn(model, dataset, epochs, lr):
    """The mean loss of each epoch; the rate falls to 0."""
    loader = data.DataLoader(dataset, batch_size=50, shuffle=True, bucket_by=dataset.lengths)
    optimizer = optim.Adam(model.parameters(), lr=lr)
    schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 - epoch / epochs)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for batch in loader:
            optimizer.zero_grad()
            loss = loss_of(model, *batch)
            loss.backward()
            optim.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.item()
        schedule.step()
        losses.append(total / len(loader))
    return losses


tg.manual_seed(0)
speller = Speller()
losses = learn(speller, documents(training), epochs=6, lr=0.004)
with tg.no_grad():
    by_network = np.exp(loss_of(speller, test_inputs, test_targets).item())
print(f"perplexity of the network {by_network:.1f}, of pairs {in_pairs:.1f}")
assert by_network < 0.85 * in_pairs

# %%
plots.row(
    plots.lines({"training": np.exp(losses)}, xlabel="epoch", ylabel="perplexity"),
    plots.bars(
        ["uniform", "letters", "pairs", "network"],
        {"perplexity": [uniform, alone, in_pairs, by_network]},
        ylabel="on names that it has not seen",
    ),
)

# %% [markdown]
# ## Names that nobody has
#
# A model that says what may come next can write. Begin with `<end>`, draw a token by its chance, give
# it to the network as the next input, and go on until `<end>` is drawn. The logits may be divided by
# a *temperature* before: below 1 likely letters become more likely.


# %%
def invent(model, rng, temperature=0.7, most=20):
    """The tokens of a text, up to `<end>`."""
    token, state, found = end, None, []
    with tg.no_grad():
        while len(found) < most:
            logits, state = model([[token]], state)
            chances = np.exp(logits.data[0, 0] / temperature, dtype=float)
            token = int(rng.choice(len(chances), p=chances / chances.sum()))
            if token == end:
                break
            found.append(token)
    return found


rng = np.random.default_rng(1)
invented = [tokenizer.decode(invent(speller, rng)) for _ in range(40)]
new = [name for name in invented if name not in names]
print(*invented[:16])
print(f"{len(new)} of {len(invented)} are not in the list")
assert sum(name.endswith(("a", "e")) for name in names) > 0.4 * len(names)
assert len(new) > 10

# %% [markdown]
# Nobody told it that a vowel follows most consonants, or that many names end in *a* or *e*.
#
# The same model, with a cell by a word, is `models.char_rnn`. To teach it a text of your own, in a
# terminal:
#
# ```sh
# tinygrad-edu train char_rnn --text poems.txt --cell lstm
# tinygrad-edu sample char_rnn.npz
# ```
#
# ## Poems
#
# Nothing in the program knows what a name is. The package also has 1,676 Chinese poems of the Tang dynasty, four lines
# of five characters each. Now a token is a character, and there are 1,731 of them. Before the training the perplexity
# is about that.

# %%
poems = text.poems()
characters = text.CharTokenizer.train(poems, special=["<end>"])
assert characters.special["<end>"] == end
verses = text.Documents([characters.encode(poem) for poem in poems], start=end, end=end, pad=end)
tg.manual_seed(0)
poet = Speller(len(characters), size=128)
first = loss_of(poet, *verses.batch(range(50))).item()
poem_losses = learn(poet, verses, epochs=8, lr=0.006)
print(f"{len(characters)} tokens; perplexity {np.exp(first):.0f} at first, {np.exp(poem_losses[-1]):.0f} at the end")
rng = np.random.default_rng(0)
written = [characters.decode(invent(poet, rng, most=27)) for _ in range(20)]
print(*written[:3], sep="\n")
lines = [len(line) for poem in written for line in poem.replace("。", "，").split("，") if line]
fives = lines.count(5) / len(lines)
print(f"{fives:.0%} of the lines have five characters")
assert (len(poems), len(characters)) == (1676, 1731)
assert np.isclose(np.exp(first), 1731, rtol=0.05)
assert np.exp(poem_losses[-1]) < 150
assert fives > 0.6

# %% [markdown]
# It has learned that most lines have five characters, with a comma and a full stop in turn. Whether four lines are
# full it does not know: counting to four lines takes a longer memory. What the lines say is a matter of chance; for
# that the network is far too small, and the poems are far too few.

# %% [markdown]
# ## An image, row by row
#
# A sequence need not be a text. An image of 8 × 8 pixels is a sequence of 8 rows of 8 numbers, and
# the state after the last row knows which digit it was. `models.rnn` has two layers, one above the
# other: the states of the first are the inputs of the second.

# %%
tg.manual_seed(0)
reader = models.rnn(width=8, hidden=48, layers=2)
digits = data.DataLoader(data.Digits(), batch_size=50, shuffle=True)
held_out = data.Digits(train=False)
optimizer = optim.Adam(reader.parameters(), lr=0.003)
cross_entropy = nn.CrossEntropyLoss()
for _ in range(15):
    for images, labels in digits:
        optimizer.zero_grad()
        cross_entropy(reader(images), labels).backward()
        optimizer.step()

with tg.no_grad():
    said = reader(held_out.images).data.argmax(axis=1)
accuracy = (said == held_out.labels).mean()
print(f"{accuracy:.1%} of the test digits")
assert accuracy > 0.9

# %% [markdown]
# It never sees the image as a whole. On the 70,000 images of MNIST, with 28 rows and 128 numbers of
# state, `tinygrad-edu train rnn` reads 97 of 100.
#
# What does it think after each row? Ask the last layer after every step.

# %%
example = held_out.images[1:2]
with tg.no_grad():
    states, _ = reader.rnn(example[:, 0])
    chances = tg.softmax(reader.output(states), axis=-1).data[0]
label = int(held_out.labels[1])
curves = {f"the digit {label}": chances[:, label]}
plots.row(
    plots.images(example[:, 0], [f"the digit {label}"]),
    plots.lines(curves, xlabel="rows read", ylabel="probability"),
)

# %% [markdown]
# ## In five lines
#
# - A recurrent network keeps a state, and changes it at each step by the same weights.
# - Backpropagation through time is backpropagation through the unrolled graph; a shared weight gets
#   the sum over all steps.
# - The gradient over $T$ steps is a product of $T$ factors: it vanishes or explodes. Clip what
#   explodes; cut very long texts by `detach`.
# - Perplexity, $\exp$ of the mean cross-entropy: out of how many equally likely tokens one guesses.
# - A model of the next token writes, if each token that is drawn becomes the next input.

# %% [markdown]
# ## To think about
#
# 1. The spelling network has a state of 96 numbers and an embedding of 24. How many numbers does the
#    recurrent layer learn, with its two biases?
# 2. Why is the hidden state of the names not handed on from one batch to the next, as it is in
#    truncated backpropagation through time?
# 3. A model has a perplexity of 8 on names. Another says the right letter in half of the cases, with
#    certainty, and gives a chance of 0 to it in the other half. What is its perplexity?
#
# <details><summary>Answers</summary>
#
# 1. $96 \cdot 24 + 96 \cdot 96 + 2 \cdot 96 = 11{,}712$.
# 2. The names are separate: what came before the `<end>` says nothing about the next name. In a long
#    text it does.
# 3. Infinite. $-\log 0$ is infinite, and so is every mean with it. That is why we began to count
#    with 1.
#
# </details>

# %% tags=["hide-cell"]
assert sum(p.size for p in speller.rnn.parameters()) == 96 * 24 + 96 * 96 + 2 * 96 == 11_712

# %% [markdown]
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/15_sequences/starter.py` to `my_answers.py` and fill in three functions:
#
# 1. `states(x, h, w_xh, w_hh, b)`: the state after each step (2 points).
# 2. `perplexity(chances)`: of the chances that a model gave to what really came (2 points).
# 3. `through_time(upstream, x, h, w_xh, w_hh)`: what all four receive, from the last step back to the
#    first (4 points).
#
# Then run
#
# ```sh
# tinygrad-edu grade exercises/15_sequences my_answers.py --show
# ```
#
# It tells you if only the last step reaches a weight, if a slope of tanh is missing, or if a mean is
# taken before the logarithm.
#
# ## What to read in the source
#
# - `tinygrad_edu/engine/primitives/recurrent.py`, `rnn_cell`: the equation of this lesson, in a line;
#   `_rnn_rule`: what comes back in one step; `_through_time`: the loop over all steps.
# - `tinygrad_edu/nn/recurrent.py`, `RecurrentLayers`: how layers and directions are put together.
# - `tinygrad_edu/data/text/tokenizers.py`: the tokenizer of this lesson, and one that learns pieces of
#   words.
# - `tinygrad_edu/models/language.py`, `choose`: temperature, and two other ways to draw a token.
# - `tinygrad_edu/graph/views/fold.py`: how a picture finds the steps of a loop.
#
# ## Where this comes from
#
# - The network: J. L. Elman, "Finding structure in time", Cognitive Science 14, 1990.
# - Backpropagation through time: P. J. Werbos, "Backpropagation through time: what it does and how to
#   do it", Proceedings of the IEEE 78, 1990.
# - Vanishing and exploding: S. Hochreiter, diploma thesis, Technische Universität München, 1991; Y.
#   Bengio, P. Simard, P. Frasconi, "Learning long-term dependencies with gradient descent is
#   difficult", IEEE Transactions on Neural Networks 5, 1994.
# - Clipping: R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural
#   networks", ICML 2013.
# - The names: G. Ward, "Moby word lists", 2002, in the public domain. The poems: Complete Tang Poems,
#   1705, as collected by the project chinese-poetry under the MIT licence. The digits: E. Alpaydin and C.
#   Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository, 1998, under
#   CC BY 4.0.
