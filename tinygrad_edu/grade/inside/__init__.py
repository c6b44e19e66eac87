"""The untrusted side: what runs in the child process, beside a student's program.

Nothing in this folder knows a test, an expected value or the engine, and nothing in it imports from outside it: the
child finds this folder, NumPy and the standard library, and no more. Whatever it answers is a claim.

- entry: a clean process that has NumPy loaded; a child is forked from it for every submission
- walls: what a child gives up before it meets the submission, in order
- limits, user, namespaces, landlock, seccomp: the walls, one a file
- server: the function server: load, call, get, set, operators
- program: how a student's program is executed
- frames: arrays and plain data as bytes; the one file that both sides use
"""
