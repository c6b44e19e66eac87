"""A plain graph as a picture: the content of boxes and labels, their arrangement, and the SVG."""
