"""MNIST is read from files that are what they should be, and from nothing else; half a download is none."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from tinygrad_edu.data import MNIST, FashionMNIST, cache_folder, idx as idx_module, read_idx
from tinygrad_edu.data.mnist import Sums
from tinygrad_edu.errors import FileError

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
LABELS = np.array([3, 0, 9, 1, 1], dtype=np.uint8)


def idx(array: np.ndarray, code: int = 8) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape) + array.tobytes()


FILES = {
    f"{part}-{kind}-ubyte": idx(array)
    for part, n in (("train", 5), ("t10k", 3))
    for kind, array in (("images-idx3", IMAGES[:n]), ("labels-idx1", LABELS[:n]))
}


class Small(MNIST):
    """A data set of eight images, published as MNIST is."""

    files: ClassVar[dict[str, Sums]] = {
        name: Sums(*(hashlib.sha256(x).hexdigest() for x in (gzip.compress(content, mtime=0), content)))
        for name, content in FILES.items()
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The published files, packed."""
    folder = tmp_path / "published"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
    return folder


def check(data: MNIST, n: int) -> None:
    assert (str(data.images.dtype), str(data.labels.dtype)) == ("float32", "int64")
    assert np.array_equal(data.images, IMAGES[:n, None] / np.float32(255))
    assert np.array_equal(data.labels, LABELS[:n])
    assert (len(data), data[1][0].shape) == (n, (1, 28, 28))


def test_files_in_a_folder_are_read_packed_or_not(folder: Path) -> None:
    check(Small(folder), 5)
    check(Small(folder, train=False), 3)
    for name, content in FILES.items():
        (folder / f"{name}.gz").unlink()
        (folder / name).write_bytes(content)
    check(Small(str(folder)), 5)


def test_files_packed_by_another_program_are_the_published_ones(folder: Path) -> None:
    for name, content in FILES.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, 1))
    check(Small(folder), 5)


NAME = "train-images-idx3-ubyte"
PLAIN = FILES[NAME]
WRONG: dict[str, tuple[str, bytes | None, str]] = {  # the name of the file, its content, what is said
    "missing": (f"{NAME}.gz", None, f"neither {NAME} nor {NAME}.gz"),
    "packed and cut off": (f"{NAME}.gz", gzip.compress(PLAIN)[:-20], "is cut off"),
    "packed and empty": (f"{NAME}.gz", b"", "is cut off"),
    "packed and damaged": (f"{NAME}.gz", gzip.compress(PLAIN)[:-8] + bytes(8), "is damaged, or no gzip file"),
    "no gzip": (f"{NAME}.gz", b"<html>404</html>", "no gzip file"),
    "empty": (NAME, b"", "no IDX file: it begins with nothing"),
    "another magic": (NAME, b"\x89PNG" + PLAIN[4:], "no IDX file: it begins with 89 50 4e 47"),
    "an unknown dtype": (NAME, b"\0\0\x07\x03" + PLAIN[4:], "no IDX file"),
    "cut off in the header": (NAME, PLAIN[:10], "is cut off"),
    "cut off": (NAME, PLAIN[:-1], "is cut off"),
    "too long": (NAME, PLAIN + b"x", "is damaged: 1 bytes follow"),
    "a size beyond reason": (NAME, b"\0\0\x08\x03" + b"\xff" * 12 + PLAIN[16:], "is cut off"),
    "too many axes": (NAME, b"\0\0\x08\x41" + b"\0\0\0\1" * 65 + b"\0", "is damaged: maximum supported dimension"),
    "no axes": (NAME, b"\0\0\x08\0\7", "SHA-256 differs"),
    "tampered with": (NAME, PLAIN[:-1] + bytes([PLAIN[-1] ^ 1]), "SHA-256 differs"),
    "tampered with and packed": (f"{NAME}.gz", gzip.compress(PLAIN[:-1] + b"\0"), "SHA-256 differs"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_file_is_said(what: str, folder: Path) -> None:
    name, content, says = WRONG[what]
    (folder / f"{NAME}.gz").unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(FileError, match=says) as caught:
        Small(folder)
    assert str(folder) in str(caught.value)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"there is no folder .*nowhere"):
        Small(tmp_path / "nowhere")


def test_a_file_that_unpacks_without_end_is_not_unpacked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idx_module, "LARGEST", 1000)
    with pytest.raises(FileError, match="unpacks to 1,000 bytes or more"):
        Small(folder)


@pytest.mark.parametrize(
    ("code", "dtype"), [(8, ">u1"), (9, ">i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")]
)
def test_all_dtypes_of_the_format_are_read(code: int, dtype: str, tmp_path: Path) -> None:
    array = (np.arange(6).reshape(2, 3) - 2).astype(dtype)
    (tmp_path / "x").write_bytes(idx(array, code))
    back = read_idx(tmp_path / "x")
    assert np.array_equal(back, array)
    assert back.dtype == np.dtype(dtype).newbyteorder("=")


# The network: a server on this machine.


