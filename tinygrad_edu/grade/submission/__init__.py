"""Submissions: what a student handed in, read once into memory; nothing of it is executed or written here.

- submission: `Submission`, the parts of a program
- reading: files, folders, archives and encodings
- notebooks: the code cells of notebooks
"""
