#!/usr/bin/env python3
"""Whether other programs make of our exports what we recorded: ONNX Runtime, Keras, PyTorch, TensorBoard, a C compiler.

    .ci/check-exports.py TOILE [VENV] [--whole]
    .ci/check-exports.py --install VENV

Trains small networks with every layer, padding, stride and activation, on images of odd sizes and several channels (and
the study's convolutional network for an epoch, where Fashion-MNIST is at hand: TOILE_DATA_DIR), exports each in every
form, and has the programs compute them: probabilities within 5e-6 of the recorded ones, the same accuracy. What cannot
be installed from the package index is said; without ONNX Runtime nothing is checked, and that is an error.

VENV is a folder for the packages, made if it is not there. A C program computes the first 1,000 test images only, on
one core; with --whole all of them.
(The first half of this file installs, and starts the second with that Python.)
"""

import copy
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# What is installed for what; each by itself, so that one that is missing costs no other.
PACKAGES = {
    "onnxruntime": ["onnxruntime", "numpy"],
    "keras": ["keras", "jax"],
    "torch": ["torch", "safetensors"],
    "tensorboard": ["tensorboard"],
}

DENSE_END = {"dense": {"units": 4, "activation": "softmax"}}

# A shape (height, width, channels) and networks for it.
STUDIES = [
    (
        (9, 7, 3),
        {
            "strides": [
                {
                    "conv2d": {
                        "filters": 5,
                        "kernel_size": [3, 2],
                        "strides": [2, 1],
                        "padding": "same",
                        "activation": "relu",
                    }
                },
                {"max_pooling2d": {"pool_size": [2, 3], "strides": [1, 2], "padding": "same"}},
                {"conv2d": {"filters": 4, "kernel_size": [2, 2], "use_bias": False, "activation": "tanh"}},
                {"flatten": {}},
                DENSE_END,
            ],
            "flat end": [
                {"batch_normalization": {}},
                {"conv2d": {"filters": 2, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same"}},
                {"max_pooling2d": {"pool_size": [5, 2], "strides": [5, 2]}},
                {"flatten": {}},
                {"activation": "softmax"},
            ],
            "dense": [
                {"dense": {"units": 33, "activation": "sigmoid", "l2": 0.001}},
                {"batch_normalization": {}},
                {"dropout": {"rate": 0.5}},
                {"dense": {"units": 17, "activation": "gelu", "use_bias": False}},
                {"activation": "silu"},
                DENSE_END,
            ],
        },
    ),
    (
        (8, 11, 1),
        {
            "normalized": [
                {"conv2d": {"filters": 6, "kernel_size": [5, 4], "strides": [1, 2]}},
                {"batch_normalization": {"epsilon": 0.01}},
                {"activation": "leaky_relu"},
                {"average_pooling2d": {"pool_size": [3, 2], "padding": "same"}},
                {"conv2d": {"filters": 4, "kernel_size": [1, 1], "activation": "elu"}},
                {"global_average_pooling2d": {}},
                {"batch_normalization": {}},
                {"dense": {"units": 4}},
                {"activation": "softmax"},
            ],
            "flatten first": [
                {"flatten": {}},
                {"dropout": {"rate": 0.1}},
                {"dense": {"units": 30, "activation": "leaky_relu"}},
                DENSE_END,
            ],
        },
    ),
    (
        (10, 9, 2),
        {
            "separable": [
                {
                    "separable_conv2d": {
                        "filters": 6,
                        "kernel_size": [3, 4],
                        "padding": "same",
                        "depth_multiplier": 2,
                        "strides": [2, 2],
                        "activation": "silu",
                    }
                },
                {
                    "depthwise_conv2d": {
                        "kernel_size": [2, 3],
                        "depth_multiplier": 3,
                        "padding": "same",
                        "activation": "gelu",
                    }
                },
                {"depthwise_conv2d": {"kernel_size": [3, 3], "use_bias": False}},
                {"batch_normalization": {}},
                {"flatten": {}},
                {"batch_normalization": {}},
                {"activation": "relu"},
                DENSE_END,
            ],
            "activations": [
                {"activation": "sigmoid"},
                {"conv2d": {"filters": 4, "kernel_size": [3, 3], "padding": "same", "activation": "tanh"}},
                {"max_pooling2d": {}},
                {"flatten": {}},
                {"flatten": {}},
                {"dense": {"units": 8, "activation": "silu"}},
                DENSE_END,
            ],
            "pooled first": [
                {"max_pooling2d": {"pool_size": [3, 3], "strides": [2, 2], "padding": "same"}},
                {"average_pooling2d": {"pool_size": [4, 4], "strides": [3, 3], "padding": "same"}},
                {"average_pooling2d": {"pool_size": [1, 2], "strides": [1, 1]}},
                {"flatten": {}},
                {"dense": {"units": 9, "activation": "elu"}},
                DENSE_END,
            ],
        },
    ),
]
CNN = [
    {"conv2d": {"filters": 32, "kernel_size": [3, 3], "activation": "relu"}},
    {"conv2d": {"filters": 64, "kernel_size": [3, 3], "activation": "relu"}},
    {"max_pooling2d": {}},
    {"dropout": {"rate": 0.25}},
    {"conv2d": {"filters": 64, "kernel_size": [3, 3], "activation": "relu"}},
    {"max_pooling2d": {}},
    {"flatten": {}},
    {"dense": {"units": 128, "activation": "relu"}},
    {"dense": {"units": 10, "activation": "softmax"}},
]

IS_WHOLE = "--whole" in sys.argv
TOLERANCE = 5e-6
# Below such a lead the most probable class may be another by rounding.
LEAD = 1e-4


def install(venv: Path) -> list[str]:
    """Installs what can be; gives what could not."""
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    missing = []
    for name, packages in PACKAGES.items():
        there = subprocess.run(
            [python, "-c", f"import importlib.util as u, sys; sys.exit(u.find_spec({name!r}) is None)"]
        )
        if there.returncode == 0:
            continue
        done = subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], capture_output=True, text=True)
        if done.returncode != 0:
            missing.append(name)
            print(f"not installed: {name}: {done.stderr.strip().splitlines()[-1:]}", flush=True)
    return missing


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--install":
        return print(install(Path(sys.argv[2])))
    toile, *venvs = (word for word in sys.argv[1:] if word != "--whole")
    if os.environ.get("TOILE_EXPORTS_CHECK") == "now":
        return check(Path(toile).resolve())
    with tempfile.TemporaryDirectory() as folder:
        venv = Path(venvs[0] if venvs else folder)
        missing = install(venv)
        if "onnxruntime" in missing:
            sys.exit("ONNX Runtime cannot be installed: nothing can be checked")
        environment = {**os.environ, "TOILE_EXPORTS_CHECK": "now", "KERAS_BACKEND": "jax", "MISSING": " ".join(missing)}
        python = venv / "bin" / "python"
        command = [python, "-W", "ignore", __file__, toile, *(["--whole"] if IS_WHOLE else [])]
        sys.exit(subprocess.run(command, env=environment).returncode)


