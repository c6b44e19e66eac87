"""What a student handed in: read once, as bytes, into memory; nothing of it is executed or written here.

- submission: from a file, notebook, archive or folder to the parts of a program
- files: a file or a folder, without following links
- archive: a .zip, with everything that archives are known for
- notebook: the code cells of an .ipynb
- encoding: bytes as text
"""
