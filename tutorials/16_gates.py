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
# # 16. Gates
#
# A plain recurrent network forgets: over many steps its gradient is a long product, and vanishes. The
# remedy of 1997 is to *add* to the memory instead of multiplying it, and to let the network itself
# decide, by *gates*, what to write and what to show; since 2000 also what to keep. In this lesson you
# build the two cells in wide use, LSTM and GRU, from their equations, and give them a task that the plain
# network cannot learn.
#
# You need the recurrent network and its vanishing gradients from [lesson 15](15_sequences.py).
#
# It takes about 60 minutes with the exercises, and is of medium difficulty: there are more equations
# than usual, and each is short.
#
# ## A question first
#
# A memory is one number $c$. At each step a *forget gate* $f$ multiplies it: $c_t = f \cdot c_{t-1}$.
#
# 1. How much of it is left after 100 steps, if $f = 0.99$? And if $f = 0.5$?
# 2. A new network begins with gates that are half open. Which of the two is that more like, and what
#    would you do about it?
# 3. An LSTM has one block of weights for each of three gates and one for new content. How many times
#    as many numbers does it learn as a plain recurrent layer of the same size?
#
# Write your answers down.

# %%
import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import nn, optim, plots

# %% [markdown]
# ## Adding instead of multiplying
#
# Take a memory that only adds: $c_t = c_{t-1} + a_t$, where $a_t$ is what step $t$ writes down. Then
# $\partial c_t / \partial c_{t-1} = 1$, and so is the product of a thousand such factors. Nothing
# vanishes, and nothing explodes.
#
# It never forgets, though, and it writes everything down. So two numbers between 0 and 1 come in, the
# *forget gate* $f$ and the *input gate* $i$:
#
# $$ c_t = f_t \, c_{t-1} + i_t \, g_t $$
#
# $g_t$ is the new content. With $f = 1$ and $i = 0$ the memory is kept as it is; with $f = 0$ and
# $i = 1$ it is replaced. Here are three steps: write 2, keep it, keep it nearly.

# %%
c0 = tg.Value(0.0, name="c0")
f = [tg.Value(number, name=f"f{t}") for t, number in enumerate((0.5, 1.0, 0.9), 1)]
i = [tg.Value(number, name=f"i{t}") for t, number in enumerate((1.0, 0.0, 0.0), 1)]
g = [tg.Value(number, name=f"g{t}") for t, number in enumerate((2.0, 7.0, -5.0), 1)]

c = c0
for f_t, i_t, g_t in zip(f, i, g):
    c = f_t * c + i_t * g_t
c.name = "c3"
tg.draw(c)

# %% [markdown]
# The derivative of the end by what was written at the first step, $\partial c_3 / \partial g_1 = i_1
# \, f_2 \, f_3$, has only gates in it. Play it, and see which arrows bring 0: a closed gate stops the
# gradient as it stops the number.

# %%
tg.steps(c)

# %%
c.backward()
assert np.isclose(c.item(), 1.8)
assert np.isclose(g[0].grad, 1.0 * 1.0 * 0.9)
assert g[1].grad == g[2].grad == 0.0

# %% [markdown]
# Question 1: $0.99^{100} \approx 0.37$, more than a third; $0.5^{100} \approx 10^{-30}$, nothing. A
# gate that is nearly open carries far, and one that is half open does not.

# %% tags=["hide-cell"]
assert round(0.99**100, 2) == 0.37
assert 0.5**100 < 1e-30