# From here on the packages are there.


def toml(value) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + " }" if value else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def study_text(name: str, data: str, networks: dict, epochs: int, seeds: int) -> str:
    text = f'[study]\nname = "{name}"\ndata = "{data}"\nvalidation_split = 0.1\nseed = 7\nseeds = {seeds}\n'
    for place, layers in enumerate(networks.values()):
        text += f"\n[models.m{place}]\nlayers = {toml(layers)}\n"
    for place, network in enumerate(networks):
        text += (
            f'\n[[runs]]\nname = "{network}"\nmodel = "m{place}"\noptimizer = {{ adam = {{ learning_rate = 0.01 }} }}\n'
        )
        text += "batch_size = 128\nepochs = %d\n" % epochs
    return text


def write_data(folder: Path, shape, classes=4) -> None:
    """Bytes of noise, brighter in one stripe per class."""
    import numpy as np

    random = np.random.default_rng(5)
    folder.mkdir()
    for part, n in [("train", 900), ("t10k", 203)]:
        labels = random.integers(0, classes, n).astype(np.uint8)
        images = random.integers(0, 200, (n, *shape)).astype(np.uint8)
        for image, label in zip(images, labels):
            image[label * shape[0] // classes : (label + 1) * shape[0] // classes] += 50
        for kind, array in [("images-idx%d-ubyte" % images.ndim, images), ("labels-idx1-ubyte", labels)]:
            if kind.startswith("images") and shape[2] == 1:
                array, kind = array[..., 0], "images-idx3-ubyte"
            elif kind.startswith("images"):
                kind = "images-idx3-ubyte"
            head = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
            (folder / f"{part}-{kind}").write_bytes(head + array.tobytes())


def test_images(folder: Path, shape):
    """The test images and labels of a folder of IDX files, gzipped or not."""
    return part_images(folder, "t10k", shape)


def train_images(folder: Path, shape):
    return part_images(folder, "train", shape)


def part_images(folder: Path, part: str, shape):
    import gzip

    import numpy as np

    def read(name):
        path = folder / name
        data = path.read_bytes() if path.exists() else gzip.decompress((folder / f"{name}.gz").read_bytes())
        axes = data[3]
        return np.frombuffer(data, np.uint8, offset=4 + 4 * axes)

    return read(f"{part}-images-idx3-ubyte").reshape(-1, *shape), read(f"{part}-labels-idx1-ubyte")


class Recorded:
    """What toile recorded of a run's test images."""

    def __init__(self, folder: Path, labels):
        import numpy as np

        arrays = np.load(folder / "predictions.npz")
        self.classes, self.confidences = arrays["test_prediction"], arrays["test_probability"]
        self.labels = labels
        assert (arrays["test_label"] == labels).all()

    def first(self, n: int) -> "Recorded":
        """The same of the first images."""
        part = copy.copy(self)
        part.classes, part.confidences, part.labels = self.classes[:n], self.confidences[:n], self.labels[:n]
        return part

    def differs(self, probabilities) -> str | None:
        """What of other probabilities is not as recorded."""
        import numpy as np

        p = np.asarray(probabilities, np.float64)
        rows = np.arange(len(p))
        difference = np.abs(p[rows, self.classes] - self.confidences).max()
        if not difference <= TOLERANCE:
            return f"probabilities differ by up to {difference:.2e}"
        ordered = np.sort(p, axis=1)
        clear = ordered[:, -1] - ordered[:, -2] > LEAD
        if (p.argmax(1) != self.classes)[clear].any():
            return "the most probable class is another"
        found, own = (p.argmax(1) == self.labels)[clear].sum(), (self.classes == self.labels)[clear].sum()
        if found != own:
            return f"{found} right, recorded are {own}"
        self.largest = max(getattr(self, "largest", 0), difference)
        return None


def onnx_probabilities(path: Path, images):
    """In batches of 1, 7 and all: N is free."""
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (entry,), (exit_,) = session.get_inputs(), session.get_outputs()
    assert (entry.name, exit_.name) == ("images", "probabilities"), (entry.name, exit_.name)
    properties = session.get_modelmeta().custom_metadata_map
    for key in ["class_names", "toile_run", "toile_weights_sha256", "data_fingerprint", "input"]:
        assert properties[key], key
    taken = images if entry.type == "tensor(uint8)" else images.astype(np.float32) / np.float32(255)
    whole = session.run(None, {"images": taken})[0]
    for n in [1, 7]:
        part = session.run(None, {"images": taken[:n]})[0]
        assert np.abs(part - whole[:n]).max() < 2e-6, f"a batch of {n}"
    return whole


def keras_probabilities(path: Path, images):
    import keras

    return keras_predictions(keras.saving.load_model(path), images)


def keras_predictions(model, images):
    import numpy as np

    first = model.layers[0].__class__.__name__
    taken = images.astype(np.float32)
    return model.predict(taken if first == "Rescaling" else taken / np.float32(255), batch_size=512, verbose=0)


def keras_from_weights(path: Path, whole: Path, images):
    """The weights alone, into the same layers with other weights."""
    import keras

    model = keras.models.clone_model(keras.saving.load_model(whole))
    model.load_weights(path)
    return keras_predictions(model, images)


def torch_probabilities(path: Path, images):
    import importlib.util

    import torch

    spec = importlib.util.spec_from_file_location(path.stem, path.with_suffix(".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return torch_predictions(module.build(), images)


def torch_predictions(network, images):
    import torch

    pixels = torch.from_numpy(images.copy())
    takes_pixels = type(network[0]).__name__ == "FromPixels"
    taken = pixels if takes_pixels else pixels.permute(0, 3, 1, 2).to(torch.float32) / 255
    with torch.no_grad():
        return torch.cat([network(part) for part in taken.split(512)]).numpy()


class Checker:
    def __init__(self, toile: Path, missing: set[str]):
        self.toile, self.missing, self.faults, self.n, self.largest = toile, missing, [], 0, {}
        self.seconds = {}

    def run(self, folder: Path, *args) -> str:
        done = subprocess.run([self.toile, *map(str, args)], cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"toile {' '.join(map(str, args))}\n{done.stdout}{done.stderr}")
        return done.stdout

    def compare(self, what: str, package: str, recorded: Recorded, probabilities) -> None:
        start = time.monotonic()
        found = probabilities()
        self.seconds[package] = self.seconds.get(package, 0) + time.monotonic() - start
        fault = recorded.differs(found)
        self.n += 1
        self.largest[package] = max(self.largest.get(package, 0), getattr(recorded, "largest", 0))
        recorded.largest = 0
        if fault:
            self.faults.append(f"{what}: {fault}")
            print(f"WRONG {what}: {fault}", flush=True)

    def study(self, folder: Path, shape, networks: dict, data: str, data_folder: Path, both=True) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "study.toml").write_text(
            study_text("exports", data, networks, 3 if both else 1, 2 if len(networks) == 2 else 1)
        )
        self.run(folder, "run", "study.toml", "--out", "out")
        self.run(folder, "report", "out", "--predictions", "npz")
        images, labels = test_images(data_folder, shape)
        results = json.loads((folder / "out" / "results.json").read_text())
        self.numbers(folder, results)
        other = None
        for place, run in enumerate(run for run in results["runs"] if run["seed"] == 7):
            recorded = Recorded(folder / "out" / run["folder"], labels)
            accuracy = float((recorded.classes == labels).mean())
            assert abs(run["final"]["test_accuracy"] - accuracy) < 1e-12, (run["final"], accuracy)
            for kind in ["uint8", "float"] if both else ["uint8"]:
                self.network(folder, run["name"], f"n{place}_{kind}", kind, images, recorded)
            # A check that cannot fail is none: another network must not pass.
            if other is not None:
                assert recorded.differs(onnx_probabilities(other, images)), "another network passes the check"
            other = folder / f"n{place}_uint8.onnx"

    def network(self, folder: Path, name: str, stem: str, kind: str, images, recorded: Recorded) -> None:
        def export(form: str, file: str) -> Path:
            said = self.run(folder, "export", "out", "--run", name, "--format", form, "--input", kind, "--out", file)
            assert "read back and computed" in said and "recorded ones" in said, said
            return folder / file

        what = f"{name}, {kind}"
        path = export("onnx", f"{stem}.onnx")
        self.compare(f"ONNX of {what}", "onnxruntime", recorded, lambda: onnx_probabilities(path, images))
        self.int8(folder, name, stem, kind, images, recorded)
        if "keras" not in self.missing:
            whole = export("keras", f"{stem}.keras")
            self.compare(f".keras of {what}", "keras", recorded, lambda: keras_probabilities(whole, images))
            if kind == "float":
                alone = export("keras", f"{stem}.weights.h5")
                self.compare(
                    f".weights.h5 of {what}", "keras", recorded, lambda: keras_from_weights(alone, whole, images)
                )
        if "cc" not in self.missing:
            said = self.run(
                folder, "export", "out", "--run", name, "--format", "c", "--input", kind, "--out", f"{stem}.c"
            )
            assert "the weights read back, bit for bit" in said, said
            self.c_file(folder, stem, kind, images, recorded, folder / f"{stem}.c", what)
        if "torch" not in self.missing:
            tensors = export("pytorch", f"{stem}.safetensors")
            self.compare(f"PyTorch of {what}", "torch", recorded, lambda: torch_probabilities(tensors, images))

    def int8(self, folder: Path, name: str, stem: str, kind: str, images, recorded: Recorded) -> None:
        """Whole numbers are another network, but one that is as often right, and ONNX Runtime makes the same of it."""
        import numpy as np
        import onnxruntime

        file = f"{stem}.int8.onnx"
        said = self.run(
            folder, "export", "out", "--run", name, "--format", "onnx", "--int8", "--input", kind, "--out", file
        )
        words = re.search(r"on (\S+) test images: accuracy (\S+), (\S+) in float; the same class on", said).groups()
        n, ours, of_float = int(words[0].replace(",", "")), float(words[1]), float(words[2])
        # Of a large network fewer images are computed.
        images, labels, recorded_classes = images[:n], recorded.labels[:n], recorded.classes[:n]
        accuracy = float((recorded_classes == labels).mean())
        assert abs(of_float - accuracy) < 1e-4, (said, accuracy)
        session = onnxruntime.InferenceSession(folder / file, providers=["CPUExecutionProvider"])
        taken = images if kind == "uint8" else images.astype(np.float32) / np.float32(255)
        classes = np.concatenate(
            [session.run(None, {"images": taken[i : i + 512]})[0].argmax(1) for i in range(0, len(taken), 512)]
        )
        found, same = float((classes == labels).mean()), float((classes == recorded_classes).mean())
        self.n += 1
        if abs(found - ours) > 0.01 or abs(ours - of_float) > 0.03 or same < 0.95:
            said = f"right {found:.4f}, said {ours:.4f}, float {of_float:.4f}; {same:.3f} alike"
            self.faults.append(f"int8 of {name}, {kind}: {said}")
            print(f"WRONG {self.faults[-1]}", flush=True)
        self.int8_worst = max(getattr(self, "int8_worst", 0), abs(found - ours))

    def c_file(self, folder: Path, stem: str, kind: str, images, recorded: Recorded, path: Path, what: str) -> None:
        import numpy as np

        if not IS_WHOLE:
            images, recorded = images[:1000], recorded.first(1000)
        program = folder / stem
        strict = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O2", "-DTOILE_MAIN"]
        subprocess.run(["cc", *strict, "-o", program, path], check=True)

        def probabilities():
            taken = images if kind == "uint8" else images.astype(np.float32) / np.float32(255)
            done = subprocess.run([program], input=taken.tobytes(), capture_output=True, check=True)
            return np.array([line.split() for line in done.stdout.splitlines()], np.float64)

        self.compare(f"C of {what}", "cc", recorded, probabilities)

    def numbers(self, folder: Path, results: dict) -> None:
        """Tables, and what TensorBoard itself reads of the event files."""
        import csv

        self.run(folder, "export", "out", "--format", "csv", "--out", "tables")
        rows = list(csv.DictReader((folder / "tables" / "epochs.csv").open(newline="")))
        expected = [(run, epoch) for run in results["runs"] for epoch in run["epochs"]]
        assert len(rows) == len(expected), (len(rows), len(expected))
        for row, (run, epoch) in zip(rows, expected):
            assert (row["run"], int(row["seed"]), int(row["step"])) == (run["name"], run["seed"], epoch["epoch"])
            assert float(row["val_loss"]) == epoch["val_loss"], "digits that read back"
        if "tensorboard" not in self.missing:
            self.run(folder, "export", "out", "--format", "tensorboard", "--out", "events")
            start = time.monotonic()
            tensorboard(folder / "events", results)
            self.seconds["tensorboard"] = self.seconds.get("tensorboard", 0) + time.monotonic() - start
            self.n += 1


def tensorboard(folder: Path, results: dict) -> None:
    """Scalars by the multiplexer, the table by the backend of HParams: complete, and equal to the records."""
    from tensorboard import context
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment, list_session_groups

    for path in folder.rglob("events.*"):
        # The loader stops without a word at the first record that is broken.
        data, at = path.read_bytes(), 0
        while at < len(data):
            at += 16 + struct.unpack_from("<Q", data, at)[0]
        assert at == len(data), path
    multiplexer = plugin_event_multiplexer.EventMultiplexer(size_guidance={"scalars": 0, "tensors": 0})
    multiplexer.AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    for run in results["runs"]:
        name = run["folder"].removeprefix("runs/")
        for tag in ["loss", "val_loss", "val_accuracy", "train_accuracy", "learning_rate"]:
            events = multiplexer.Tensors(name, tag)
            assert [event.step for event in events] == [epoch["epoch"] for epoch in run["epochs"]], (name, tag)
            for event, epoch in zip(events, run["epochs"]):
                found = event.tensor_proto.float_val[0]
                assert abs(found - epoch[tag]) <= 1e-6 * max(1, abs(epoch[tag])), (name, tag, found)
        (test,) = multiplexer.Tensors(name, "test_accuracy")
        assert abs(test.tensor_proto.float_val[0] - run["final"]["test_accuracy"]) < 1e-6
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(folder))
    backend = backend_context.Context(base_plugin.TBContext(data_provider=provider, logdir=str(folder)))
    request = context.RequestContext()
    experiment = get_experiment.Handler(request, backend, "", api_pb2.GetExperimentRequest()).run()
    columns = {info.name for info in experiment.hparam_infos}
    assert {"model", "batch_size", "optimizer", "optimizer.learning_rate"} <= columns, columns
    assert {"val_loss", "test_accuracy"} <= {info.name.tag for info in experiment.metric_infos}
    query = api_pb2.ListSessionGroupsRequest(
        start_index=0,
        slice_size=100,
        include_metrics=True,
        aggregation_type=api_pb2.AGGREGATION_AVG,
        allowed_statuses=[api_pb2.STATUS_SUCCESS],
    )
    for info in experiment.metric_infos:
        query.col_params.add(metric=info.name)
    groups = list_session_groups.Handler(request, backend, "", query).run().session_groups
    assert {group.name for group in groups} == {run["name"] for run in results["runs"]}
    for group in groups:
        own = [run["final"]["test_accuracy"] for run in results["runs"] if run["name"] == group.name]
        assert len(group.sessions) == len(own)
        found = {value.name.tag: value.value for value in group.metric_values}
        assert abs(found["test_accuracy"] - sum(own) / len(own)) < 1e-6, "the mean over the seeds"


def keras_comes_in(checker: Checker, folder: Path) -> None:
    """A network that Keras made and trained goes in with its bits, trains an epoch, comes out, and Keras agrees."""
    import keras
    import numpy as np

    shape = (9, 7, 3)
    folder.mkdir()
    write_data(folder / "data", shape)
    images, labels = test_images(folder / "data", shape)
    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Rescaling(1 / 255),
            layers.Conv2D(6, 3, padding="same", kernel_regularizer=keras.regularizers.L2(1e-4)),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.SeparableConv2D(5, (2, 3), padding="same", activation="gelu"),
            layers.DepthwiseConv2D(2, strides=2, depth_multiplier=2, activation="swish"),
            layers.Dropout(0.2),
            layers.Flatten(name="my_flatten"),
            layers.Dense(8),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dense(4, activation="softmax", name="the_end"),
        ]
    )
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    model.compile(optimizer=keras.optimizers.Nadam(0.005), loss=loss, metrics=["accuracy"])
    model.fit(images, np.eye(4)[labels], epochs=1, batch_size=64, verbose=0)
    model.save(folder / "theirs.keras")
    said = checker.run(folder, "import", "theirs.keras", "--into", "in", "--data", "./data")
    assert "11 layers" in said or "12 layers" in said, said
    text = (folder / "in" / "study.toml").read_text()
    assert "nadam = { learning_rate = 0.005" in text and "label_smoothing = 0.1" in text, text
    data = (folder / "in" / "imported.safetensors").read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    names = sorted((name for name in header if name != "__metadata__"), key=lambda name: int(name.split(".")[0]))
    found = sorted(data[8 + length + a : 8 + length + b] for a, b in (header[name]["data_offsets"] for name in names))
    seeds = "seed_generator"
    theirs = [v for v in model.variables if seeds not in v.path]
    assert found == sorted(np.asarray(v).astype("<f4").tobytes() for v in theirs), "every weight, bit for bit"
    checker.run(folder, "run", "in/study.toml", "--out", "out")
    checker.run(folder, "report", "out", "--predictions", "npz")
    results = json.loads((folder / "out" / "results.json").read_text())
    recorded = Recorded(folder / "out" / results["runs"][0]["folder"], labels)
    checker.network(folder, "Imported", "ours", "uint8", images, recorded)
    out = keras_probabilities(folder / "ours.keras", images)
    assert np.abs(out - model.predict(images, verbose=0)).max() > 1e-3, "the epoch changed nothing"


