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
# # 17. Attention
#
# A recurrent network hands a sequence on from step to step, and much is lost on the way. Attention
# takes no such way: every position looks at every other one directly, and takes what it needs. In this
# lesson you write attention in three lines, give it positions, masks and heads, build a Transformer
# from it, and see what one looks at while it turns a sequence round.
#
# You need softmax from [lesson 5](05_softmax_regression.py), modules from
# [lesson 9](09_layers_and_blocks.py), and tokens and states from [lesson 15](15_sequences.py).
#
# It takes about 110 minutes with the exercises, and is of medium difficulty: every step is small, and
# there are many.
#
# ## A question first
#
# Three words stand in a memory. Each has a *key*, by which it is found, and a *value*, which is what
# it has to say:
#
# | word | key | value |
# |---|---|---|
# | 1 | (1, 0) | 10 |
# | 2 | (0, 1) | 20 |
# | 3 | (1, 1) | 40 |
#
# A *query* (2, 0) is compared with each key by the dot product. The softmax of the comparisons
# says how much of each value the query takes.
#
# 1. What are the three shares, and what does the query receive?
# 2. The three words change places. What does the query receive now?
# 3. In a text of 100 words, each word is a query for all 100. How many comparisons are that, and how
#    many in a text that is twice as long?
#
# Write your answers down.

# %%
import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import models, nn, optim, plots
from tinygrad_edu.nn.functional import (
    attention_weights,
    positional_encoding,
    scaled_dot_product_attention,
    softmax,
)

# %% [markdown]
# ## A soft lookup
#
# A dictionary of Python finds a key that is equal to the query, and gives its value. If no key is
# equal, there is an error, and there is no derivative either: a key that is a little different is
# as wrong as any other. A *soft* lookup takes something of every value, more of those whose keys
# are more like the query:
#
# $$ \text{shares} = \operatorname{softmax}(K q), \qquad \text{result} = \text{shares} \cdot V $$


# %%
def look_up(query, keys, values):
    shares = softmax(keys @ query)
    return shares, shares @ values


keys = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
values = np.array([10.0, 20.0, 40.0])
shares, result = look_up(np.array([2.0, 0.0]), keys, values)
print(shares.round(3), round(float(result), 2))

# %% [markdown]
# That is question 1: the comparisons are 2, 0 and 2, the shares 0.468, 0.063 and 0.468, and the query
# receives 24.68. A longer query asks more firmly. (20, 0) takes nearly nothing of the second word.

# %% tags=["hide-cell"]
assert shares.round(3).tolist() == [0.468, 0.063, 0.468]
assert round(float(result), 2) == 24.68
firm, _ = look_up(np.array([20.0, 0.0]), keys, values)
assert firm[1] < 1e-8

# %% [markdown]
# And question 2: nothing changes. A dictionary has no order, and neither has this one. We come back
# to that.

# %% tags=["hide-cell"]
other_order = [2, 0, 1]
_, same = look_up(np.array([2.0, 0.0]), keys[other_order], values[other_order])
assert np.isclose(same, result)

# %% [markdown]
# ## What comes back
#
# Everything in it has a derivative, so keys, values and queries can be learned. Here is a lookup
# with two words and single numbers: the query $q = 1$, the keys 1 and $-1$, the values 3 and 5. Step
# through it, forward and back.

# %%
q = tg.Value(1.0, name="q")
k1, k2 = tg.Value(1.0, name="k1"), tg.Value(-1.0, name="k2")
v1, v2 = tg.Value(3.0, name="v1"), tg.Value(5.0, name="v2")
e1, e2 = tg.exp(q * k1), tg.exp(q * k2)
a = e1 / (e1 + e2)
b = e2 / (e1 + e2)
r = a * v1 + b * v2
a.name, b.name, r.name = "a", "b", "r"
tg.steps(r)