# %% [markdown]
# ## LSTM
#
# Who sets the gates? The network: each is a small layer of its own, which sees the input and the last
# state. Its sigmoid $\sigma$ gives numbers between 0 and 1. An *output gate* $o$ decides what of the
# memory is shown. This is the *long short-term memory*:
#
# $$
# \begin{aligned}
# i_t &= \sigma(X_t W_{xi} + H_{t-1} W_{hi} + b_i) \\
# f_t &= \sigma(X_t W_{xf} + H_{t-1} W_{hf} + b_f) \\
# g_t &= \tanh(X_t W_{xg} + H_{t-1} W_{hg} + b_g) \\
# o_t &= \sigma(X_t W_{xo} + H_{t-1} W_{ho} + b_o) \\
# C_t &= f_t \, C_{t-1} + i_t \, g_t \\
# H_t &= o_t \, \tanh(C_t)
# \end{aligned}
# $$
#
# It has two states: the memory $C$, and $H$, what the others get to see of it. All products are
# element by element: each number of the memory has gates of its own.

# %%
rng = np.random.default_rng(0)


class OurLSTM:
    def __init__(self, d, h):
        self.x = {k: tg.tensor(rng.normal(size=(d, h)), requires_grad=True) for k in "ifgo"}
        self.h = {k: tg.tensor(rng.normal(size=(h, h)), requires_grad=True) for k in "ifgo"}
        self.b = {k: tg.tensor(rng.normal(size=h), requires_grad=True) for k in "ifgo"}

    def __call__(self, X, H, C):
        before = {k: X @ self.x[k] + H @ self.h[k] + self.b[k] for k in "ifgo"}
        i, f, o = (tg.sigmoid(before[k]) for k in "ifo")
        C = f * C + i * tg.tanh(before["g"])
        return o * tg.tanh(C), C


ours = OurLSTM(3, 4)
X, H, C = (rng.normal(size=shape) for shape in ((2, 3), (2, 4), (2, 4)))
new_H, new_C = ours(X, H, C)

# %% [markdown]
# The library stacks the four blocks in the order i, f, g, o, and transposes them, as PyTorch does.

# %%
cell = nn.LSTMCell(3, 4).double()
cell.load_state_dict(
    {
        "weight_ih": np.concatenate([ours.x[k].data.T for k in "ifgo"]),
        "weight_hh": np.concatenate([ours.h[k].data.T for k in "ifgo"]),
        "bias_ih": np.concatenate([ours.b[k].data for k in "ifgo"]),
        "bias_hh": np.zeros(16),
    }
)
their_H, their_C = cell(X, (H, C))
assert np.allclose(their_H.data, new_H.data)
assert np.allclose(their_C.data, new_C.data)

# %% [markdown]
# To see it, make each gate a module, a linear layer on $X$ and $H$ side by side. The way from `c` to
# `c'` is the memory: one product and one sum. The gates come in from the side.


# %%
class ForgetGate(nn.Module):
    def __init__(self):
        self.linear = nn.Linear(7, 4)

    def forward(self, x_and_h):
        return tg.sigmoid(self.linear(x_and_h))


class InputGate(ForgetGate):
    pass


class OutputGate(ForgetGate):
    pass


class NewContent(ForgetGate):
    def forward(self, x_and_h):
        return tg.tanh(self.linear(x_and_h))


x_and_h = tg.tensor(np.concatenate([X, H], axis=1, dtype=np.float32), name="x_and_h")
memory = tg.tensor(C.astype(np.float32), name="c", requires_grad=True)
new_memory = ForgetGate()(x_and_h) * memory + InputGate()(x_and_h) * NewContent()(x_and_h)
new_memory.name = "c'"
shown = OutputGate()(x_and_h) * tg.tanh(new_memory)
shown.name = "h'"
tg.draw(shown, depth=0, gradients=False)

# %% [markdown]
# ## GRU
#
# The *gated recurrent unit* of 2014 does with two gates and one state. The *update gate* $z$ mixes
# the old state with a new one, and the *reset gate* $r$ says how much of the old state the new one
# gets to see:
#
# $$
# \begin{aligned}
# r_t &= \sigma(X_t W_{xr} + H_{t-1} W_{hr} + b_r) \\
# z_t &= \sigma(X_t W_{xz} + H_{t-1} W_{hz} + b_z) \\
# n_t &= \tanh(X_t W_{xn} + b_{xn} + r_t \, (H_{t-1} W_{hn} + b_{hn})) \\
# H_t &= (1 - z_t) \, n_t + z_t \, H_{t-1}
# \end{aligned}
# $$
#
# Where $z$ is near 1, the state is kept, and the factor of the gradient is near 1 as well.


