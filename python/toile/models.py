"""`Sequential`: Keras' words on toile's engine."""

from __future__ import annotations

import os
import pathlib
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from toile import _arrays, callbacks, layers, losses, optimizers
from toile._native import Network, network_file, network_state, read_keras, set_network_state, take_weights, write_whole
from toile._progress import EpochLines
from toile._setting import plain, refuse_others, to_json

_METRICS = {"accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy"}
_ENDINGS = (".keras", ".onnx", ".safetensors", ".weights.h5")


class History:
    """What `fit` returns: the numbers of its epochs.

    Attributes:
        history: A list per metric, as in Keras: `loss`, `accuracy`, `val_loss`, `val_accuracy`, `learning_rate` and others.
        epoch: The epochs, counted from 0 over all fits of the model.
        end: How the training ended, in words.
        run_id: The id of this training: a hash of its settings, its seed and its arrays.
        weights_sha256: The hash of the weights, that of a study's run with the same settings and data.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []
        self.end = ""
        self.run_id = ""
        self.weights_sha256 = ""
        self.params: dict[str, Any] = {}

    def _add(self, epoch: int, numbers: Mapping[str, float]) -> None:
        for name, value in numbers.items():
            # What is measured after the last epoch alone is missing in those before it.
            self.history.setdefault(name, [float("nan")] * len(self.epoch)).append(value)
        self.epoch.append(epoch)
        for values in self.history.values():
            values.extend([float("nan")] * (len(self.epoch) - len(values)))

    def frame(self) -> Any:
        """The numbers as a pandas DataFrame, a row per epoch."""
        import pandas

        return pandas.DataFrame(self.history, index=pandas.Index(self.epoch, name="epoch"))


class Sequential:
    """Layers one after the other, the last one with a softmax unit per class.

    Args:
        layers: Layers of `toile.layers`; the first may be an `Input`.
        seed: The seed of everything random: weights, order of the examples, dropout.

    uint8 arrays are divided by 255; float32 arrays are taken as they are. The same seed, settings and arrays give the same weights,
    bit for bit, on any number of threads and any processor.
    """

    def __init__(self, layers: Iterable[Any] | None = None, *, name: str | None = None, seed: int = 0) -> None:
        self.name = name or "sequential"
        self.seed = int(seed)
        self.stop_training = False
        self.history: History | None = None
        self._layers: list[layers_type] = []
        self._shape: tuple[int, ...] | None = None
        self._rescales = False
        self._takes_bytes: bool | None = None
        self._network: Network | None = None
        self._compiled: dict[str, Any] | None = None
        for layer in layers or ():
            self.add(layer)

    def add(self, layer: Any) -> None:
        """Adds a layer at the end.

        Raises:
            TypeError: It is no layer of toile.
            ValueError: The network has weights already, or the layer belongs at the beginning.
        """
        if self._network is not None and not isinstance(layer, layers.Input):
            raise ValueError("the model is built: its layers cannot change")
        if isinstance(layer, layers.Input):
            if self._layers or self._rescales:
                raise ValueError("Input comes first")
            self._shape = layer.shape
        elif isinstance(layer, layers.Rescaling):
            if self._layers:
                raise ValueError("Rescaling comes before all other layers in toile")
            self._rescales = True
        elif isinstance(layer, layers.Layer):
            self._layers.append(layer)
        else:
            raise TypeError(f"expected a layer of toile.layers, found {layer!r}")

    @property
    def layers(self) -> list[layers_type]:
        """The layers, without `Input` and `Rescaling`."""
        return list(self._layers)

    @property
    def built(self) -> bool:
        """Whether the model has weights."""
        return self._network is not None

    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Makes the weights. `input_shape` is (None, height, width, channels) or (None, features), as in Keras.

        Raises:
            ValueError: No shape is known, or the layers do not fit it.
        """
        if input_shape is not None:
            self._shape = tuple(int(side or 0) for side in input_shape[1:])
        if self._shape is None:
            raise ValueError("the model has no shape yet: begin with `Input(shape=…)`, or call `fit` first")
        image = _arrays.image_shape(np.empty((0, *self._shape), dtype=np.uint8))
        self._network = Network(to_json(self._layers), image, self.seed)

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Sequence[Any] | None = None,
        **others: Any,
    ) -> None:
        """Says how the model is trained. A model that was trained keeps its weights; the optimizer begins afresh.

        Raises:
            TypeError, ValueError: toile has no such optimizer, loss or metric.
        """
        refuse_others("compile", others)
        for metric in metrics or ():
            if metric not in _METRICS:
                raise ValueError(
                    f"metrics: toile measures accuracy, top-5 accuracy and the loss in any case; found {metric!r}"
                )
        self._compiled = {"optimizer": optimizers.get(optimizer), "loss": losses.get(loss), "schedule": None}
        if isinstance(optimizer, optimizers.Optimizer) and optimizer.schedule is not None:
            self._compiled["schedule"] = optimizer.schedule._table()
        if self._network is not None:
            self._network.forget()

    def _ready(self) -> dict[str, Any]:
        if self._compiled is None:
            raise RuntimeError('compile the model first: `model.compile(optimizer="adam")`')
        return self._compiled

    def _taken(self, x: Any, name: str = "x") -> Any:
        """Examples for this model, which is built for them if it is not yet."""
        array = _arrays.examples(x, name)
        if self._network is None:
            if self._shape is None:
                self._shape = array.shape[1:]
            self.build()
        network = self._network
        assert network is not None
        shape = _arrays.image_shape(array)
        if shape != network.image and array[0].size != int(np.prod(network.image)):
            raise ValueError(
                f"{name}: examples of the shape {array.shape[1:]}, and the model takes {self._shape or network.image}"
            )
        if shape != network.image:
            raise ValueError(
                f"{name}: examples of the shape {array.shape[1:]}, and the model takes {self._shape}; `{name}.reshape(-1, "
                f"{', '.join(str(side) for side in self._shape or network.image)})` if the values are in this order"
            )
        if self._rescales and array.dtype != np.uint8:
            raise TypeError(f"{name}: the model begins with Rescaling(1/255), which takes uint8; found {array.dtype}")
        return array

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Any] | None = None,
        validation_split: float = 0.0,
        validation_data: tuple[Any, Any] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        *,
        threads: int | None = None,
        **others: Any,
    ) -> History:
        """Trains for `epochs` more epochs, and returns their numbers.

        Args:
            x: uint8 or floats: (examples, height, width[, channels]) or (examples, features). 8-bit pixels are divided by 255.
            y: Numbers of classes from 0, (examples,); or one-hot rows.
            batch_size: Examples per update; 32 if it is not given.
            verbose: 0 is silence, 1 a line that moves, 2 a line per epoch; "auto" is 1 in terminals and notebooks, else 2.
            callbacks: Of `toile.callbacks`.
            validation_split: The last part of the examples that is held back, before any shuffling.
            validation_data: `(x, y)` to validate on.
            class_weight: Factors of the classes' losses.
            threads: Threads; all processors if not given. The results do not depend on it.

        A second call goes on: weights, optimizer and epochs; callbacks begin anew. Ctrl-C and exceptions of callbacks stop it after the
        batch under way, and the model is left as it was after its last whole epoch: the next `fit` goes on from there.

        Raises:
            ValueError, TypeError: What is wrong with arrays or settings, in the words of the study file's check.
            RuntimeError: The model is not compiled, or is being trained by another thread.
        """
        refuse_others("fit", others)
        compiled, given = self._ready(), list(callbacks or ())
        values = self._taken(x)
        network = self._network
        assert network is not None
        targets = _arrays.labels(y, len(values), network.classes)
        validation = None
        if validation_data is not None:
            if len(validation_data) != 2:
                raise ValueError(f"validation_data: expected (x, y), found {len(validation_data)} items")
            if validation_split:
                raise ValueError("validation_data and validation_split exclude each other")
            own = self._taken(validation_data[0], "validation_data[0]")
            validation = (own, _arrays.labels(validation_data[1], len(own), network.classes, "validation_data[1]"))
        in_engine, in_python = _divided(given)
        run = {
            "optimizer": compiled["optimizer"],
            "schedule": compiled["schedule"],
            "loss": compiled["loss"]._table(),
            "label_smoothing": compiled["loss"].label_smoothing,
            "batch_size": 32 if batch_size is None else batch_size,
            "epochs": epochs,
            "shuffle": bool(shuffle),
            "callbacks": [callback._table() for callback in in_engine],
            "class_weight": None if class_weight is None else {str(k): v for k, v in class_weight.items()},
            "seed": self.seed,
        }
        history = History()
        history.params = {"epochs": epochs, "batch_size": run["batch_size"]}
        first = self.history.epoch[-1] + 1 if self.history and self.history.epoch else 0
        lines = EpochLines(verbose, first + epochs)
        self.stop_training = False
        for callback in in_python:
            callback.set_model(self)
            callback.on_train_begin({})
        begin = time.perf_counter()

        def on_batch(epoch: int, batch: int, n_batches: int, loss: float) -> bool:
            lines.batch(epoch, batch, n_batches, loss)
            for callback in watching:
                callback.on_train_batch_end(batch - 1, {"loss": loss})
            return self.stop_training

        def on_epoch(epoch: int, numbers: dict[str, float]) -> bool:
            history._add(epoch - 1, numbers)
            lines.epoch(epoch, numbers, time.perf_counter() - begin)
            for callback in in_python:
                callback.on_epoch_end(epoch - 1, dict(numbers))
            return self.stop_training

        watching = [c for c in in_python if _overrides(c, "on_train_batch_end")]
        request = {
            "run": to_json({name: plain(value) for name, value in run.items()}),
            "validation_split": float(validation_split),
            "threads": _threads(threads),
            "on_batch": on_batch,
            "on_epoch": on_epoch,
            "every_batch": bool(watching),
        }
        try:
            told = network.fit(values, targets, request, validation)
        finally:
            lines.close()
            self._takes_bytes = values.dtype == np.uint8
            if history.epoch:
                self.history = history
        history.end, history.run_id = told["end"], told["run_id"]
        history.weights_sha256 = told["weights_sha256"]
        for callback in in_python:
            callback.on_train_end({})
        return history

    def evaluate(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = None,
        verbose: int | str = 0,
        *,
        return_dict: bool = False,
        threads: int | None = None,
    ) -> Any:
        """Mean loss and accuracy: `[loss, accuracy]`, or a dictionary. `batch_size` has no influence."""
        loss = self._ready()["loss"]
        values = self._taken(x)
        network = self._network
        assert network is not None
        targets = _arrays.labels(y, len(values), network.classes)
        told = network.evaluate(values, targets, to_json(loss), loss.label_smoothing, _threads(threads))
        return dict(zip(("loss", "accuracy"), told, strict=True)) if return_dict else list(told)

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: int | str = 0, *, threads: int | None = None
    ) -> np.ndarray:
        """The probability of each class for each example: float32, (examples, classes). `batch_size` has no influence."""
        values = self._taken(x)
        network = self._network
        assert network is not None
        told = network.predict(values, _threads(threads))
        return np.frombuffer(told, dtype="<f4").reshape(len(values), network.classes).copy()

    def get_weights(self) -> list[np.ndarray]:
        """All tensors of weights, layer by layer, in Keras' order and shapes."""
        return [
            np.frombuffer(values, dtype="<f4").reshape(shape).copy() for _, shape, values in self._built().weights()
        ]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Sets all tensors of weights, as `get_weights` gives them.

        Raises:
            ValueError: There are more or fewer, or one has another shape.
        """
        network = self._built()
        arrays = [np.ascontiguousarray(one, dtype=np.float32) for one in weights]
        for (name, shape, _), array in zip(network.weights(), arrays, strict=False):
            if tuple(shape) != array.shape:
                raise ValueError(f"`{name}`: found the shape {array.shape}, expected {tuple(shape)}")
        network.set_weights(arrays)

    def count_params(self) -> int:
        """The number of weights."""
        return sum(int(np.prod(shape)) for _, shape, _ in self._built().weights())

    def summary(self, print_fn: Any = None) -> None:
        """Prints the table of layers."""
        (print_fn or print)(self._built().summary().rstrip("\n"))

    @property
    def weights_sha256(self) -> str:
        """SHA-256 of the file of weights: equal hashes are equal bits."""
        return self._built().weights_sha256()

    def _built(self) -> Network:
        if self._network is None:
            self.build()
        assert self._network is not None
        return self._network

    def __getstate__(self) -> dict[str, Any]:
        network = self._network
        own = None if network is None else (network.layers, network.image, network_state(network))
        return self.__dict__ | {"_network": own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        own = state["_network"]
        self.__dict__.update(state | {"_network": None})
        if own is not None:
            layers, image, values = own
            self._network = Network(layers, image, self.seed)
            set_network_state(self._network, values)

    def save(
        self,
        filepath: str | os.PathLike[str],
        overwrite: bool = True,
        *,
        class_names: Sequence[str] | None = None,
        include_optimizer: bool = True,
    ) -> None:
        """Writes the model: `.keras`, `.onnx`, `.safetensors` (weights) or `.weights.h5` (weights).

        A network that was trained on uint8 takes uint8 in ONNX and Keras too: the division by 255 is part of the file.

        Raises:
            ValueError: The ending is none of these, or a file is there and may not be replaced.
        """
        path = pathlib.Path(filepath)
        ending = _ending(path)
        network = self._built()
        if path.exists() and not overwrite:
            raise ValueError(f"`{path}` is there already; `overwrite=True` replaces it")
        names = list(class_names or (str(i) for i in range(network.classes)))
        if len(names) != network.classes:
            raise ValueError(f"class_names: found {len(names)} names for {network.classes} classes")
        takes = "float" if self._takes_bytes is False else "uint8"
        write_whole(str(path), network_file(network, ending, takes, names, include_optimizer))

    def load_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Takes the weights of a `.safetensors` or `.weights.h5` file.

        Raises:
            ValueError: They do not fit the layers.
        """
        path = pathlib.Path(filepath)
        try:
            take_weights(self._built(), path.read_bytes(), _ending(path))
        except ValueError as error:
            raise ValueError(f"`{path}` cannot be taken: {error}") from None