class Server(SimpleHTTPRequestHandler):
    """Serves a folder, quietly, and counts."""

    asked: ClassVar[list[str]] = []
    cut = False

    def log_message(self, format: str, *args: Any) -> None:
        self.asked.append(self.path)

    def copyfile(self, source: Any, outputfile: Any) -> None:
        content = source.read()
        outputfile.write(content[: len(content) // 2] if self.cut else content)


@pytest.fixture
def mirror(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a mirror of the published files; and an empty cache."""
    monkeypatch.setenv("TINYGRAD_EDU_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Server, "asked", [])
    server = HTTPServer(("127.0.0.1", 0), partial(Server, directory=str(folder)))
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02))
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(Small, "mirrors", (address,))
    yield address
    server.shutdown()
    thread.join()
    server.server_close()


def kept() -> list[str]:
    return sorted(path.name for path in cache_folder().rglob("*") if path.is_file())


@pytest.mark.usefixtures("mirror")
def test_files_come_from_the_network_once() -> None:
    check(Small(), 5)
    assert kept() == ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"]
    check(Small(), 5)
    check(Small(train=False), 3)
    assert len(Server.asked) == 4


@pytest.mark.usefixtures("mirror")
@pytest.mark.parametrize("harm", ["cut off", "replaced", "not there"])
def test_a_download_that_fails_leaves_nothing_and_says_what_to_do(
    harm: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / f"{NAME}.gz"
    if harm == "cut off":
        monkeypatch.setattr(Server, "cut", True)
    elif harm == "replaced":
        path.write_bytes(gzip.compress(PLAIN[::-1]))
    else:
        path.unlink()
    says = {"cut off": "ended after", "replaced": "SHA-256 differs", "not there": "404"}[harm]
    with pytest.raises(FileError, match=rf"cannot download .*{says}.*name their folder: Small\('FOLDER'\)"):
        Small()
    assert kept() == []


def test_where_a_mirror_fails_the_next_is_asked(mirror: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Small, "mirrors", (mirror + "no/such/place/", "http://127.0.0.1:9/", mirror))
    check(Small(), 5)


@pytest.mark.usefixtures("mirror")
def test_two_programs_that_download_at_once_do_not_disturb_each_other() -> None:
    failures: list[BaseException] = []

    def read() -> None:
        try:
            check(Small(), 5)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
        time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert not failures


def test_the_cache_is_where_the_user_or_the_platform_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYGRAD_EDU_CACHE", os.path.join("x", "y"))
    assert cache_folder() == Path("x", "y")
    monkeypatch.delenv("TINYGRAD_EDU_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", os.path.join("x", "z"))
    assert cache_folder() == Path("x", "z", "tinygrad_edu")
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_folder().parts[-3:] == ("Library", "Caches", "tinygrad_edu")
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "local")
    assert cache_folder() == Path("local", "tinygrad_edu")


# The real files.


def real_mnist() -> Path:
    """The folder of the real files; skips where there is none."""
    here = Path(__file__).parents[2]
    folder = Path(os.environ.get("TINYGRAD_EDU_MNIST") or here.parent / "shared" / "data" / "mnist")
    if not folder.is_dir():
        pytest.skip("needs MNIST: put its four files in a folder, and name it in TINYGRAD_EDU_MNIST")
    return folder


def test_the_real_files_are_the_published_ones() -> None:
    test = MNIST(real_mnist(), train=False)
    assert (test.images.shape, test.images.dtype) == ((10000, 1, 28, 28), np.float32)
    assert (test.images.min(), test.images.max()) == (0, 1)
    assert np.bincount(test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_fashion_is_not_digits() -> None:
    with pytest.raises(FileError, match="is not the published file of FashionMNIST"):
        FashionMNIST(real_mnist(), train=False)


ONE_IMAGE, ONE_LABEL = b"\0\0\x08\x03\0\0\0\1\0\0\0\x1c\0\0\0\x1c" + bytes(784), b"\0\0\x08\1\0\0\0\1\7"


@pytest.mark.parametrize(
    ("images", "labels", "says"),
    [
        (ONE_IMAGE, ONE_LABEL, None),
        (b"\0\0\x08\0\7", ONE_LABEL, r"hold uint8 \(\) and uint8 \(1,\), and not uint8 \(N, 28, 28\)"),
        (b"\0\0\x08\1\0\0\0\2\7\7", ONE_LABEL, r"hold uint8 \(2,\)"),
        (ONE_IMAGE, b"\0\0\x08\1\0\0\0\2\1\2", r"and uint8 \(2,\)"),
        (ONE_IMAGE, b"\0\0\x0d\1\0\0\0\1\x7f\xc0\0\0", r"and float32 \(1,\)"),
        (ONE_IMAGE, b"\0\0\x08\1\0\0\0\1\x0a", "has a label 10, and 9 is the last"),
    ],
)
def test_files_without_a_checksum_hold_images_and_labels(
    images: bytes, labels: bytes, says: str | None, tmp_path: Path
) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(images)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    if says is None:
        assert FashionMNIST(tmp_path).labels.tolist() == [7]
    else:
        with pytest.raises(FileError, match=says):
            FashionMNIST(tmp_path)