# What goes on in Keras, and how far from the optimizer's state that toile makes itself: one of each kind.
GOES_ON = {
    "SGD": "{ sgd = { learning_rate = 0.1 } }",
    "momentum": "{ sgd = { learning_rate = 0.05, momentum = 0.9 } }",
    "Nesterov": "{ sgd = { learning_rate = 0.05, momentum = 0.9, nesterov = true } }",
    "Adam": "{ adam = { learning_rate = 0.01 } }",
    "Adam, amsgrad": "{ adam = { learning_rate = 0.01, amsgrad = true } }",
    "AdamW": "{ adamw = { learning_rate = 0.01, weight_decay = 0.01 } }",
    "Nadam": "{ nadam = { learning_rate = 0.01 } }",
    "RMSprop": "{ rmsprop = { learning_rate = 0.01 } }",
    "RMSprop, all": "{ rmsprop = { learning_rate = 0.01, momentum = 0.5, centered = true } }",
    "cosine": '{ adam = { learning_rate = 0.02 } }\nschedule = { cosine = { decay_steps = 6, alpha = 0.1 } }',
    "exponential": '{ sgd = { learning_rate = 0.2 } }\nschedule = { exponential = { decay_steps = 2, decay_rate = 0.5 } }',
    "piecewise": '{ sgd = { learning_rate = 0.2 } }\nschedule = { piecewise = { boundaries = [2, 4], values = [0.2, 0.1, 0.05] } }',
    "polynomial": '{ sgd = { learning_rate = 0.2 } }\nschedule = { polynomial = { decay_steps = 8, power = 2.0 } }',
}


