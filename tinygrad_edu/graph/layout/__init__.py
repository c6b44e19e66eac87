"""Layouts: the places of boxes and the routes of arrows, by Graphviz or by our own layered layout."""
