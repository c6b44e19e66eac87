"""Datasets, some of which ship with the package, and loaders that give them to a model in batches.

>>> import tinygrad_edu as tg
>>> loader = tg.data.DataLoader(tg.data.Digits(), batch_size=64, shuffle=True)
>>> images, labels = next(iter(loader))
>>> images.shape, labels.shape
((64, 1, 8, 8), (64,))
"""

from . import boxes, text
from .augment import (
    ColorJitter,
    Normalize,
    Pad,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
)
from .dataset import Dataset, Subset, TensorDataset, k_fold, random_split
from .idx import read_idx
from .images import Digits, LabelledImages, digits
from .loader import DataLoader
from .mnist import MNIST, FashionMNIST, cache_folder
from .resize import Resize, resize
from .scenes import Scenes
from .synthetic import linear_regression, moons, spirals, xor

__all__ = [
    "MNIST", "ColorJitter", "DataLoader", "Dataset", "Digits", "FashionMNIST", "LabelledImages", "Normalize", "Pad",
    "RandomCrop", "RandomHorizontalFlip", "RandomResizedCrop", "RandomVerticalFlip", "Resize", "Scenes", "Subset",
    "TensorDataset", "adjust_brightness", "adjust_contrast", "adjust_hue", "adjust_saturation", "boxes", "cache_folder",
    "digits", "k_fold", "linear_regression", "moons", "random_split", "read_idx", "resize", "spirals", "text", "xor",
]  # fmt: skip
