"""The trusted side of the sandbox: starts children, sends them questions, and checks everything they answer.

- sandbox: `Sandbox`, which runs submissions
- session: one submission in a child: questions, answers, time, endings
- proxies: the student's functions and objects, as a check sees them
- children: child processes, each a new interpreter, or forked from a clean process
- other_systems: the walls on macOS and Windows
- channel: the two pipes to a child, with deadlines
- isolation: how much a submission may use, and how well it was isolated
"""
