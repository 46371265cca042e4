"""Pictures into memory: toile beside torchvision and Pillow, on the same PNG files.

    python benches/pictures.py target/release/toile --data NAME_OR_FOLDER [--repeat 3] [--trial]

Writes the data set as a folder of PNG files first. toile is timed by `toile data check`, which also looks for twins and
balance: at its first start it decodes all files and keeps a copy, at later ones it takes the copy. The others decode into
one array and do no more. Files are in the system's cache. Printed are the best wall time of `--repeat` and its processor time.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import pathlib
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

CPUS = os.cpu_count() or 1


def processor_seconds() -> float:
    """Of this process and all that it started."""
    times = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in times)


def timed(name: str, repeat: int, work: Callable[[], object]) -> None:
    """Prints the best of some times."""
    results = []
    for _ in range(repeat):
        begin, used = time.perf_counter(), processor_seconds()
        work()
        results.append((time.perf_counter() - begin, processor_seconds() - used))
    wall, processor = min(results)
    print(f"{name:44} {wall:7.2f} s, {processor:7.2f} s of processor time", flush=True)


def pillow_array(path: str) -> object:
    """One file, decoded by Pillow."""
    import numpy
    from PIL import Image

    return numpy.asarray(Image.open(path))


def with_pillow(files: list[str]) -> None:
    """All files, in a process for each processor."""
    import numpy

    with multiprocessing.Pool(CPUS) as pool:
        numpy.stack(pool.map(pillow_array, files, chunksize=500))


def with_decode_image(files: list[str], threads: int) -> None:
    """All files by torchvision's own decoder."""
    import torch
    from torchvision.io import ImageReadMode, decode_image

    def one(path: str) -> torch.Tensor:
        return decode_image(path, ImageReadMode.GRAY)

    if threads == 1:
        torch.stack([one(path) for path in files])
        return
    with ThreadPoolExecutor(threads) as pool:
        torch.stack(list(pool.map(one, files)))


def with_loader(folder: pathlib.Path) -> None:
    """All files by ImageFolder and DataLoader, as tutorials do it."""
    import torch
    from torchvision import datasets, transforms

    steps = transforms.Compose([transforms.Grayscale(), transforms.PILToTensor()])
    for part in ("train", "test"):
        data = datasets.ImageFolder(str(folder / part), transform=steps)
        loader = torch.utils.data.DataLoader(data, batch_size=500, num_workers=CPUS)
        torch.cat([images for images, _ in loader])


def main() -> None:
    """Reads the command line, writes the files, times all ways."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("toile")
    parser.add_argument("--data", required=True)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--trial", action="store_true", help="once each")
    given = parser.parse_args()
    repeat = 1 if given.trial else given.repeat
    with tempfile.TemporaryDirectory() as place:
        work = pathlib.Path(place)
        folder = work / "pictures"
        convert = [given.toile, "data", "convert", given.data, "--to", "folders", "--out", str(folder)]
        subprocess.run(convert, check=True, stdout=subprocess.DEVNULL)
        files = sorted(str(path) for path in folder.rglob("*.png"))
        print(f"{len(files)} PNG files, {CPUS} processors")
        time.sleep(3)  # of files that changed just now toile keeps no copy
        caches = iter(range(10_000))

        def check(cache: str) -> None:
            environment = os.environ | {"XDG_CACHE_HOME": str(work / cache)}
            command = [given.toile, "data", "check", str(folder)]
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)

        timed("toile data check, first start", repeat, lambda: check(f"cache-{next(caches)}"))
        timed("toile data check, later", repeat, lambda: check("cache-0"))
        if importlib.util.find_spec("PIL") and importlib.util.find_spec("numpy"):
            timed("Pillow, a process for each processor", repeat, lambda: with_pillow(files))
        else:
            print("Pillow: not installed")
        if importlib.util.find_spec("torchvision"):
            timed("torchvision.io.decode_image, 1 thread", repeat, lambda: with_decode_image(files, 1))
            timed("torchvision.io.decode_image, all threads", repeat, lambda: with_decode_image(files, CPUS))
            timed("torchvision, ImageFolder and DataLoader", repeat, lambda: with_loader(folder))
        else:
            print("torchvision: not installed")


if __name__ == "__main__":
    main()
