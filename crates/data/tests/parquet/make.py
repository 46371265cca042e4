"""Makes the tables beside it: the small set of `src/tests/forms.rs`, as Hugging Face's `datasets` and pyarrow write it.

    pip install datasets==5.2.0 pyarrow==26.0.1 pillow && python make.py
"""

import io
import pathlib

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

HERE = pathlib.Path(__file__).parent
PARTS = {"train": (3, [0, 0, 1, 1, 2]), "test": (90, [0, 1, 2])}


def png(part, i):
    pixels = bytes((at * 37 + part) % 256 for at in range(i * 16, (i + 1) * 16))
    file = io.BytesIO()
    Image.frombytes("L", (4, 4), pixels).save(file, "PNG")
    return file.getvalue()


def rows(name):
    part, labels = PARTS[name]
    images = [{"bytes": png(part, i), "path": None} for i in range(len(labels))]
    return images, labels


# As `push_to_hub` stores it: the training part in two pieces.
features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["0", "1", "2"])})
(HERE / "hub").mkdir(exist_ok=True)
for name, pieces in [("train", 2), ("test", 1)]:
    images, labels = rows(name)
    data = datasets.Dataset.from_dict({"image": images, "label": labels}, features=features)
    for i in range(pieces):
        piece = data.shard(pieces, i, contiguous=True)
        piece.to_parquet(str(HERE / "hub" / f"{name}-{i:05}-of-{pieces:05}.parquet"), batch_size=2)

# Zstandard, pages of the second version, two rows in a group, 32-bit labels, a plain column of bytes.
images, labels = rows("train")
table = pa.table({"label": pa.array(labels, pa.int32()), "image": pa.array([image["bytes"] for image in images])})
pq.write_table(table, HERE / "plain.parquet", compression="zstd", data_page_version="2.0", row_group_size=2)

# Words as labels, stored as a dictionary; a column that may be labels too; Snappy.
words = pa.array(["boot", "boot", "coat", "coat", "shirt"]).dictionary_encode()
image = pa.array(images, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
table = pa.table({"img": image, "fine_label": words, "target": pa.array(labels)})
pq.write_table(table, HERE / "words.parquet", compression="snappy")
