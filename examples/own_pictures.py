"""Own pictures: a folder for each class becomes a trained network for ONNX Runtime.

python examples/own_pictures.py [FOLDER]     FOLDER: train/CLASS/*.png and test/CLASS/*.png; drawn ones if not given
"""

import pathlib
import subprocess
import sys
import tempfile

import toile
from toile import layers

work = pathlib.Path(tempfile.mkdtemp())
if len(sys.argv) > 1:
    folder = pathlib.Path(sys.argv[1])
else:
    folder = work / "pictures"
    command = [
        sys.executable,
        "-m",
        "toile",
        "data",
        "convert",
        "drawn-garments",
        "--to",
        "folders",
        "--out",
        str(folder),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

names = sorted(path.name for path in (folder / "train").iterdir() if path.is_dir())
(x, y), (x_test, y_test) = toile.datasets.load_data(folder)
order = slice(None, None, 10)  # the pictures come class by class; a tenth of them is enough here
model = toile.Sequential(
    [
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(len(names), activation="softmax"),
    ],
    seed=1,
)
model.compile(optimizer="adam")
model.fit(x[order], y[order], epochs=2, validation_data=(x_test[order], y_test[order]), verbose=2)
model.save(work / "pictures.onnx", class_names=names)
print(f"{work / 'pictures.onnx'}: {(work / 'pictures.onnx').stat().st_size:,} bytes; classes {', '.join(names)}")
