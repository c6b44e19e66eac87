"""The untrusted side of the sandbox: what runs in the child process beside a student's program.

Nothing in this folder knows a test, an expected value or the engine, and nothing in it imports from outside it: the
child can load only this folder, NumPy and the standard library. The grader believes nothing that comes from here.

- entry: a clean process that has NumPy loaded; a child is forked from it for every submission
- walls: the walls around a child, in order; filters: the files and the system calls that it may use
- server: the function server: load, call, get, set, operators
- program: runs a student's program and notes its errors
- wire: arrays and plain data as bytes; both sides use it
"""
