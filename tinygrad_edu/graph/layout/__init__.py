"""Where boxes go and how arrows run: by Graphviz, or by our own layered layout. Sizes in, places out."""