# %%
def our_gru(X, H, weight_x, weight_h, bias_x, bias_h):
    x_r, x_z, x_n = tg.split(X @ weight_x.T + bias_x, 3, axis=1)
    h_r, h_z, h_n = tg.split(H @ weight_h.T + bias_h, 3, axis=1)
    r, z = tg.sigmoid(x_r + h_r), tg.sigmoid(x_z + h_z)
    n = tg.tanh(x_n + r * h_n)
    return (1 - z) * n + z * H


gru = nn.GRUCell(3, 4).double()
by_us = our_gru(X, H, gru.weight_ih, gru.weight_hh, gru.bias_ih, gru.bias_hh)
assert np.allclose(gru(X, H).data, by_us.data)

# %% [markdown]
# Question 3: four blocks of weights, so four times as many numbers as a plain layer; a GRU has three.

# %%
kinds = (nn.RNN, nn.GRU, nn.LSTM)
counts = {kind.__name__: sum(p.size for p in kind(24, 96).parameters()) for kind in kinds}
print(counts)
assert counts["LSTM"] == 4 * counts["RNN"]
assert counts["GRU"] == 3 * counts["RNN"]

# %% [markdown]
# ## How far back?
#
# Now the measurement of lesson 15, for layers that nobody has trained: how large is the gradient of
# the last state by the input of each step before it? A fresh layer has biases near 0, so its gates
# are half open, and each step halves the memory. That is question 2: it is much more like 0.5 than
# like 0.99. The remedy is simple: begin with a larger bias at the forget gate. $\sigma(2) \approx
# 0.88$, and $\sigma(4) \approx 0.98$. The three LSTMs below differ in this bias alone.

# %% tags=["hide-cell"]
assert np.allclose(tg.sigmoid(np.array([2.0, 4.0])), [0.88, 0.98], atol=0.005)


# %%
def opened(layer, bias):
    """The layer, with this bias at the gate that keeps: f of an LSTM, z of a GRU; both are the second block."""
    size = layer.hidden_size
    numbers = layer.bias_ih_l0.data.copy()
    numbers[size : 2 * size] = bias
    layer.bias_ih_l0.data = numbers
    return layer


def untrained(kind):
    tg.manual_seed(1)
    return kind(2, 16)


def sizes_of_gradients(layer, steps=40):
    noise = tg.tensor(0.1 * np.random.default_rng(1).normal(size=(steps, 1, 2)), requires_grad=True)
    states, _ = layer.double()(noise)
    (gradient,) = tg.gradients(states[-1].sum(), [noise])
    return np.linalg.norm(gradient[::-1, 0], axis=1)


norms = {
    "RNN": sizes_of_gradients(untrained(nn.RNN)),
    "LSTM": sizes_of_gradients(untrained(nn.LSTM)),
    "LSTM, bias 2": sizes_of_gradients(opened(untrained(nn.LSTM), 2)),
    "LSTM, bias 4": sizes_of_gradients(opened(untrained(nn.LSTM), 4)),
}
back = np.arange(40)
plots.lines(
    {name: (back, norm) for name, norm in norms.items()},
    xlabel="steps back",
    ylabel="size of the gradient",
    logy=True,
)

# %%
carried = {name: norm[-1] / norm[0] for name, norm in norms.items()}
print({name: f"{ratio:.0e}" for name, ratio in carried.items()})
assert max(carried["RNN"], carried["LSTM"]) < 1e-4
assert carried["LSTM, bias 4"] > 0.1 > carried["LSTM, bias 2"] > 1e-3

