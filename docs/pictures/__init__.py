"""The pictures of the gallery, a file a section: each function is one, with its title and caption as docstring."""
