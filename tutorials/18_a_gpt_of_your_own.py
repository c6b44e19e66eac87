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
# # 18. A GPT of your own
#
# A GPT reads a text and says how likely each token is to come next. Draw one, add it to the text, ask
# again: it writes. In this lesson you take one apart that is made of single numbers, write the same on
# tensors, train one that invents names and one that writes Chinese poems, and explain the gradient of
# any weight in it. At the end stands BERT, which reads in both directions.
#
# You need attention, masks and blocks from [lesson 17](17_attention.py), and Adam from
# [lesson 8](08_keeping_numbers_alive.py).
#
# It takes about 110 minutes with the exercises, and is of medium difficulty: you know all the parts.
#
# ## A question first
#
# The text is a name, the tokens are the 26 letters and one more that marks the beginning and the end
# of a name.
#
# 1. A model knows nothing and gives all 27 tokens the same probability. Its loss is the mean of
#    $-\log p$ of the right token. How large is it?
# 2. A GPT has 16 numbers a token, a vector for each of 16 positions, one layer with attention and two
#    linear layers with 64 numbers between them, and a vector for each token that may come next. There
#    are no biases. How many numbers does it learn?
# 3. A name has $T$ letters. How many predictions does the model learn from it?
#
# Write your answers down.

# %%
import inspect
import math
import random
from time import perf_counter

import numpy as np
from programs import scalar_gpt

import tinygrad_edu as tg
from tinygrad_edu import models, nn, optim, plots
from tinygrad_edu.data import text

# %% [markdown]
# ## Text as numbers
#
# The library brings 8,403 first names. A *tokenizer* gives each piece of text, here each letter, a
# number. Token 0 marks the beginning and the end.

# %%
names = text.names()
tokenizer = text.CharTokenizer.train(names, special=["<end>"])
END = tokenizer.special["<end>"]
print(f"{len(names)} names, {len(tokenizer)} tokens")
print(tokenizer.encode("anna"))

# %% [markdown]
# From a name of $T$ letters the model learns $T + 1$ predictions: the first letter after the
# beginning, each letter after those before it, and the end after the last. That is question 3. A model
# that knows nothing has the loss $\log 27 = 3.30$, question 1.

# %%
assert len(names) == 8403
assert len(tokenizer) == 27
assert round(math.log(27), 2) == 3.30
dataset = text.Documents([tokenizer.encode(name) for name in names], start=END, end=END, pad=END)
print(*dataset[names.index("anna")], sep="\n")

# %% [markdown]
# ## On single numbers
#
# `programs/scalar_gpt.py`, in the folder of the lessons, is a whole GPT, 150 lines long, of single
# numbers: every weight is a `Value`, every product and every sum a node of the graph. Read it; there
# is nothing in it that you do not know. This is its attention, for one position. The keys and values
# of the letters before are in two lists, so no mask is needed: what is not there yet cannot be seen.

# %%
assert len(inspect.getsource(scalar_gpt).splitlines()) == 150
print(inspect.getsource(scalar_gpt.attention))

# %% [markdown]
# And this is all of it, from a token to the scores of the next. The norm is another than in lesson 17:
# it divides by the root of the mean square, and subtracts no mean. It is called *RMSNorm*, and does as
# well.

# %%
print(inspect.getsource(scalar_gpt.logits_of))

# %%
scalar_gpt.dot = tg.dot  # one node for a sum of products, instead of one for each product and sum
rng = random.Random(0)
weights = scalar_gpt.new_weights(rng)
count = sum(len(row) for matrix in weights.values() for row in matrix)
print(f"{count} numbers to learn")
assert count == 27 * 16 + 16 * 16 + 4 * 16 * 16 + 2 * 16 * 64 + 27 * 16 == 4192

# %% [markdown]
# That is question 2: 4,192. Sixty names are enough to see that it learns.

# %%
shuffled = rng.sample(names, len(names))
begin = perf_counter()
losses = scalar_gpt.train(shuffled, weights, steps=60)
by_step = (perf_counter() - begin) / 60
assert np.mean(losses[-20:]) < 3.0 < losses[0]

