"""The engine: everything that records and differentiates, listed in the order in which to read it.

A whole engine of numbers:

1. `primitives/arithmetic.py`: what is known, the table of derivatives; `primitives/primitive.py` says what a row is,
   and `rows.py` beside it makes rows, `own.py` those of users
2. `node.py`: what is remembered of a call
3. `walk.py`: the chain rule; `float_walk.py` is the same for graphs of floats, in a third of the time, and
   `gradients.py` gives the gradients as data
4. `operators.py`: `+` and `*` as recorded calls; `methods.py`: functions as methods, `x.exp()`
5. `value.py`: floats in the graph

Arrays:

6. `tensor.py`: arrays in the graph
7. `primitives/`, the rest of the table: `elementwise.py`, `reductions.py`, `shape.py`, `indexing.py`, `joining.py`,
   `statistics.py`, `comparisons.py`, `linear_algebra.py`, `einsum.py`, `decompositions.py`; then what networks need:
   `convolution.py`, `pooling.py`, `adaptive_pooling.py`, `windows.py`, `normalization.py`, `recurrent.py`,
   `attention.py`, `fused.py`; and numerical kernels: `kernels.py`, `channel_statistics.py`, `row_statistics.py`,
   `row_by_row.py`
8. `numpy_protocol.py`: how NumPy's own functions find their rows
9. `convert.py`, `creation.py`, `random.py`: what a user passes, new tensors, random numbers

What makes it safe, quick and easy to use:

10. `derivatives.py`: `grad` and its relatives, and what nesting them takes
11. `grad_mode.py`: when calls are recorded; `masks.py`: when comparisons are
12. `inplace.py`: changes in place that would make a gradient wrong
13. `memory.py`: what is released, and computed again; `blas.py`: how many threads multiply matrices; `parts.py`: what
   threads that share a batch compute together
14. `arrays.py`: the arrays that `x.data` and `x.grad` are
15. `notes.py`: what only few nodes remember; `scopes.py`: which module made which nodes; `graphs.py`: whole graphs;
    `copies.py`: copies of them; `trial.py`: a copy of a model, run once on examples
16. `messages/`: what an error says
17. `row.py` and `signatures.py`: what is asked of a row, and what operators give, for type checkers alone
"""