def beyond(found, expected) -> float:
    """How far weights are apart, as a multiple of what the golden trajectories allow after few updates."""
    import numpy as np

    def part(a, b):
        return np.linalg.norm(a.ravel() - b.ravel()) / (1e-6 * a.size**0.5 + 1e-7 * np.linalg.norm(b.ravel()))

    pairs = list(zip(found.get_weights(), expected.get_weights(), strict=True))
    return max(float(part(a.astype(np.float64), b.astype(np.float64))) for a, b in pairs)


def keras_goes_on(checker: Checker, folder: Path) -> None:
    """With the optimizer's state Keras takes the step that toile takes: all images are one batch, one epoch one step."""
    import keras
    import numpy as np

    shape, steps = (6, 5, 2), 3
    folder.mkdir()
    write_data(folder / "data", shape)
    images, labels = train_images(folder / "data", shape)
    batch = images.astype(np.float32) / np.float32(255), np.eye(4, dtype=np.float32)[labels]
    layers = [
        {"conv2d": {"filters": 4, "kernel_size": [3, 3], "activation": "tanh", "l2": 0.001}},
        {"batch_normalization": {"momentum": 0.9}},
        {"flatten": {}},
        {"dense": {"units": 6, "activation": "sigmoid", "use_bias": False}},
        DENSE_END,
    ]
    text = f'[study]\nname = "goes on"\ndata = "./data"\nseed = 7\n\n[models.m]\nlayers = {toml(layers)}\n'
    text += f"\n[defaults]\nmodel = \"m\"\nbatch_size = {len(images)}\nshuffle = false\n"
    for name, optimizer in GOES_ON.items():
        for epochs in [steps, steps + 1]:
            text += f'\n[[runs]]\nname = "{name} {epochs}"\nepochs = {epochs}\noptimizer = {optimizer}\n'
    (folder / "study.toml").write_text(text)
    checker.run(folder, "run", "study.toml", "--out", "out")

    def exported(name: str, *more):
        file = f"{len(list(folder.glob('*.keras')))}.keras"
        said = checker.run(folder, "export", "out", "--run", name, "--format", "keras", "--out", file, *more)
        assert ("trained again, to the same weights" in said) == bool(more), said
        return keras.saving.load_model(folder / file)

    largest, forgetful = 0, 0
    for name in GOES_ON:
        start = time.monotonic()
        model, wanted = exported(f"{name} {steps}", "--with-optimizer"), exported(f"{name} {steps + 1}")
        assert int(model.optimizer.iterations) == steps, (name, int(model.optimizer.iterations))
        model.train_on_batch(*batch)
        assert int(model.optimizer.iterations) == steps + 1
        difference = beyond(model, wanted)
        anew = exported(f"{name} {steps}")
        anew.train_on_batch(*batch)
        forgetful += beyond(anew, wanted) > 10
        largest = max(largest, difference)
        checker.n += 1
        checker.seconds["keras"] = checker.seconds.get("keras", 0) + time.monotonic() - start
        if not difference <= 1:
            checker.faults.append(f"{name} goes on in Keras: weights differ by {difference:.2g} of what is allowed")
            print(f"WRONG {checker.faults[-1]}", flush=True)
    # Only plain SGD at one rate has nothing to remember.
    assert forgetful == len(GOES_ON) - 1, f"{forgetful} of {len(GOES_ON)} show that the state was lost"
    print(f"Keras goes on with {len(GOES_ON)} optimizers and schedules: at most {largest:.2f} of the tolerance")