# %% [markdown]
# ## Any weight's gradient
#
# In a graph of single numbers every gradient can be followed to the end. Take the weight by which the
# first number of the last vector speaks for an *n*, and the loss of the name "an". The weight is used
# three times, since there are three predictions, and each use has its path. In the middle prediction
# *n* is right, so there is one path more: through the score of the *n* in the numerator of the softmax.
# `tg.explain(loss, weight)` says all of it; this is its last part.

# %%
loss = scalar_gpt.loss_of("an", weights)
loss.name = "loss"
weight = weights["logits"][scalar_gpt.tokens_of("n")[1]][0]
weight.name = "w"
said = str(tg.explain(loss, weight))
print(said[said.index("Chain rule") :])

# %% [markdown]
# A weight in front of the attention, which makes the first number of a key, acts on everything behind
# it. Its gradient is a sum over 1,211,141,120 paths. The walk computes it in milliseconds, because it
# adds up what arrives at a node once, and not path by path.

# %%
key_weight = weights["key"][0][0]
key_weight.name = "k"
said = str(tg.explain(loss, key_weight))
print(next(line for line in said.splitlines() if "1,211,141,120" in line))
assert "1,211,141,120" in said

by_rules = tg.gradients(loss, [weight, key_weight])
for x, by_rule in zip((weight, key_weight), by_rules):  # and a check that knows no rule
    old, around = x.data, []
    for moved in (old + 1e-5, old - 1e-5):
        x.data = moved
        around.append(scalar_gpt.loss_of("an", weights).data)
    x.data = old
    assert math.isclose((around[0] - around[1]) / 2e-5, by_rule, rel_tol=1e-4, abs_tol=1e-8)

# %% [markdown]
# ## The same on tensors
#
# Now all positions at once, with the causal mask in the place of the lists, and all heads at once.
# Thirty lines become twelve.


# %%
def as_tensor(matrix):
    return tg.tensor([[x.data for x in row] for row in matrix], dtype="float64")


W = {name: as_tensor(matrix) for name, matrix in weights.items()}


def rms_norm(x):
    return x / tg.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-5)