# %% [markdown]
# The shares are $a = 0.88$ and $b = 0.12$, and they are at once the derivatives of the result by the
# values: whoever is listened to most learns most. The derivative by the key $k_1$ is
#
# $$ \frac{\partial r}{\partial k_1} = a \, (v_1 - r) \cdot q = 0.88 \cdot (3 - 3.24) = -0.21 $$
#
# A key is pulled towards the query if its value is larger than what the query received so far, and
# pushed away if it is smaller.

# %% tags=["hide-cell"]
r.backward()
assert (round(a.data, 2), round(b.data, 2), round(r.data, 2)) == (0.88, 0.12, 3.24)
assert np.isclose(v1.grad, a.data)
assert np.isclose(k1.grad, a.data * (v1.data - r.data) * q.data)
assert round(k1.grad, 2) == -0.21

# %% [markdown]
# ## Many queries, and a root
#
# With a query in each row of $Q$, all comparisons are one matrix product. Before the softmax they
# are divided by $\sqrt{d}$, where $d$ is how many numbers a key has:
#
# $$ \operatorname{attention}(Q, K, V) = \operatorname{softmax}\left(\frac{Q K^\top}{\sqrt{d}}\right) V $$


# %%
def attention(Q, K, V, mask=None):
    """Q (L, d), K (S, d) and V (S, v) give (L, v); the mask is True where a query may look."""
    scores = Q @ K.swapaxes(-1, -2) / np.sqrt(K.shape[-1])
    if mask is not None:
        scores = tg.where(mask, scores, -np.inf)
    return softmax(scores) @ V


rng = np.random.default_rng(0)
Q, K, V = rng.normal(size=(4, 8)), rng.normal(size=(6, 8)), rng.normal(size=(6, 3))
assert np.allclose(attention(Q, K, V), scaled_dot_product_attention(Q, K, V))

# %% [markdown]
# Why the root? The dot product of two vectors of $d$ random numbers with variance 1 has the variance
# $d$. For $d = 256$ the comparisons are about $\pm 16$. The softmax of such numbers is nearly all 1
# for the largest and 0 for the others, and where a softmax is flat no gradient comes back. Divided
# by the root, the comparisons have the variance 1 again, whatever $d$ is.

# %%
d = 256
q256, k256 = rng.normal(size=(1000, d)), rng.normal(size=(10, d))
comparisons = q256 @ k256.T
print("largest share of ten, on average:")
for what, scores in (("as they are", comparisons), ("divided by √d", comparisons / np.sqrt(d))):
    print(f"  {softmax(scores).max(axis=1).mean():.2f}  {what}")

# %% tags=["hide-cell"]
assert 15 < comparisons.std() < 17
assert softmax(comparisons).max(axis=1).mean() > 0.85
assert softmax(comparisons / np.sqrt(d)).max(axis=1).mean() < 0.45

# %% [markdown]
# ## Self-attention, and what it costs
#
# In *self-attention* queries, keys and values come from the same sequence, by three linear layers:
# each word asks, is found, and speaks, in three different roles. Question 3: 100 words make
# $100 \cdot 100 = 10{,}000$ comparisons, and 200 words make 40,000. The work grows with the square of
# the length. In return all of it is done at once, while a recurrent network takes 100 steps, each of
# which waits for the one before. And the way from any word to any other is one step long.
#
# ## Positions
#
# Self-attention does not know what comes first. If the words change places, the results change places
# with them, and otherwise stay what they were.

# %%
words = rng.normal(size=(5, 8))
shuffled = [3, 0, 4, 2, 1]
assert np.allclose(attention(words, words, words)[shuffled], attention(*[words[shuffled]] * 3))

# %% [markdown]
# For a text that will not do. So each word's vector gets something added that depends on its place
# alone. The paper takes sines and cosines of the position $t$, each pair of columns slower than the
# one before:
#
# $$ p_{t,\,2i} = \sin\left(t / 10000^{2i/d}\right), \qquad p_{t,\,2i+1} = \cos\left(t / 10000^{2i/d}\right) $$
#
# Below, each row is a position, each column one of 32 numbers; red is positive, blue negative.


