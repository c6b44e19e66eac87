"""What a picture shows of a graph: the pass forward, backward or both; what is closed, folded or left out."""