layers_type = layers.Layer


def load_model(filepath: str | os.PathLike[str]) -> Sequential:
    """A model from a `.keras` file of Keras 3 or of toile; no code of it is ever run. It is compiled as the file says; its optimizer
    begins afresh.

    Raises:
        ValueError: All that cannot be taken, at once.
    """
    import json

    path = pathlib.Path(filepath)
    try:
        network, rescales, optimizer, loss, smoothing, notes = read_keras(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"`{path}` cannot be taken: {error}") from None
    model = Sequential(name=path.stem)
    model._network = network
    height, width, channels = network.image
    model._shape = (channels,) if (height, width) == (1, 1) else (height, width, channels)
    model._rescales, model._takes_bytes = rescales, rescales
    model._layers = [_WrittenLayer(table) for table in json.loads(network.layers)]
    model._compiled = {"optimizer": json.loads(optimizer), "loss": _WrittenLoss(loss, smoothing), "schedule": None}
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    return model


class _WrittenLayer(layers.Layer):
    """A layer that came from a file."""

    def __init__(self, table: Any) -> None:
        super().__init__(None, {})
        self._written = table

    def _table(self) -> Any:
        return self._written

    def __repr__(self) -> str:
        return f"Layer({self._written!r})"


class _WrittenLoss(losses.Loss):
    """A loss that came from a file."""

    def __init__(self, text: str, label_smoothing: float) -> None:
        import json

        super().__init__(False, label_smoothing, {})
        self._written = json.loads(text)

    def _table(self) -> Any:
        return self._written


def _ending(path: pathlib.Path) -> str:
    found = next((ending for ending in _ENDINGS if path.name.endswith(ending)), None)
    if found is None:
        raise ValueError(f"`{path.name}` has no ending that toile writes: {', '.join(_ENDINGS)}")
    return found


def _threads(threads: int | None) -> int:
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads < 1:
        raise ValueError(f"threads: expected 1 or more, found {threads}")
    return threads


def _divided(given: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    in_engine = [one for one in given if isinstance(one, callbacks.EngineCallback)]
    in_python = [one for one in given if isinstance(one, callbacks.Callback)]
    for one in given:
        if not isinstance(one, callbacks.EngineCallback | callbacks.Callback):
            raise TypeError(f"callbacks: expected those of toile.callbacks, found {one!r}")
    return in_engine, in_python


def _overrides(callback: Any, method: str) -> bool:
    own = getattr(type(callback), method) is not getattr(callbacks.Callback, method)
    return own or method in vars(callback)