# %% [markdown]
# A gate alone is not enough; it has to be open when training begins. After that, training moves it.
#
# ## The long delay
#
# At the first step comes a signal, $+1$ or $-1$, and a mark that it is the signal. Then 39 steps of
# noise follow. After the last one the network is asked which signal it was. It must carry one bit
# past 39 distractions.

# %%
DELAY = 40


def sequences(n, rng):
    x = np.zeros((DELAY, n, 2), np.float32)
    x[:, :, 0] = rng.normal(scale=0.5, size=(DELAY, n))
    signal = rng.integers(0, 2, n)
    x[0, :, 0], x[0, :, 1] = 2 * signal - 1, 1
    return x, signal


class Recall(nn.Module):
    def __init__(self, layer):
        self.layer = layer
        self.output = nn.Linear(layer.hidden_size, 2)

    def forward(self, x):
        states, _ = self.layer(x)
        return self.output(states[-1])


def trained(layer, steps=240):
    """The network, and how often it was right in each step of training, smoothed over 20 steps."""
    rng = np.random.default_rng(0)
    network = Recall(layer)
    optimizer = optim.Adam(network.parameters(), lr=0.01)
    right = []
    for _ in range(steps):
        x, signal = sequences(64, rng)
        logits = network(x)
        optimizer.zero_grad()
        nn.functional.cross_entropy(logits, signal).backward()
        optim.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        right.append((logits.data.argmax(axis=1) == signal).mean())
    return network, np.convolve(right, np.full(20, 1 / 20), "valid")


layers = {
    "RNN": lambda: nn.RNN(2, 16),
    "LSTM": lambda: nn.LSTM(2, 16),
    "LSTM, open": lambda: opened(nn.LSTM(2, 16), 2),
    "GRU, open": lambda: opened(nn.GRU(2, 16), 2),
}
networks, curves = {}, {}
for name, make in layers.items():
    tg.manual_seed(0)
    networks[name], curves[name] = trained(make())
    print(f"{name}: right in {curves[name][-1]:.0%}")

# %%
plots.lines(curves, xlabel="steps of training", ylabel="right")

# %% [markdown]
# The plain network guesses to the end, and so does the LSTM whose gates begin half open: no gradient
# reaches the first step, so there is nothing to learn from. With the gate open, both cells learn it.

# %% tags=["hide-cell"]
assert curves["RNN"][-1] < 0.65
assert curves["LSTM"][-1] < 0.65
assert curves["LSTM, open"][-1] > 0.95
assert curves["GRU, open"][-1] > 0.95

# %% [markdown]
# ## What it has learned
#
# The layer shows its states, and not its gates and its memory; but the equations are known, so both
# can be computed. Here are two sequences with the same noise and opposite signals, and that number of
# the memory which tells them apart best.


# %%
def inside(layer, x):
    """The forget gates and the memory of each step, (T, N, H)."""
    states, _ = layer(x)
    before = np.concatenate([np.zeros_like(states.data[:1]), states.data[:-1]])
    all_four = x @ layer.weight_ih_l0.data.T + layer.bias_ih_l0.data
    all_four = all_four + before @ layer.weight_hh_l0.data.T + layer.bias_hh_l0.data
    i, f, g, _ = np.split(all_four, 4, axis=-1)
    i, f, g = tg.sigmoid(i), tg.sigmoid(f), np.tanh(g)
    memory = [np.zeros_like(f[0])]
    for t in range(DELAY):
        memory.append(f[t] * memory[-1] + i[t] * g[t])
    return f, np.array(memory[1:])


x, _ = sequences(2, np.random.default_rng(5))
x[1:, 1] = x[1:, 0]
x[0, :, 0] = 1, -1
forgets, memory = inside(networks["LSTM, open"].layer, x)
best = abs(memory[-1, 0] - memory[-1, 1]).argmax()
signals = ("signal +1", "signal −1")
plots.row(
    plots.lines(dict(zip(signals, memory[:, :, best].T)), xlabel="step", title="memory"),
    plots.lines(dict(zip(signals, forgets[:, :, best].T)), xlabel="step", title="its forget gate"),
)