def unchanged(checker: Checker, folder: Path, what: str, package: str, images, theirs) -> None:
    """What toile predicts with a network that came in is what its own program predicts: no epoch is trained."""
    import numpy as np

    text = (folder / "study.toml").read_text()
    assert "epochs = 1\n" in text, text
    (folder / "study.toml").write_text(text.replace("epochs = 1\n", "epochs = 0\n"))
    checker.run(folder, "run", "study.toml", "--out", "out")
    checker.run(folder, "report", "out", "--predictions", "npz")
    results = json.loads((folder / "out" / "results.json").read_text())
    _, labels = test_images(folder.parent / "data", images.shape[1:])
    recorded = Recorded(folder / "out" / results["runs"][0]["folder"], labels)
    checker.compare(what, package, recorded, lambda: np.asarray(theirs))


def chain(shape):
    """A Functional network of Keras' that is a chain, and the layers of it that a study file writes."""
    import keras

    layers = keras.layers
    entry = keras.Input(shape)
    x = layers.Conv2D(6, (3, 2), strides=(2, 1), padding="same", activation="relu", name="mine")(entry)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Activation("tanh")(x)
    x = layers.AveragePooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(9, activation="gelu")(x)
    x = layers.Dropout(0.3)(x)
    model = keras.Model(entry, layers.Dense(4, activation="softmax")(x))
    same = [
        {"conv2d": {"filters": 6, "kernel_size": [3, 2], "strides": [2, 1], "padding": "same", "activation": "relu"}},
        {"batch_normalization": {}},
        {"activation": "tanh"},
        {"average_pooling2d": {}},
        {"flatten": {}},
        {"dense": {"units": 9, "activation": "gelu"}},
        {"dropout": {"rate": 0.3}},
        DENSE_END,
    ]
    return model, same


