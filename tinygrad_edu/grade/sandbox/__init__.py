"""The trusted side of the sandbox: starts children, sends them questions, and checks everything they answer.

- sandbox: `Sandbox`, which runs submissions; session: `Session`, one submission in a child: questions, answers, time
- proxies: the student's functions and objects, as a check sees them; sessions without a program
- children: child processes, each a new interpreter, or forked from a clean process, and the two pipes to each
- other_systems: the walls on macOS and Windows
- isolation: how much a submission may use, and how well it was isolated
"""
