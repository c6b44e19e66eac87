"""Data to learn from that ships with the package."""

from .images import LabelledImages, digits

__all__ = ["LabelledImages", "digits"]