# %% [markdown]
# After the first step the same comes in, and yet the memory goes to opposite sides. From step to step
# the forget gate keeps about 0.97 of it. That alone would leave $0.97^{39} \approx 0.3$ of the signal.
# But gates and new content see the last state: what is written later has the sign of what is there
# already, so that the memory even grows.

# %% tags=["hide-cell"]
assert 0.95 < forgets[:, :, best].mean() < 0.985
assert round(0.97**39, 1) == 0.3
half, end = abs(memory[DELAY // 2, :, best]), abs(memory[-1, :, best])
assert memory[-1, 0, best] * memory[-1, 1, best] < 0
assert (end > half).all()

# %% [markdown]
# ## In five lines
#
# - A memory that is added to has a factor of 1 from step to step; a product of ones does not vanish.
# - Gates are sigmoid layers that decide what is kept, written and shown: three in an LSTM, two in a
#   GRU.
# - The gradient along the memory is a product of forget gates. Closed gates stop it.
# - A gate has to be open when training begins: give its bias a number above 0.
# - An LSTM learns four times, a GRU three times as many numbers as a plain layer.

# %% [markdown]
# ## To think about
#
# 1. Which forget gate keeps half of the memory over 100 steps?
# 2. Why is the memory put through a tanh before it is shown, and not before it is kept?
# 3. A GRU has no output gate. What does that mean for what the other layers see?
#
# <details><summary>Answers</summary>
#
# 1. $0.5^{1/100} \approx 0.993$. As a bias that is $\log(0.993 / 0.007) \approx 5$.
# 2. A tanh between the steps would be a factor below 1 at each of them, and the gradient would vanish
#    again. The memory itself may grow; what is shown stays between −1 and 1.
# 3. They see the whole state, always. An LSTM can keep something to itself until it is needed.
#
# </details>

# %%
keeping = 0.5 ** (1 / 100)
assert round(keeping, 3) == 0.993
assert round(np.log(keeping / (1 - keeping))) == 5

# %% [markdown]
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/16_gates/starter.py` to `my_answers.py` and fill in three functions:
#
# 1. `lstm_step(x, h, c, w_x, w_h, b)`: one step of an LSTM (3 points).
# 2. `memory_backward(upstream, f, c, i, g)`: what the four parts of $f c + i g$ receive (2 points).
# 3. `gru_step(x, h, w_x, w_h, b_x, b_h)`: one step of a GRU (3 points).
#
# Then run
#
# ```sh
# tinygrad-edu grade exercises/16_gates my_answers.py --show
# ```
#
# Gates in another order, a sigmoid where a tanh belongs, an update gate the other way round: each is
# recognised and named.
#
# ## What to read in the source
#
# - `tinygrad_edu/engine/primitives/recurrent.py`, `lstm_cell` and `gru_cell`: the equations of this
#   lesson, in three and five lines.
# - The same file, `_lstm_rule`: what comes back in one step, from the gates and states that were kept;
#   two gradients are carried from step to step.
# - `tinygrad_edu/nn/recurrent.py`, `LSTM`: layers above each other, and both directions.
# - `tinygrad_edu/models/char_rnn.py`: the network of lesson 15, with the cell by a word.
#
# ## Where this comes from
#
# - LSTM: S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9, 1997. The
#   delay is of the kind of its experiments.
# - The forget gate: F. Gers, J. Schmidhuber, F. Cummins, "Learning to forget: continual prediction with
#   LSTM", Neural Computation 12, 2000.
# - GRU: K. Cho and others, "Learning phrase representations using RNN encoder–decoder for statistical
#   machine translation", EMNLP 2014. The reset gate stands behind the product here, as in PyTorch.
# - The open gate: R. Jozefowicz, W. Zaremba, I. Sutskever, "An empirical exploration of recurrent
#   network architectures", ICML 2015.
