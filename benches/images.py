"""The images: IDX files read and written, or random pictures of the same shape.

    python benches/images.py FOLDER [--images N] [--test-images N]

writes a folder of random images as IDX files, for trials.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import pathlib
import struct
from typing import TYPE_CHECKING

from nets import CLASSES

if TYPE_CHECKING:
    import numpy as np

TEST_IMAGES = 10_000
NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@dataclasses.dataclass
class Data:
    """Images as bytes of shape (n, height, width), labels as bytes."""

    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def load(folder: pathlib.Path | None, images: int, image_size: int) -> Data:
    """The first `images` of a folder of IDX files, or random pictures if there is no folder or it has another image size."""
    if folder is not None:
        whole = Data(*(_read_idx(folder, name) for name in NAMES))
        if whole.images.shape[1] == image_size and len(whole.images) >= images:
            return Data(
                whole.images[:images],
                whole.labels[:images],
                whole.test_images[:TEST_IMAGES],
                whole.test_labels[:TEST_IMAGES],
            )
        if len(whole.images) < images:
            raise SystemExit(f"{folder} has {len(whole.images)} training images, not {images}")
    return random_data(images, image_size)


def _read_idx(folder: pathlib.Path, name: str) -> np.ndarray:
    import numpy as np

    plain = folder / name
    content = plain.read_bytes() if plain.exists() else gzip.decompress((folder / f"{name}.gz").read_bytes())
    dimensions = content[3]
    shape = struct.unpack(f">{dimensions}I", content[4 : 4 + 4 * dimensions])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def random_data(images: int, image_size: int, test_images: int = TEST_IMAGES) -> Data:
    """Sixteen random fields with noise on them: bytes that are random each for itself make images that all lie near each other."""
    import numpy as np

    chance = np.random.default_rng(1)
    field = np.arange(image_size) * 4 // image_size

    def part(n: int) -> tuple[np.ndarray, np.ndarray]:
        fields = chance.integers(0, 256 - 32, (n, 4, 4), np.uint8)
        noise = chance.integers(0, 32, (n, image_size, image_size), np.uint8)
        return fields[:, field][:, :, field] + noise, chance.integers(0, CLASSES, n, np.uint8)

    return Data(*part(images), *part(test_images))


def write_idx(folder: pathlib.Path, data: Data) -> None:
    """Leaves the data as four uncompressed IDX files, so that toile and every peer read the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in zip(NAMES, (data.images, data.labels, data.test_images, data.test_labels), strict=True):
        header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
        (folder / name).write_bytes(header + values.tobytes())
    (folder / "classes.txt").write_text("".join(f"class {i}\n" for i in range(CLASSES)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--images", type=int, default=2_000, metavar="N", help="training images [default: 2000]")
    parser.add_argument("--test-images", type=int, default=1_000, metavar="N", help="test images [default: 1000]")
    arguments = parser.parse_args()
    write_idx(arguments.folder, random_data(arguments.images, 28, arguments.test_images))


if __name__ == "__main__":
    main()
