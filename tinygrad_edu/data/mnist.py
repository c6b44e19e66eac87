"""The datasets `MNIST` and `FashionMNIST`, from files of the user or downloaded: each 70,000 images of 28×28 pixels."""

from __future__ import annotations

import hashlib
import os
import sys
from http.client import HTTPException
from pathlib import Path
from typing import ClassVar, NamedTuple
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np

from .._support.files import replace_file
from .._support.progress import progress_bar
from ..errors import FileError
from .dataset import TensorDataset
from .idx import content_of, from_idx, unpacked

__all__ = ["MNIST", "FashionMNIST", "cache_folder"]


class Sums(NamedTuple):
    """The SHA-256 of a published file: packed as it is published, and unpacked, where that is known."""

    packed: str
    content: str | None = None


class MNIST(TensorDataset):
    """Handwritten digits: 60,000 images to train with (`train=True`) or 10,000 to test with.

    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", Proceedings
    of the IEEE 86 (1998).

    Parameters
    ----------
    folder : with the four files, `train-images-idx3-ubyte.gz` and so on, packed or not; it is only read. Without a
        folder they are read from the cache, `cache_folder()`, and are downloaded to it the first time.
    train : True for the training set, False for the test set.

    Attributes
    ----------
    images : float32 between 0 (paper) and 1 (ink), (N, 1, 28, 28).
    labels : int64 from 0 to 9, (N,).

    Raises `FileError` for files that are missing, cut off, damaged, or not the published ones.

    >>> train = MNIST("data/mnist")                         # doctest: +SKIP
    >>> train.images.shape, train.labels[:5].tolist()       # doctest: +SKIP
    ((60000, 1, 28, 28), [5, 0, 4, 1, 9])
    """

    mirrors: ClassVar[tuple[str, ...]] = (
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    )
    files: ClassVar[dict[str, Sums]] = {
        "train-images-idx3-ubyte": Sums(
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        "train-labels-idx1-ubyte": Sums(
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        "t10k-images-idx3-ubyte": Sums(
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        "t10k-labels-idx1-ubyte": Sums(
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    }
    classes: ClassVar[tuple[str, ...]] = tuple("0123456789")

    def __init__(self, folder: str | os.PathLike[str] | None = None, train: bool = True) -> None:
        part = "train" if train else "t10k"
        images, labels = (self._read(f"{part}-{kind}-ubyte", folder) for kind in ("images-idx3", "labels-idx1"))
        if not (images.dtype == labels.dtype == np.uint8 and images.shape == (*labels.shape[:1], 28, 28)):
            raise FileError(
                f"{type(self).__name__}: the files {part}-* hold {images.dtype} {images.shape} and {labels.dtype} "
                f"{labels.shape}, and not uint8 (N, 28, 28) and uint8 (N,)"
            )
        if labels.max(initial=0) > 9:
            raise FileError(f"{type(self).__name__}: {part}-labels has a label {labels.max()}, and 9 is the last")
        self.images = np.divide(images[:, None], 255, dtype=np.float32)
        self.labels = labels.astype(np.int64)
        super().__init__(self.images, self.labels)

    @classmethod
    def _read(cls, name: str, folder: str | os.PathLike[str] | None) -> np.ndarray:
        path = cls._cached(name) if folder is None else _in_folder(name, Path(folder))
        packed = content_of(path)
        content = unpacked(path, packed)
        array = from_idx(content, path)  # before the checksums, because its errors say more
        sums = cls.files[name]
        published = _sha256(packed) == sums.packed or _sha256(content) == sums.content
        if not published and (path.suffix == ".gz" or sums.content is not None):
            raise FileError(f"{path} is not the published file of {cls.__name__}: its SHA-256 differs; get it again")
        return array

    @classmethod
    def _cached(cls, name: str) -> Path:
        """The file in the cache, downloaded if it is not there yet."""
        path = cache_folder() / cls.__name__ / f"{name}.gz"
        if path.exists():
            return path
        failures = []
        for mirror in cls.mirrors:
            try:
                content = _download(mirror + path.name)
            except (OSError, HTTPException) as error:  # URLError and HTTPError are OSErrors
                failures.append(f"{mirror}: {error}")
                if isinstance(error, HTTPError):
                    error.close()  # it holds the connection
                continue
            if _sha256(content) == cls.files[name].packed:
                path.parent.mkdir(parents=True, exist_ok=True)
                replace_file(path, content)
                return path
            failures.append(f"{mirror}: what came is not the published file, its SHA-256 differs")
        raise FileError(
            f"{cls.__name__}: cannot download {path.name} ({'; '.join(failures)}); get the four files in another way, "
            f"and name their folder: {cls.__name__}('FOLDER')"
        )


class FashionMNIST(MNIST):
    """Zalando's articles of clothing, in the format of `MNIST`; `FashionMNIST.classes` names the ten classes.

    H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms", arXiv:1708.07747 (2017). Checksums are published for the packed files only, so unpacked ones are not
    checked.

    >>> FashionMNIST.classes[9]
    'Ankle boot'
    """

    mirrors = (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    )
    files: ClassVar[dict[str, Sums]] = {
        "train-images-idx3-ubyte": Sums("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        "train-labels-idx1-ubyte": Sums("a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        "t10k-images-idx3-ubyte": Sums("346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        "t10k-labels-idx1-ubyte": Sums("67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    }
    classes = (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    )  # fmt: skip


def cache_folder() -> Path:
    """The folder of downloads: $TINYGRAD_EDU_CACHE, or a folder in the caches of this platform.

    >>> import os
    >>> os.environ["TINYGRAD_EDU_CACHE"] = "downloads"
    >>> cache_folder().name
    'downloads'
    >>> del os.environ["TINYGRAD_EDU_CACHE"]
    """
    if chosen := os.environ.get("TINYGRAD_EDU_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "tinygrad_edu"


def _in_folder(name: str, folder: Path) -> Path:
    """The file in the user's folder, packed or not."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    if not folder.is_dir():
        raise FileError(f"there is no folder {folder}, in which the four files of the data set would lie")
    raise FileError(f"there is neither {name} nor {name}.gz in the folder {folder}")


def _download(url: str, chunk: int = 1 << 16, largest: int = 1 << 26) -> bytes:
    """The content at an address, with a progress bar. Raises `OSError` or `HTTPException` where the download fails."""
    parts: list[bytes] = []
    with urlopen(url, timeout=30) as response:
        total = int(response.headers.get("Content-Length") or 0)
        with progress_bar(total, url.rpartition("/")[2], unit="B", unit_scale=True) as bar:
            while part := response.read(chunk):
                parts.append(part)
                bar.update(len(part))
                if len(parts) * chunk > largest:
                    raise OSError(f"more than {largest:,} bytes")
    content = b"".join(parts)
    if len(content) < total:
        raise OSError(f"the connection ended after {len(content):,} of {total:,} bytes")
    return content


def _sha256(content: bytes) -> str:
    """The SHA-256 as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
