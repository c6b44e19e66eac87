"""The trusted side of the sandbox: starts children, asks them, and believes nothing they say.

- sandbox: a place where programs run
- session: one submission at work: questions, answers, time, endings
- proxies: the student's functions and objects, as a check sees them
- children: how children start and end
- channel: the two pipes, under the clock
- isolation: the walls that stood, and the level they make
- limits: how much may be used
"""
