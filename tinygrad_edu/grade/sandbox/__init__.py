"""The trusted side of the sandbox: starts children, asks them, and believes nothing they say.

- sandbox: a place where programs run
- session: one submission at work: questions, answers, time, endings
- proxies: the student's functions and objects, as a check sees them
- forkserver, coldstart: how children start and end; children: what the two share
- macos, windows: walls that are raised from outside
- channel: the two pipes, under the clock
- isolation: the walls that stood, and the level they make
- limits: how much may be used
"""