def logits_of(tokens, W, heads=4):
    """Tokens (T,) → logits (T, 27)."""
    T, d = len(tokens), W["token"].shape[1]
    x = rms_norm(W["token"][tokens] + W["position"][:T])
    y = rms_norm(x)
    found = (y @ W[name].T for name in ("query", "key", "value"))
    q, k, v = (x.reshape(T, heads, d // heads).swapaxes(0, 1) for x in found)
    heard = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    x = x + heard.swapaxes(0, 1).reshape(T, d) @ W["output"].T
    return (x + tg.relu(rms_norm(x) @ W["hidden"].T) @ W["narrow"].T) @ W["logits"].T


for name in ("ann", "anna", "christopher"):
    inputs, targets = dataset[names.index(name)]
    on_numbers = scalar_gpt.loss_of(name, weights).data
    on_tensors = nn.functional.cross_entropy(logits_of(inputs, W), targets).item()
    print(f"{name:12} {on_numbers:.6f} {on_tensors:.6f}")
    assert math.isclose(on_numbers, on_tensors, rel_tol=1e-9)

# %% [markdown]
# The same numbers, to the last digit shown. What has changed is the time.

# %%
for matrix in W.values():
    matrix.requires_grad_()
begin = perf_counter()
for name in shuffled[:60]:
    inputs, targets = dataset[names.index(name)]
    nn.functional.cross_entropy(logits_of(inputs, W), targets).backward()
faster = by_step / ((perf_counter() - begin) / 60)
print(f"{faster:.0f} times as fast")
assert faster > 5

# %% [markdown]
# ## Training one that can do it
#
# `models.gpt` is this with batches, layer norms, biases, and GELU, a smooth ReLU: the form of
# GPT-2. It is trained by AdamW, which is Adam with weight decay (lesson 7). Names of one
# batch differ in length, so they are padded, and the targets of the padding are $-100$, which the loss
# leaves out. A tenth of the names is kept to test with.

# %%
order = np.random.default_rng(0).permutation(len(dataset))
learned, kept = order[800:], order[:800]
tg.manual_seed(0)
gpt = models.gpt(vocabulary=27, block=20, channels=48, layers=2, heads=4)


def train(model, batches, steps, lr):
    """AdamW at a rate that falls in half a cosine; gives the losses."""
    optimizer = optim.AdamW(model.parameters(), lr=lr)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    losses = []
    for step in range(steps):
        inputs, targets = batches(step)
        optimizer.zero_grad()
        loss = models.next_token_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def loss_on(model, indices):
    inputs, targets = dataset.batch(indices)
    with tg.no_grad():
        return models.next_token_loss(model(inputs), targets).item()


picks = np.random.default_rng(1)
losses = train(gpt, lambda step: dataset.batch(picks.choice(learned, 64)), steps=500, lr=0.005)
tested = loss_on(gpt, kept)
print(f"loss {tested:.2f} nats a letter on names that it has not seen: perplexity {models.perplexity(tested):.1f}")

# %%
plots.lines({"training": losses}, xlabel="step", ylabel="nats a letter")

# %% [markdown]
# *Perplexity* is $e^{\text{loss}}$: among so many letters, all equally likely, the model might as well
# choose. It began at 27. To write, it draws the first letter after the beginning, then the next, until
# the end is drawn; here at a *temperature* of 0.7, of which more below.


# %%
def invent(model, n, seed=0, **how):
    """n names."""
    rng, made = np.random.default_rng(seed), []
    for _ in range(n):
        tokens = list(models.generate(model, [END], 19, stop=END, seed=rng, **how))
        made.append(tokenizer.decode(tokens))
    return made


invented = invent(gpt, 40, temperature=0.7)
print(*invented, sep=", ")
new = [name for name in invented if name not in names]
print(f"{len(new)} of {len(invented)} are not in the list")

# %% tags=["hide-cell"]
assert tested < 2.25
assert abs(losses[0] - math.log(27)) < 0.4
assert len(new) > 20

# %% [markdown]
# ## How to draw
#
# The temperature divides the scores before the softmax. Below 1 the likely letters become more
# likely, above 1 all become more alike, and towards 0 only the likeliest is left.
#
# Two other ways cut off the tail, the many letters of which each is unlikely and all together are not.
# *Top-k* draws among the $k$ likeliest. *Nucleus* sampling, or top-p, draws among the fewest letters
# that together have the probability $p$: few where the model is sure, many where it is not.

# %%
for how in ({"temperature": 0.5}, {"temperature": 1.5}, {"temperature": 0}, {"top_k": 3}, {"top_p": 0.8}):
    print(f"{how!s:20}", *invent(gpt, 6, **how))

# %% [markdown]
# At 0.5 they are names that could be in the list, at 1.5 many can hardly be said. At temperature 0
# every name is the same one, since nothing is drawn.

# %% tags=["hide-cell"]
assert len(set(invent(gpt, 6, temperature=0))) == 1
sure, unsure = ([name in names for name in invent(gpt, 60, temperature=t)] for t in (0.5, 1.5))
assert sum(sure) > sum(unsure)

# %% [markdown]
# While it writes, the keys and values of the letters before do not change: later letters cannot
# change them, thanks to the mask. So they are kept in a *cache*, and each step computes one letter
# instead of all. That the result is the same is another test of the mask.

# %% tags=["hide-cell"]
assert invent(gpt, 20, use_cache=True) == invent(gpt, 20, use_cache=False)

# %% [markdown]
# ## What it looks at
#
# The shares of the four heads of the first layer, for a name that is in the list. A row is the letter
# that looks; after it the next one is predicted. Nothing lies right of the diagonal.

# %%
inputs, targets = dataset[names.index("christopher")]
maps = nn.attention_maps(gpt(inputs[None]))
assert not np.triu(maps[0], 1).any()
plots.attention(maps[0], ["·", *"christopher"])

# %% [markdown]
# ## Poems
#
# Nothing in the program knows English, or what a name is. The library also brings 1,676 quatrains of
# the Tang dynasty: four times five characters, and a comma or a full stop after each five. There are
# more than 1,700 different characters, so this is a much harder text, and a small model sees too
# little of it to learn what the poems say. What it does learn is their form.

# %%
poems = text.poems()
assert len(poems) == 1676
characters = text.CharTokenizer.train(poems, special=["<end>"])
verses = text.Documents([characters.encode(poem) for poem in poems], start=0, end=0, pad=0)
tg.manual_seed(0)
poet = models.gpt(len(characters), block=28, channels=48, layers=2, heads=4)
picks = np.random.default_rng(1)
poem_losses = train(poet, lambda step: verses.batch(picks.choice(len(verses), 16)), steps=250, lr=0.006)
print(f"{poem_losses[0]:.2f} nats a character at first, {np.mean(poem_losses[-20:]):.2f} at the end")


def poem(seed):
    tokens = models.generate(poet, [0], 27, stop=0, seed=seed, top_p=0.9)
    return characters.decode(list(tokens))


rng = np.random.default_rng(0)
for _ in range(3):
    print(poem(rng))

# %%
lines = [poem(seed) for seed in range(10)]
in_form = [len(line) == 24 and line[5::6] == "，。，。" for line in lines]
print(f"{sum(in_form)} of {len(lines)} have the form of a quatrain")
assert len(characters) > 1700
assert np.mean(poem_losses[-20:]) < poem_losses[0] - 2
assert sum(in_form) >= 5

# %% [markdown]
# ## BERT: both directions
#
# A GPT sees only what came before, because it is to write. For *understanding* a text, one may read
# all of it. But then "predict the next token" is no task, since the token can be seen. BERT has two
# others, and needs no one to label its texts either:
#
# 1. *Masked tokens.* 15 % of the tokens are chosen. Of these 80 % are replaced by `<mask>`, 10 % by
#    some other token, 10 % stay. What stood there is to be said, from both sides.
# 2. *Next sentence.* Two sentences are given, in half of the cases in their order, else from different
#    places. Is the second the next of the first?
#
# Our sentences are the two halves of a name. Here are two pairs as BERT gets them, and the gaps that
# are made in them.

# %%
special = ["<pad>", "<cls>", "<sep>", "<mask>"]
letters = text.CharTokenizer.train(names, special)
halves = [[name[: len(name) // 2], name[len(name) // 2 :]] for name in names if len(name) > 3]
documents = [[letters.encode(half) for half in pair] for pair in halves]
pairs = text.NextSentence(documents, letters, length=24)
rows, segments, follows = pairs.batch([3000, 4001])
gaps, hidden = text.mask_tokens(rows, letters, np.random.default_rng(0))
for row, gap, follow in zip(rows, gaps, follows):
    print(letters.decode(row), "→", letters.decode(gap), "· follows:", bool(follow))


# %%
def batch_for(indices, rng):
    """Tokens with gaps, segments, padding, and targets with the answer of the second task in front."""
    rows, segments, follows = pairs.batch(indices)
    gaps, hidden = text.mask_tokens(rows, letters, rng)
    hidden[:, 0] = follows  # at <cls>, which is never a gap
    return (gaps, segments, rows == pairs.pad), hidden


order = np.random.default_rng(0).permutation(len(pairs))
learned, kept = order[800:], order[:800]
tg.manual_seed(0)
bert = models.bert(len(letters), block=24, channels=48, layers=2, heads=4, dropout=0.0)
optimizer = optim.AdamW(bert.parameters(), lr=0.003)
picks = np.random.default_rng(1)
for _ in range(250):
    inputs, hidden = batch_for(picks.choice(learned, 48), picks)
    optimizer.zero_grad()
    models.bert_loss(bert(*inputs), hidden).backward()
    optimizer.step()

inputs, hidden = batch_for(kept, np.random.default_rng(2))
with tg.no_grad():
    places, follow = bert(*inputs)
in_gaps = hidden[:, 1:] != -100
right_gaps = (places.data[:, 1:].argmax(-1) == hidden[:, 1:])[in_gaps].mean()
right_pairs = (follow.data.argmax(-1) == hidden[:, 0]).mean()
print(f"gaps: {right_gaps:.0%} right; pairs: {right_pairs:.0%} right")

# %% [markdown]
# A letter in a gap is guessed in about a quarter of the cases; the commonest letter alone would be
# right in every eighth. Whether two halves belong together can hardly be said of names, and so the
# second task stays near chance. On sentences of a long text, with a hundred million
# weights, both are learned well. What counts is the rest: a network that has learned them has learned
# much about its language, and is then *fine-tuned* with few examples for a task of yours.

# %%
commonest = np.bincount(hidden[:, 1:][in_gaps]).max() / in_gaps.sum()
print(f"the commonest letter: {commonest:.0%}")
assert 0.1 < commonest < 0.16
assert 0.2 < right_gaps < 0.35
assert 0.45 < right_pairs < 0.7

# %% [markdown]
# ## In five lines
#
# - A GPT is a stack of Transformer blocks with a causal mask, trained to predict each next token; its
#   loss is a mean of $-\log p$, its perplexity $e$ to that.
# - It writes by drawing a token and reading it: with a temperature, among the top $k$, or from the
#   nucleus. A cache keeps the keys and values of what has been read.
# - On single numbers and on tensors it is the same function, with the same loss to the last digit.
# - Every weight's gradient is a sum over paths, sometimes a billion of them; the walk adds up at nodes.
# - BERT reads in both directions, and learns from gaps and from pairs of sentences.
#
# ## To think about
#
# 1. Why has a model of bytes a lower perplexity than a model of words, on the same text, without being
#    better? What should be compared instead?
# 2. What happens to the quality of the names if the mask is left out in training?
# 3. Why are 10 % of BERT's chosen tokens left as they are?
#
# <details><summary>Answers</summary>
#
# 1. It has fewer tokens to choose from, and needs more of them. Compare bits a character, the loss in
#    bits times the tokens, divided by the characters: `models.bits_per_character`.
# 2. The loss goes to 0, because each letter can be seen where it is to be predicted. What is written
#    is nonsense, for then there is nothing to be seen.
# 3. So that a token that is not `<mask>` may be wrong or right, and the network has to look at all
#    places. After the training there are no `<mask>` at all.
#
# </details>
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/18_a_gpt_of_your_own/starter.py` to `my_answers.py` and fill in four functions:
#
# 1. `loss_gradient(logits, targets)`: what comes back to the scores of a text (3 points).
# 2. `perplexity(chances)`: from the probabilities of the right tokens (2 points).
# 3. `sharpened(logits, temperature, k)`: the probabilities after temperature and top-k (3 points).
# 4. `nucleus(chances, p)`: the probabilities from which nucleus sampling draws (2 points).
#
# Then run
#
# ```sh
# tinygrad-edu grade exercises/18_a_gpt_of_your_own my_answers.py --show
# ```
#
# To train one on a text of your own, and to let it go on with a sentence:
#
# ```sh
# tinygrad-edu train gpt --text my_text.txt --block 64 --channels 128 --layers 4 --epochs 10
# tinygrad-edu sample gpt.npz --prompt "Once upon" --temperature 0.8
# ```
#
# ## What to read in the source
#
# - `programs/scalar_gpt.py`: a GPT in 150 lines.
# - `tinygrad_edu/models/gpt.py`: the same, of the layers of the library.
# - `tinygrad_edu/models/language.py`, `choose` and `_tokens`: temperature, top-k, nucleus, cache.
# - `tinygrad_edu/models/bert.py`: two heads on one encoder.
# - `tinygrad_edu/data/text/language.py`: what the models learn from.
#
# ## Where this comes from
#
# - GPT: A. Radford, K. Narasimhan, T. Salimans, I. Sutskever, "Improving language understanding by
#   generative pre-training", 2018; the form of A. Radford and others, "Language models are unsupervised
#   multitask learners", 2019.
# - BERT: J. Devlin, M.-W. Chang, K. Lee, K. Toutanova, "BERT: pre-training of deep bidirectional
#   transformers for language understanding", NAACL 2019.
# - RMSNorm: B. Zhang, R. Sennrich, "Root mean square layer normalization", NeurIPS 2019.
# - Top-k: A. Fan, M. Lewis, Y. Dauphin, "Hierarchical neural story generation", ACL 2018. Nucleus: A.
#   Holtzman and others, "The curious case of neural text degeneration", ICLR 2020.
# - A GPT on a scalar engine, the size that is going round: A. Karpathy, "microgpt", 2026.
# - The names: G. Ward, Moby Word Lists, 2002, in the public domain. The poems: Complete Tang Poems,
#   1705, as collected by the project chinese-poetry under the MIT licence.