# %%
def encoding(length, d):
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(0, d, 2) / d)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, d)


assert np.allclose(encoding(40, 32), positional_encoding(40, 32), atol=1e-6)
plots.images([encoding(40, 32)], titles=["40 positions"], signed=True)

# %% [markdown]
# A clock has a hand for hours, one for minutes and one for seconds. This one has sixteen hands. The
# dot product of two positions depends on their distance alone, so a query can ask for "three places
# before me".

# %%
products = encoding(40, 32) @ encoding(40, 32).T
for distance in (1, 3, 10):
    assert np.allclose(np.diag(products, distance), products[0, distance])

# %% [markdown]
# Or the positions are learned, a vector for each, as any other weight: `nn.PositionalEmbedding`. So
# it is in BERT and GPT. Such a network knows no position beyond those that it was made for.
#
# ## Masks
#
# A *mask* says who may look where. Before the softmax, a comparison that is not allowed becomes
# $-\infty$, and its share 0. There are two kinds.
#
# A *causal* mask lets each position look at itself and at what came before. A network that is to
# predict the next word must not see it.

# %%
causal = np.tril(np.ones((5, 5), bool))
seen = attention_weights(words, words, causal)
print(seen.round(2))
assert np.allclose(attention(words, words, words, causal), seen @ words)
assert np.allclose(seen, attention_weights(words, words, is_causal=True))

# %% [markdown]
# How can you be sure that nothing leaks? By the gradient. The derivative of the third result by the
# fourth word is exactly 0, not nearly.

# %%
x = tg.tensor(words, requires_grad=True)
attention(x, x, x, causal)[2].sum().backward()
assert np.all(x.grad[3:] == 0)
assert np.all(np.abs(x.grad[:3]).max(axis=1) > 0)

# %% [markdown]
# A *padding* mask is for batches. Sentences differ in length, an array is rectangular, so the shorter
# ones are filled up, and nobody may look at the filling.

# %%
batch = nn.pad_sequence([words, words[:2]], batch_first=True)
padding = nn.padding_mask([5, 2])
print(padding)
layer = nn.MultiheadAttention(8, 2, batch_first=True)
out, _ = layer(batch, batch, batch, key_padding_mask=padding)
alone, _ = layer(words[:2], words[:2], words[:2])
assert np.allclose(out.data[1, :2], alone.data, atol=1e-6)

# %% [markdown]
# ## Heads
#
# One set of shares is one opinion. A word may have to look at its verb for one reason and at its
# article for another. So the $d$ numbers are cut into $h$ parts, each part makes shares of its own,
# and the results are put side by side and mixed by a last linear layer. Each part is called a *head*.
# Four heads of 8 numbers cost as much as one of 32.


