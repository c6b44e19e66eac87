"""Whether a wheel and an sdist hold every file of the package and of the lessons, also translated, that git knows.

python complete.py tinygrad_edu-0.1.0-py3-none-any.whl tinygrad_edu-0.1.0.tar.gz
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile

PLACES = {"tutorials/": "tinygrad_edu/tutorials/", "docs/locale/": "tinygrad_edu/tutorials/locale/"}
"""Where a wheel has what lies elsewhere."""
SHIPPED = ["tinygrad_edu", "tutorials", "docs/locale/*/lessons/*.po", "docs/locale/*/code/*.po"]


def main(wheel: str, sdist: str) -> None:
    """Name the files that are missing, and exit with 1 if there are any."""
    listing = subprocess.run(["git", "ls-files", "-z", *SHIPPED], stdout=subprocess.PIPE, check=True)
    committed = listing.stdout.decode().split("\0")[:-1]
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = set(archive.namelist())
    with tarfile.open(sdist) as tar:
        in_sdist = {name.partition("/")[2] for name in tar.getnames()}
    missing = [f"{sdist}: {file}" for file in committed if file not in in_sdist]
    for file in committed:
        folder = next((folder for folder in PLACES if file.startswith(folder)), "")
        place = PLACES.get(folder, "") + file.removeprefix(folder)
        missing += [f"{wheel}: {place}"] * (place not in in_wheel)
    licences = [name for name in in_wheel if ".dist-info/licenses/" in name]
    missing += [f"{wheel}: a licence"] * (len(licences) < 2)
    if missing:
        sys.exit("missing\n" + "\n".join(missing))
    print(f"{len(committed)} files are in both; {len(in_wheel)} in the wheel, {len(in_sdist)} in the sdist")


if __name__ == "__main__":
    main(*sys.argv[1:])
