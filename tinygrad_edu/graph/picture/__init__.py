"""A plain graph as a picture: what stands in each box and on each arrow, the frames, and the SVG of it all."""
