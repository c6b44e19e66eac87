"""What the site does beyond Sphinx and its extensions."""