# %%
def multi_head(x, W_in, b_in, W_out, b_out, heads):
    """x (T, d); W_in (3·d, d) makes queries, keys and values, W_out (d, d) mixes the heads."""
    T, d = x.shape
    projected = x @ W_in.T + b_in  # (T, 3·d)
    q, k, v = projected.reshape(T, 3, heads, d // heads).transpose(1, 2, 0, 3)  # (heads, T, d / heads)
    together = attention(q, k, v).transpose(1, 0, 2).reshape(T, d)
    return together @ W_out.T + b_out


tg.manual_seed(0)
layer = nn.MultiheadAttention(32, 4, batch_first=True).double()
sentence = rng.normal(size=(6, 32))
mix = layer.out_proj
weights = [p.data for p in (layer.in_proj_weight, layer.in_proj_bias, mix.weight, mix.bias)]
by_library, _ = layer(sentence, sentence, sentence)
assert np.allclose(multi_head(sentence, *weights, heads=4), by_library.data)

# %% [markdown]
# Before it has learned anything, each head looks where its random weights lead it. `plots.attention`
# draws the shares: a row for each query, a column for each key, the darker the larger.

# %%
_, by_head = layer(sentence, sentence, sentence, average_attn_weights=False)
plots.attention(by_head, "abcdef")

# %% [markdown]
# ## The block
#
# A *Transformer block* is attention, so that the positions hear of each other, and then two linear
# layers with an activation between them, so that each position thinks about what it heard. Around
# each of the two stands a sum, $x + f(x)$: the block only adds to what is there, and the gradient has
# a way back on which nothing shrinks it. And each is *normalised*: a *layer norm* gives the numbers
# of each position the mean 0 and the variance 1, then a weight and a bias.


# %%
class Block(nn.Module):
    def __init__(self, d, heads, hidden):
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.self_attn = nn.MultiheadAttention(d, heads, batch_first=True)
        self.linear1, self.linear2 = nn.Linear(d, hidden), nn.Linear(hidden, d)

    def forward(self, x):
        y = self.norm1(x)
        x = x + self.self_attn(y, y, y, need_weights=False)[0]
        return x + self.linear2(tg.relu(self.linear1(self.norm2(x))))


tg.manual_seed(0)
own = Block(32, 4, 64)
known = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True, norm_first=True)
own.load_state_dict(known.state_dict())
two = rng.normal(size=(2, 6, 32)).astype("float32")
assert np.allclose(own(two).data, known(two).data, atol=1e-6)

# %% [markdown]
# In the paper the norm stands behind the sum, $\text{norm}(x + f(x))$. Before it, as here, deep
# networks train more easily; `norm_first` says which. This is the figure of the paper, drawn from a
# call of the layer as it is there. The two sums have names, and so has what is inside the attention,
# if you open it by `depth=2`.

# %%
paper = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
sentences = tg.tensor(two, name="x")
loss = (paper(sentences) ** 2).mean()
loss.name = "loss"
tg.draw(loss, depth=1, direction="TB")

# %% [markdown]
# ## Encoder and decoder
#
# The Transformer of the paper translates. Its *encoder* is a stack of such blocks, without a causal
# mask: it may read all of the source. Its *decoder* writes the target, token by token. Its blocks
# have a causal mask, and between the two parts a third one: attention whose queries come from the
# target and whose keys and values come from the encoder. That is where it looks at the source.
#
# In training the target is known, so all its places are computed at once: at each place the decoder
# gets the right tokens so far and is asked for the next. That is called *teacher forcing*. When it
# writes on its own, each token that it chose is what it reads next.
#
# A small task with a clear answer: turn a sequence of digits round. 3 to 7 digits come in, and the
# same ones go out backwards, and then a stop. Token 0 is padding, 1 the start, 2 the stop, and 3 to
# 12 are the digits 0 to 9.

# %%
PAD, START, STOP = 0, 1, 2


def examples(rng, n):
    """Sources (n, 7), targets (n, 8) with a start in front, and answers (n, 8) with a stop behind."""
    source, target, answer = np.zeros((n, 7), int), np.zeros((n, 8), int), np.full((n, 8), -100)
    for i in range(n):
        digits = rng.integers(3, 13, size=rng.integers(3, 8))
        m = len(digits)
        source[i, :m], target[i, 0], target[i, 1 : m + 1] = digits, START, digits[::-1]
        answer[i, :m], answer[i, m] = digits[::-1], STOP
    return source, target, answer


def tokens(text):
    return [int(digit) + 3 for digit in text]


def text(found):
    return "".join(str(token - 3) for token in found)


source, target, answer = examples(np.random.default_rng(1), 1)
print(source[0], target[0], answer[0], sep="\n")

# %%
tg.manual_seed(0)
translator = models.transformer(13, 13, channels=32, heads=4, layers=1, dropout=0.0, norm_first=True, pad=PAD)


