"""The engine: everything that records and differentiates, listed in the order in which to read it.

A whole engine of numbers, in five short files:

1. `primitives/arithmetic.py`: what is known, the table of derivatives; `primitives/primitive.py` says what a row is,
   and `rows.py` beside it makes rows, `own.py` those of users
2. `node.py`: what is remembered of a call
3. `walk.py`: the chain rule; `float_walk.py`: quicker for graphs of floats; `gradients.py` gives its gradients as data
4. `operators.py`: `+` and `*` as recorded calls; `methods.py`: and functions
5. `value.py`: floats in the graph

Arrays:

6. `tensor.py`: arrays in the graph
7. `primitives/`, the rest of the table: `elementwise.py`, `reductions.py`, `shape.py`, `indexing.py`, `joining.py`,
   `statistics.py`, `linear_algebra.py`, then what networks need: `convolution.py`, `pooling.py`, `adaptive_pooling.py`,
   `windows.py`, `normalization.py`, `recurrent.py`, `attention.py`, `fused.py`; how some of it is computed stands in
   `kernels.py` and `winograd.py`
8. `numpy_protocol.py`: how NumPy's own functions find their rows
9. `convert.py`, `creation.py`, `random.py`: tensors from what a user passes, and from nothing

What makes it safe, quick and easy to use:

10. `derivatives.py`: `grad` and its relatives, and what nesting them takes
11. `grad_mode.py`: when calls are recorded; `masks.py`: and what of comparisons
12. `inplace.py`: changes in place that would make a gradient wrong
13. `memory.py`, `arrays.py` and `blas.py`: what is released, what users read, how many threads multiply matrices
14. `notes.py`, `scopes.py`, `graphs.py`: what only few nodes remember, which module made which nodes, whole graphs
15. `messages/`: what an error says
16. `signatures.py`: types of operators, for type checkers alone
"""