def other_files_come_in(checker: Checker, folder: Path) -> None:
    """A Functional chain of Keras', weights alone of Keras' and of PyTorch's: toile predicts what they predict."""
    import numpy as np

    shape = (9, 7, 3)
    folder.mkdir()
    write_data(folder / "data", shape)
    images, _ = test_images(folder / "data", shape)
    if "keras" not in checker.missing:
        import keras

        keras.utils.set_random_seed(4)
        model, layers = chain(shape)
        model.compile(optimizer="adam", loss="categorical_crossentropy")
        scaled = images.astype(np.float32) / np.float32(255)
        model.fit(scaled, np.eye(4)[np.arange(len(images)) % 4], epochs=2, batch_size=32, verbose=0)
        theirs = keras_predictions(model, images)
        (folder / "layers.toml").write_text(study_text("layers", "./data", {"chain": layers}, 1, 1))
        model.save(folder / "chain.keras")
        model.save_weights(folder / "chain.weights.h5")
        checker.run(folder, "import", "chain.keras", "--into", "chain", "--data", "./data")
        unchanged(checker, folder / "chain", "a Functional chain comes in", "keras", images, theirs)
        alone = ["--model", "layers.toml#m0"]
        checker.run(folder, "import", "chain.weights.h5", "--into", "h5", "--data", "./data", *alone)
        unchanged(checker, folder / "h5", "a .weights.h5 of Keras comes in", "keras", images, theirs)
        branch = keras.layers.Dense(4, activation="softmax")(model.layers[-2].output + model.layers[-3].output)
        keras.Model(model.inputs, branch).save(folder / "branch.keras")
        command = ["import", "branch.keras", "--into", "branch", "--data", "./data"]
        done = subprocess.run([checker.toile, *command], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 1 and "branches are not known" in done.stderr, done.stderr
    if "torch" not in checker.missing:
        torch_comes_in(checker, folder, images)


def torch_comes_in(checker: Checker, folder: Path, images) -> None:
    """An `nn.Sequential` of somebody else's, with counters, another numbering and half precision."""
    import torch
    from safetensors.torch import save_file
    from torch import nn

    torch.manual_seed(4)
    network = nn.Sequential(
        nn.Conv2d(3, 6, (3, 2)),
        nn.BatchNorm2d(6, eps=1e-3),
        nn.Dropout(0.1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 6, 2, groups=6, bias=False),
        nn.Flatten(),
        nn.Linear(6 * 2 * 2, 10),
        nn.BatchNorm1d(10, eps=1e-3),
        nn.SiLU(),
        nn.Linear(10, 4),
        nn.Softmax(dim=1),
    )
    layers = [
        {"conv2d": {"filters": 6, "kernel_size": [3, 2]}},
        {"batch_normalization": {}},
        {"activation": "relu"},
        {"max_pooling2d": {}},
        {"depthwise_conv2d": {"kernel_size": [2, 2], "use_bias": False}},
        {"flatten": {}},
        {"dense": {"units": 10}},
        {"batch_normalization": {}},
        {"activation": "silu"},
        DENSE_END,
    ]
    (folder / "torch.toml").write_text(study_text("layers", "./data", {"torch": layers}, 1, 1))
    with torch.no_grad():
        # Running means and variances of these images.
        network.train()(torch.from_numpy(images.copy()).permute(0, 3, 1, 2).to(torch.float32) / 255)
    network.eval()
    for dtype in [torch.float32, torch.float16, torch.bfloat16]:
        network.to(dtype)
        stem = str(dtype).removeprefix("torch.")
        save_file(network.state_dict(), folder / f"{stem}.safetensors")
        network.to(torch.float32)
        file = f"{stem}.safetensors"
        checker.run(folder, "import", file, "--into", stem, "--data", "./data", "--model", "torch.toml#m0")
        theirs = torch_predictions(network, images)
        unchanged(checker, folder / stem, f"{stem} of PyTorch comes in", "torch", images, theirs)
    torch.save(network.state_dict(), folder / "pickle.pt")
    command = ["import", "pickle.pt", "--into", "pickle", "--data", "./data"]
    done = subprocess.run([checker.toile, *command], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1 and "it is a pickle" in done.stderr, done.stderr


def keras_trains_alike(checker: Checker, folder: Path) -> None:
    """From the same weights, on the same batches, an epoch here is an epoch of Keras'."""
    import keras
    import numpy as np

    shape = (9, 7, 3)
    folder.mkdir()
    write_data(folder / "data", shape)
    images, labels = test_images(folder / "data", shape)
    train, targets = train_images(folder / "data", shape)
    keras.utils.set_random_seed(6)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(6, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(12, activation="tanh"),
            layers.Dense(4, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)
    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    model.save(folder / "start.keras")
    checker.run(folder, "import", "start.keras", "--into", "in", "--data", "./data")
    text = (folder / "in" / "study.toml").read_text()
    text = text.replace("validation_split = 0.1\n", "").replace("epochs = 1", "epochs = 1\nshuffle = false")
    (folder / "in" / "study.toml").write_text(text)
    checker.run(folder, "run", "in/study.toml", "--out", "out")
    checker.run(folder, "report", "out", "--predictions", "npz")
    results = json.loads((folder / "out" / "results.json").read_text())
    recorded = Recorded(folder / "out" / results["runs"][0]["folder"], labels)
    said = checker.run(folder, "export", "out", "--run", "Imported", "--format", "keras", "--out", "end.keras")
    assert "recorded ones" in said, said
    end = keras.saving.load_model(folder / "end.keras")
    checker.compare("an epoch, back in Keras", "keras", recorded, lambda: keras_predictions(end, images))
    before = keras_predictions(model, images)
    scaled = train.astype(np.float32) / np.float32(255)
    model.fit(scaled, np.eye(4)[targets], epochs=1, batch_size=128, shuffle=False, verbose=0)
    after = keras_predictions(model, images)
    assert np.abs(after - before).max() > 1e-2, "the epoch changed nothing"
    checker.compare("the same epoch in Keras", "keras", recorded, lambda: after)


def check(toile: Path) -> None:
    missing = set(os.environ.get("MISSING", "").split())
    if shutil.which("cc") is None:
        missing.add("cc")
    checker = Checker(toile, missing)
    with tempfile.TemporaryDirectory() as place:
        for number, (shape, networks) in enumerate(STUDIES):
            folder = Path(place) / f"study{number}"
            folder.mkdir()
            write_data(folder / "data", shape)
            checker.study(folder, shape, networks, "./data", folder / "data")
        if "keras" not in missing:
            keras_comes_in(checker, Path(place) / "keras")
            keras_goes_on(checker, Path(place) / "goes_on")
            keras_trains_alike(checker, Path(place) / "alike")
        other_files_come_in(checker, Path(place) / "in")
        real = Path(os.environ.get("TOILE_DATA_DIR", "/nowhere")) / "fashion-mnist"
        if real.is_dir():
            folder = Path(place) / "cnn"
            checker.study(folder, (28, 28, 1), {"CNN": CNN}, "fashion-mnist", real, both=False)
        else:
            print("not checked: the study's convolutional network (TOILE_DATA_DIR holds no fashion-mnist)")
    for package, seconds in checker.seconds.items():
        largest = f"largest difference {checker.largest[package]:.1e}, " if package in checker.largest else ""
        print(f"{package}: {largest}{seconds:.0f} s")
    print(f"int8: accuracy in ONNX Runtime within {getattr(checker, 'int8_worst', 0):.4f} of what was said")
    for package in sorted(missing):
        print(f"not checked: {package}, which is not installed")
    if checker.faults:
        sys.exit(f"{len(checker.faults)} of {checker.n} exports are not as recorded")
    print(f"{checker.n} exports are as recorded")


if __name__ == "__main__":
    main()