def learn(model, steps, lr):
    """Train on new examples in each step, at a rate that falls to 0; gives the loss of each."""
    rng, losses = np.random.default_rng(0), []
    optimizer = optim.Adam(model.parameters(), lr=lr)
    schedule = optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, steps)
    for _ in range(steps):
        source, target, answer = examples(rng, 32)
        optimizer.zero_grad()
        loss = models.next_token_loss(model(source, target), answer)  # -100 does not count
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


by_transformer = learn(translator, steps=500, lr=0.005)
print(f"{by_transformer[0]:.2f} nats a token at first, {np.mean(by_transformer[-20:]):.3f} at the end")

# %% [markdown]
# (A *nat* is the unit of a loss whose logarithms are natural ones.) Now it is asked for sequences of
# all lengths. Those of three digits it knows, for there are only a thousand. But of seven digits there
# are ten million, and of these it has been shown some three thousand.


# %%
def right(model, n=100):
    """The share of sequences that are turned round without a mistake."""
    rng, hits = np.random.default_rng(5), 0
    for _ in range(n):
        digits = rng.integers(3, 13, size=rng.integers(3, 8)).tolist()
        found = model.translate(digits, START, STOP, length=9)
        hits += (found[0] if isinstance(found, tuple) else found) == digits[::-1]
    return hits / n


print(text(translator.translate(tokens("314159"), START, STOP, length=9)))
print(f"{right(translator):.0%} of 100 sequences are right")

# %% tags=["hide-cell"]
assert 10**7 == 10_000_000
assert 500 * 32 / 5 == 3200
assert np.mean(by_transformer[-20:]) < 0.1
assert right(translator) > 0.85

# %% [markdown]
# What did it look at? `nn.attention_maps` takes the shares out of the graph of a result: first the
# encoder's, then the decoder's look at itself, then its look at the source. The last, averaged over
# the four heads, is the answer: to write the first token it looks at the last digit, and so on. The
# anti-diagonal is the program that it found.

# %%
digits = "3141592"
reads = [START, *tokens(digits)[::-1]]
maps = nn.attention_maps(translator(np.array([tokens(digits)]), np.array([reads])))
to_source = maps[2][0].mean(axis=0)  # (8, 7): the eight places of the target, the seven of the source
asks = [f"→ {c}" for c in [*digits[::-1], "stop"]]
plots.attention(to_source, asks, list(digits))

# %% tags=["hide-cell"]
looks_at = to_source[:7].argmax(axis=1)
assert (looks_at == np.arange(6, -1, -1)).mean() >= 5 / 7

# %% [markdown]
# ## Where attention comes from
#
# Attention is older than the Transformer. In 2015 it stood between two recurrent networks, one that
# reads and one that writes. Before, all of the source had to go through the one state between them.
# With attention, each state of the writer asks the reader's states. The comparison was another, a
# small network: $v^\top \tanh(W q + U k)$. `models.seq2seq` is that network. On the same task:

# %%
tg.manual_seed(0)
recurrent = models.seq2seq(13, 13, channels=32, pad=PAD)
by_recurrent = learn(recurrent, steps=350, lr=0.01)
print(f"{right(recurrent):.0%} of 100 sequences are right")
_, looked = recurrent.translate(tokens(digits), START, STOP, length=9)
plots.attention(looked, [f"→ {i + 1}" for i in range(len(looked))], list(digits))

# %%
plots.lines(
    {"Transformer": by_transformer, "recurrent with attention": by_recurrent},
    xlabel="step",
    ylabel="nats a token",
    logy=True,
)

# %% [markdown]
# It solves the task as well, learns faster at first, and looks in nearly the same places: one digit
# beside at most, for a state of the reader knows the digit before it, too. Small tasks do not need a
# Transformer. Its strength is that nothing in it waits for the step before, so that it can be made
# large and trained on much text. The next lesson does the second half of that: a GPT.

# %% tags=["hide-cell"]
assert right(recurrent) > 0.85
assert np.mean(by_recurrent[30:100]) < np.mean(by_transformer[30:100])
assert np.abs(looked.argmax(axis=1) - np.arange(6, -1, -1)[: len(looked)]).max() <= 1

# %% [markdown]
# ## In five lines
#
# - Attention is a soft lookup: a query takes a mean of values, with shares from the softmax of its
#   comparisons with keys, divided by $\sqrt{d}$.
# - It has no order of its own: positions are added to the words. A mask sets comparisons to $-\infty$,
#   for what comes later or for padding.
# - Heads are several small attentions side by side, at the price of one.
# - A Transformer block is attention and two linear layers, each with a sum around it and a norm. An
#   encoder reads; a decoder writes, and looks at itself and at the encoder.
# - The comparisons grow with the square of the length; the way between any two words is one step.
#
# ## To think about
#
# 1. All keys are equal. What does a query receive, and what is the gradient of the query?
# 2. Why must the mask be applied before the softmax and not behind it?
# 3. A decoder without a causal mask is trained with teacher forcing. What will its loss be, and what
#    will it write?
#
# <details><summary>Answers</summary>
#
# 1. The mean of the values. All comparisons are equal whatever the query is, so its gradient is 0.
# 2. Behind it, the shares that remain would not sum to 1, and the words that may not be seen would
#    still have taken part in the denominator.
# 3. Its loss goes to 0, for the right token stands in its input, one place further on. On its own it
#    has nothing to copy there, and writes nonsense.
#
# </details>

# %% tags=["hide-cell"]
equal = tg.tensor(np.zeros((1, 2)), requires_grad=True)
mean_of_all = attention(equal, np.ones((3, 2)), values[:, None])
mean_of_all.sum().backward()
assert np.isclose(mean_of_all.item(), values.mean())
assert np.allclose(equal.grad, 0)

# %% [markdown]
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/17_attention/starter.py` to `my_answers.py` and fill in four functions:
#
# 1. `attention(queries, keys, values)`: the soft lookup of many queries (3 points).
# 2. `causal_weights(scores)`: the shares if no query may look ahead (2 points).
# 3. `split_heads(x, heads)`: one array as several heads (2 points).
# 4. `scores_gradient(upstream, weights)`: what comes back through the softmax (3 points).
#
# Then run
#
# ```sh
# tinygrad-edu grade exercises/17_attention my_answers.py --show
# ```
#
# A root that is left out, shares along the wrong axis, a mask behind the softmax, heads that are cut
# from the wrong numbers: each is recognised and named.
#
# ## What to read in the source
#
# - `tinygrad_edu/engine/primitives/attention.py`: the shares and their rule, a page.
# - `tinygrad_edu/nn/attention.py`, `MultiheadAttention._batch`: heads, masks, and the names that you
#   saw in the picture.
# - `tinygrad_edu/nn/transformer.py`, `_add_and_norm`: both places of the norm.
# - `tinygrad_edu/models/transformer.py`, `translate`: writing token by token, with a cache.
#
# ## Where this comes from
#
# - The Transformer, its positions and its figure: A. Vaswani and others, "Attention is all you need",
#   NeurIPS 2017.
# - Attention between recurrent networks: D. Bahdanau, K. Cho, Y. Bengio, "Neural machine translation
#   by jointly learning to align and translate", ICLR 2015.
# - Layer norm: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016. Norms before the
#   sublayers: R. Xiong and others, "On layer normalization in the Transformer architecture", ICML
#   2020.
# - Learned positions: J. Gehring and others, "Convolutional sequence to sequence learning", ICML 2017.
# - The order of the material: A. Zhang, Z. Lipton, M. Li, A. Smola, "Dive into deep learning", 2023,
#   chapter 11.
