"""`Sequential`: Keras' words on toile's engine."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, overload

import numpy as np

from toile import _arrays, callbacks, layers, losses, optimizers
from toile._checks import class_weight as checked_class_weight
from toile._checks import real, truth, whole
from toile._checks import shape as checked_shape
from toile._faults import in_python_words
from toile._native import Network, network_file, network_state, read_keras, set_network_state, take_weights, write_whole
from toile._optimizer import CompiledOptimizer
from toile._progress import EpochLines
from toile._setting import of_class, refuse_others, to_json
from toile._training import Watcher

# What `compile` takes, and what the history calls it.
_METRICS = {
    "accuracy": "accuracy",
    "acc": "accuracy",
    "sparse_categorical_accuracy": "accuracy",
    "categorical_accuracy": "accuracy",
    "top_5_accuracy": "top_5_accuracy",
}
# Methods of Keras' callbacks for moments that the engine does not tell of.
_UNCALLED = (
    "on_test_begin",
    "on_test_end",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_predict_begin",
    "on_predict_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)
_TURNS = threading.Lock()
if hasattr(os, "register_at_fork"):
    # A thread that is not in the child may hold it.
    os.register_at_fork(after_in_child=lambda: globals().update(_TURNS=threading.Lock()))
_ENDINGS = (".keras", ".onnx", ".safetensors", ".weights.h5")


class History:
    """What `fit` returns: the numbers of its epochs.

    Attributes:
        history: A list per metric, as in Keras: `loss`, `accuracy`, `val_loss`, `val_accuracy`, `learning_rate` and others.
        epoch: The epochs, counted from 0 over all fits of the model since it was compiled.
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

    def _complete(self, numbers: Mapping[str, float]) -> None:
        """What was measured after the last epoch, which turned out to be so afterwards."""
        for name, value in numbers.items():
            self.history.setdefault(name, [float("nan")] * len(self.epoch))[-1] = value

    def frame(self) -> Any:
        """The numbers as a pandas DataFrame, a row per epoch."""
        import pandas

        return pandas.DataFrame(self.history, index=pandas.Index(self.epoch, name="epoch"))


class Sequential:
    """Layers one after the other, the last one with a softmax unit per class.

    Args:
        layers: Layers of `toile.layers`; the first may be an `Input`.
        seed: The seed of everything random: weights, order of the examples, dropout. A whole number from 0 to 4294967295.

    uint8 arrays are divided by 255; float32 arrays are taken as they are. The same seed, settings and arrays give the same weights,
    bit for bit, on any number of threads and any processor.

    >>> from toile import Input, Sequential, layers
    >>> model = Sequential([Input((8, 8)), layers.Flatten(), layers.Dense(3, activation="softmax", name="head")])
    >>> model.count_params()
    195
    """

    def __init__(self, layers: Iterable[Any] | None = None, *, name: str | None = None, seed: int = 0) -> None:
        self.name = name or "sequential"
        self.seed = whole("seed", seed, 0, 2**32 - 1)
        self.stop_training = False
        self.history: History | None = None
        self._layers: list[layers_type] = []
        self._shape: tuple[int, ...] | None = None
        self._rescales = False
        self._takes_bytes: bool | None = None
        self._network: Network | None = None
        self._compiled: dict[str, Any] | None = None
        self._optimizer: CompiledOptimizer | None = None
        # Epochs that the engine has trained since the optimizer began.
        self._behind = 0
        self._is_training = False
        # Whether the training examples were floats outside 0 to 1.
        self._wide_floats = False
        # Whether it came from a file that has no division by 255.
        self._from_floats = False
        if layers is not None and not isinstance(layers, Iterable):
            raise TypeError(f"Sequential: expected a list of layers, found {layers!r}")
        for layer in layers or ():
            self.add(layer)

    def __setattr__(self, name: str, value: Any) -> None:
        # An assignment that changes nothing would be silence.
        if name in ("optimizer", "loss", "trainable"):
            help = "toile trains all layers" if name == "trainable" else f"`compile({name}=…)` says it"
            raise AttributeError(f"a model of toile has no `{name}` to be set; {help}")
        super().__setattr__(name, value)

    def add(self, layer: Any) -> None:
        """Adds a layer at the end.

        Raises:
            TypeError: It is no layer of toile.
            ValueError: The network has weights already, or the layer belongs at the beginning.
        """
        if self._network is not None and not isinstance(layer, layers.Input):
            raise ValueError("the model is built: its layers cannot change")
        if isinstance(layer, layers.Input):
            if self._layers or self._rescales or self._shape is not None:
                raise ValueError("Input comes first, and once")
            self._shape = layer.shape
        elif isinstance(layer, layers.Rescaling):
            if self._layers:
                raise ValueError("Rescaling comes before all other layers in toile")
            self._rescales = True
        elif isinstance(layer, layers.Layer):
            if layer.name is not None and any(layer.name == other.name for other in self._layers):
                raise ValueError(f"a layer is called `{layer.name}` already; give each a name of its own")
            self._layers.append(layer)
        else:
            raise TypeError(f"expected a layer of toile.layers, found {layer!r}{of_class(layer, '…')}")

    @property
    def layers(self) -> list[layers_type]:
        """The layers, without `Input` and `Rescaling`."""
        return list(self._layers)

    def _layer_names(self) -> list[str]:
        """What the layers are called: by the names that they were given, else by their kind, each name once."""
        taken = {layer.name for layer in self._layers if layer.name is not None}
        names = []
        for layer in self._layers:
            name, number, kind = layer.name, 0, layer._kind()
            while name is None:
                candidate = f"{kind}_{number}" if number else kind
                name, number = (None if candidate in taken else candidate), number + 1
            taken.add(name)
            names.append(name)
        return names

    @property
    def built(self) -> bool:
        """Whether the model has weights."""
        return self._network is not None

    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Makes the weights. `input_shape` is (None, height, width, channels) or (None, features), as in Keras.

        A model that has weights keeps them.

        Raises:
            TypeError: The shape is no tuple of whole numbers.
            ValueError: No shape is known, the layers do not fit it, or the model is built for another.
        """
        if input_shape is not None:
            if isinstance(input_shape, str) or not isinstance(input_shape, Sequence):
                raise TypeError(f"build: expected a tuple such as (None, 28, 28), found {input_shape!r}")
            shape = checked_shape("build", tuple(input_shape[1:]))
        elif self._shape is not None:
            shape = self._shape
        else:
            raise ValueError("the model has no shape yet: begin with `Input(shape=…)`, or call `fit` first")
        image = _arrays.image_shape(shape)
        if self._network is None:
            _refuse_classes(self._layers)
            with in_python_words(self._layers, self._layer_names()):
                self._network = Network(to_json(self._layers), image, self.seed)
        elif image != self._network.image:
            raise ValueError(
                f"the model is built for examples of {self._network.image}, found {image}; make a new model"
            )
        self._shape = shape

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
            RuntimeError: The model is being trained.
        """
        refuse_others("compile", others)
        self._refuse_training("compile")
        if isinstance(metrics, str) or not isinstance(metrics, Iterable | None):
            raise ValueError(f'metrics: expected a list such as ["accuracy"], found {metrics!r}')
        for metric in metrics or ():
            if not isinstance(metric, str) or metric not in _METRICS:
                raise ValueError(
                    f"metrics: toile measures accuracy, top-5 accuracy and the loss in any case; found {metric!r}"
                )
        compiled = {"optimizer": optimizers.get(optimizer), "loss": losses.get(loss), "schedule": None}
        if isinstance(optimizer, optimizers.Optimizer) and optimizer.schedule is not None:
            compiled["schedule"] = optimizer.schedule._table()
        compiled["metrics"] = sorted({"accuracy", *(_METRICS[metric] for metric in metrics or ())})
        self._compiled = compiled
        self._optimizer = CompiledOptimizer(compiled["optimizer"], compiled["schedule"])
        self._behind = 0
        if self._network is not None:
            self._network.forget()

    @property
    def optimizer(self) -> CompiledOptimizer:
        """The optimizer as it stands: `optimizer.learning_rate` can be read and set, `optimizer.iterations` read.

        Raises:
            AttributeError: The model is not compiled.
        """
        if self._optimizer is None:
            raise AttributeError('the model has no optimizer yet: `model.compile(optimizer="adam")`')
        return self._optimizer

    def _refuse_training(self, what: str) -> None:
        if self._is_training:
            raise RuntimeError(
                f"{what}: the model is being trained; wait for the end of `fit`, or work on a copy of it"
            )

    def _ready(self) -> dict[str, Any]:
        if self._compiled is None:
            raise RuntimeError('compile the model first: `model.compile(optimizer="adam")`')
        return self._compiled

    def _taken(self, x: Any, name: str = "x") -> Any:
        """Examples for this model, which is built for them if it is not yet."""
        array = _arrays.examples(x, name)
        if self._network is None:
            self.build((None, *(self._shape or array.shape[1:])))
        network = self._built()
        shape = _arrays.image_shape(array.shape[1:])
        if shape != network.image and array[0].size != int(np.prod(network.image)):
            alone = f"; one example alone is `{name}[None]`" if array.shape == self._shape else ""
            raise ValueError(
                f"{name}: examples of the shape {array.shape[1:]}, and the model takes {self._shape or network.image}{alone}"
            )
        if shape != network.image:
            raise ValueError(
                f"{name}: examples of the shape {array.shape[1:]}, and the model takes {self._shape}; `{name}.reshape(-1, "
                f"{', '.join(str(side) for side in self._shape or network.image)})` if the values are in this order"
            )
        if self._rescales and array.dtype != np.uint8:
            raise TypeError(f"{name}: the model begins with Rescaling(1/255), which takes uint8; found {array.dtype}")
        if self._from_floats and array.dtype == np.uint8:
            raise TypeError(
                f"{name}: the model's file has no division by 255, so bytes may be meant as they are or divided: "
                f"`{name}.astype('float32')`, or that / 255"
            )
        return array

    def _asked(self, x: Any, batch_size: int | None) -> tuple[Any, Network]:
        """Examples that the trained network is asked about, and the network."""
        if batch_size is not None:
            whole("batch_size", batch_size, 1, 10**6)
        array = self._taken(x)
        # Bytes become 0 to 1: a model that learned from those and is asked about 0 to 255, or the other way, is misled.
        if self._takes_bytes and array.dtype != np.uint8 and float(array.max()) > 1.5:
            warnings.warn(
                f"x: floats up to {float(array.max()):g}, and the model was trained on bytes, which became 0 to 1: "
                "give bytes, or divide by 255",
                stacklevel=3,
            )
        if self._wide_floats and array.dtype == np.uint8:
            warnings.warn(
                "x: bytes become 0 to 1, and the model was trained on floats beyond that: "
                "`x.astype('float32')`, prepared as the training examples were",
                stacklevel=3,
            )
        return array, self._built()

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
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
            epochs: Whole number from 0: epochs that are added to those before.
            verbose: 0 is silence, 1 a line that moves, 2 a line per epoch; "auto" is 1 in terminals and notebooks, else 2.
            callbacks: Of `toile.callbacks`: a list of instances, or one.
            validation_split: The last part of the examples that is held back, before any shuffling: 0 to below 1.
            validation_data: `(x, y)` to validate on; shapes and types as of `x` and `y`.
            shuffle: Whether each epoch has an order of its own.
            class_weight: Factors of the classes' losses, by number of the class; 1 for those that are not named.
            threads: Threads, 1 to 1024; all processors if not given. The results do not depend on it.

        A second call goes on: weights, optimizer and epochs; callbacks begin anew. Ctrl-C and exceptions of callbacks stop it after the
        batch under way, and the model is left as it was after its last whole epoch: the next `fit` goes on from there.

        If the loss comes to be no finite number, the training ends and warns (RuntimeWarning); `History.end` says where.

        >>> import numpy as np
        >>> from toile import Sequential, layers, optimizers
        >>> x, y = np.eye(6, dtype=np.uint8) * 255, np.array([0, 1, 0, 1, 0, 1])
        >>> model = Sequential([layers.Dense(2, activation="softmax")], seed=1)
        >>> model.compile(optimizers.Adam(0.1), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        >>> history = model.fit(x, y, epochs=20, batch_size=6, verbose=0)
        >>> len(history.history["loss"]), history.history["accuracy"][-1]
        (20, 1.0)
        >>> model.fit(x, y, epochs=2, batch_size=3, verbose=0).epoch  # it goes on
        [20, 21]

        Raises:
            ValueError, TypeError: What is wrong with arrays or settings.
            RuntimeError: The model is not compiled, or is being trained by another thread.
        """
        refuse_others("fit", others)
        compiled = self._ready()
        in_engine, in_python = _divided(callbacks)
        epochs = whole("epochs", epochs, 0, 10**6)
        batch_size = 32 if batch_size is None else whole("batch_size", batch_size, 1, 10**6)
        validation_split = real("validation_split", validation_split, 0.0, 1.0)
        shuffle, threads = truth("shuffle", shuffle), _threads(threads)
        values = self._taken(x)
        x_type = values.dtype
        # Bytes need no look: it would take as long as some epochs of a small net.
        largest = 0.0 if x_type == np.uint8 else max(float(values.max()), -float(values.min()))
        network = self._built()
        targets = _arrays.labels(y, len(values), network.classes)
        n_train = int(np.floor(len(values) * (1.0 - validation_split)))
        validation = None
        if validation_data is not None:
            if not isinstance(validation_data, tuple | list):
                raise TypeError(f"validation_data: expected (x, y), found a {type(validation_data).__name__}")
            if len(validation_data) != 2:
                raise ValueError(f"validation_data: expected (x, y), found {len(validation_data)} items")
            if validation_split:
                raise ValueError("validation_data and validation_split exclude each other")
            own = self._taken(validation_data[0], "validation_data[0]")
            own_targets = _arrays.labels(validation_data[1], len(own), network.classes, "validation_data[1]")
            validation, n_train = (own, own_targets), len(values)
        run = {
            "optimizer": compiled["optimizer"],
            "schedule": compiled["schedule"],
            "loss": compiled["loss"]._table(),
            "label_smoothing": compiled["loss"].label_smoothing,
            "batch_size": batch_size,
            "epochs": epochs,
            "shuffle": shuffle,
            "callbacks": [callback._table() for callback in in_engine],
            "class_weight": checked_class_weight(class_weight, network.classes),
            "seed": self.seed,
        }
        settings = to_json(run)
        last = self._behind + epochs
        history, lines = History(), EpochLines(verbose, last)
        steps = -(-max(n_train, 1) // batch_size)
        history.params = {"epochs": epochs, "batch_size": batch_size, "verbose": verbose, "steps": steps}
        has_validation = validation is not None or n_train < len(values)
        self._announce(in_engine, in_python, compiled["metrics"], has_validation)
        watcher = Watcher(self, history, lines, last, in_engine, in_python)

        def on_epoch(epoch: int, numbers: dict[str, float], rate: float, updates: int) -> bool:
            # A callback may save the model, or ask it.
            self._learned_from(x_type, largest)
            return watcher.epoch(epoch, numbers, rate, updates)

        request = {
            "run": settings,
            "validation_split": validation_split,
            "threads": threads,
            "on_begin": watcher.epoch_begins,
            "on_batch": watcher.batch,
            "on_epoch": on_epoch,
            "every_batch": watcher.every_batch,
        }
        with self._turn():
            self.stop_training = False
            watcher.begin()
            try:
                with in_python_words(self._layers, self._layer_names(), run, in_engine):
                    told = network.fit(values, targets, request, validation)
            finally:
                lines.close()
                if history.epoch:
                    self.history = history
            self._learned_from(x_type, largest)
            self.history = history
            if self._behind == 0:
                network.forget()
            history.end, history.run_id = told["end"], told["run_id"]
            history.weights_sha256 = told["weights_sha256"]
            watcher.end(told)
        if told["has_diverged"] and any(isinstance(one, _TerminateOnNaN) and one.raise_error for one in in_python):
            raise RuntimeError(f"{history.end}: the training has ended")
        if told["has_diverged"]:
            warnings.warn(
                f"{history.end}: the training has ended; a lower learning rate or scaled examples may help",
                RuntimeWarning,
                stacklevel=2,
            )
        return history

    @staticmethod
    def _announce(
        in_engine: Sequence[Any], in_python: Sequence[callbacks.Callback], metrics: Sequence[str], validates: bool
    ) -> None:
        """Tells the callbacks what is measured after each epoch: what was asked for, and all."""

        def of_both_parts(names: Sequence[str]) -> list[str]:
            return [*names, *(f"val_{name}" for name in names if validates)]

        scheduler, plateau = callbacks.LearningRateScheduler, callbacks.ReduceLROnPlateau
        sets_rate = any(isinstance(one, (scheduler, plateau)) for one in (*in_engine, *in_python))
        rate = ["learning_rate"] if sets_rate else []
        for callback in in_python:
            callback._before(
                of_both_parts(["loss", *metrics]) + rate,
                [*of_both_parts(["loss", "accuracy", "top_5_accuracy"]), "learning_rate"],
            )

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One training at a time."""
        with _TURNS:
            if self._is_training:
                raise RuntimeError(
                    "this model is being trained by another call of fit; wait for its end, or build a second model"
                )
            self._is_training = True
        try:
            yield
        finally:
            self._is_training = False

    def _learned_from(self, kind: Any, largest: float) -> None:
        self._takes_bytes = kind == np.uint8
        self._wide_floats = not self._takes_bytes and largest > 1.5

    @overload
    def evaluate(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = None,
        verbose: int | str = 0,
        *,
        return_dict: Literal[False] = False,
        threads: int | None = None,
    ) -> list[float]: ...

    @overload
    def evaluate(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = None,
        verbose: int | str = 0,
        *,
        return_dict: Literal[True],
        threads: int | None = None,
    ) -> dict[str, float]: ...

    def evaluate(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = None,
        verbose: int | str = 0,
        *,
        return_dict: bool = False,
        threads: int | None = None,
    ) -> list[float] | dict[str, float]:
        """Mean loss and accuracy (a part of 1): `[loss, accuracy]`, or a dictionary. `batch_size` and `verbose` have no influence.

        >>> import numpy as np
        >>> from toile import Input, Sequential, layers
        >>> zeros = {"kernel_initializer": "zeros", "activation": "softmax"}
        >>> model = Sequential([Input((4,)), layers.Dense(2, **zeros)])
        >>> model.compile()
        >>> loss, accuracy = model.evaluate(np.eye(4, dtype=np.uint8), np.array([0, 0, 0, 1]))
        >>> round(loss, 4), accuracy  # ln 2, and equal probabilities count for the first class
        (0.6931, 0.75)

        Raises:
            ValueError, TypeError: What is wrong with the arrays.
            RuntimeError: The model is not compiled.
        """
        loss = self._ready()["loss"]
        values, network = self._asked(x, batch_size)
        targets = _arrays.labels(y, len(values), network.classes)
        told = network.evaluate(values, targets, to_json(loss), loss.label_smoothing, _threads(threads))
        return dict(zip(("loss", "accuracy"), told, strict=True)) if return_dict else list(told)

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: int | str = 0, *, threads: int | None = None
    ) -> np.ndarray:
        """The probability of each class for each example: float32, (examples, classes). `batch_size` and `verbose` have no influence.

        >>> import numpy as np
        >>> from toile import Input, Sequential, layers
        >>> model = Sequential([Input((4,)), layers.Dense(2, activation="softmax", kernel_initializer="zeros")])
        >>> model.predict(np.zeros((3, 4), np.uint8)).tolist()
        [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]

        Raises:
            ValueError, TypeError: What is wrong with the array.
        """
        values, network = self._asked(x, batch_size)
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
            TypeError: They are no list of arrays of real numbers.
            ValueError: There are more or fewer, one has another shape, or a value is beyond float32.
            RuntimeError: The model is being trained.
        """
        self._refuse_training("set_weights")
        network = self._built()
        if isinstance(weights, str) or not isinstance(weights, Iterable):
            raise TypeError(f"weights: expected a list of arrays, found {weights!r}")
        arrays = [_arrays.weights(one, f"weights[{i}]") for i, one in enumerate(weights)]
        for (name, shape, _), array in zip(network.weights(), arrays, strict=False):
            if tuple(shape) != array.shape:
                raise ValueError(f"`{name}`: found the shape {array.shape}, expected {tuple(shape)}")
        network.set_weights(arrays)

    def count_params(self) -> int:
        """The number of weights."""
        return sum(int(np.prod(shape)) for _, shape, _ in self._built().weights())

    def summary(self, print_fn: Any = None) -> None:
        """Prints the table of layers."""
        (print_fn or print)(self._built().summary(self.name, self._layer_names()).rstrip("\n"))

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
        return self.__dict__ | {"_network": own, "_is_training": False}

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
        names = [str(name) for name in (range(network.classes) if class_names is None else class_names)]
        if len(names) != network.classes:
            raise ValueError(f"class_names: found {len(names)} names for {network.classes} classes")
        takes = "float" if self._takes_bytes is False else "uint8"
        write_whole(str(path), network_file(network, ending, takes, names, self._layer_names(), include_optimizer))

    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Writes the weights alone: `.weights.h5` or `.safetensors`.

        Raises:
            ValueError: The ending is another, or a file is there and may not be replaced.
        """
        if not pathlib.Path(filepath).name.endswith((".weights.h5", ".safetensors")):
            raise ValueError(f"`{filepath}`: a file of weights alone ends in .weights.h5 or .safetensors")
        self.save(filepath, overwrite)

    def load_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Takes the weights of a `.safetensors` or `.weights.h5` file.

        Raises:
            ValueError: They do not fit the layers.
            RuntimeError: The model is being trained.
        """
        self._refuse_training("load_weights")
        path = pathlib.Path(filepath)
        try:
            take_weights(self._built(), path.read_bytes(), _ending(path))
        except ValueError as error:
            raise ValueError(f"`{path}` cannot be taken: {error}") from None


layers_type = layers.Layer
_TerminateOnNaN = callbacks.TerminateOnNaN


def load_model(filepath: str | os.PathLike[str]) -> Sequential:
    """A model from a `.keras` file of Keras 3 or of toile; no code of it is ever run. It is compiled as the file says; its optimizer
    begins afresh.

    Raises:
        ValueError: All that cannot be taken, at once.
    """
    path = pathlib.Path(filepath)
    try:
        network, told = read_keras(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"`{path}` cannot be taken: {error}") from None
    model = Sequential(name=path.stem)
    model._network = network
    height, width, channels = network.image
    model._shape = (channels,) if (height, width) == (1, 1) else (height, width, channels)
    facts = json.loads(told)
    model._rescales, model._takes_bytes, model._from_floats = (
        facts["rescales"],
        facts["rescales"],
        not facts["rescales"],
    )
    tables = zip(json.loads(network.layers), facts["layer_names"], strict=True)
    model._layers = [_WrittenLayer(table, name) for table, name in tables]
    loss = _WrittenLoss(facts["loss"], float(facts["label_smoothing"]))
    model._compiled = {"optimizer": facts["optimizer"], "loss": loss, "schedule": None, "metrics": ["accuracy"]}
    model._optimizer = CompiledOptimizer(facts["optimizer"], None)
    for note in facts["notes"]:
        print(f"note: {note}", file=sys.stderr)
    return model


class _WrittenLayer(layers.Layer):
    """A layer that came from a file."""

    def __init__(self, table: Any, name: str) -> None:
        super().__init__(name, {})
        self._written = table

    def _table(self) -> Any:
        return self._written

    def __repr__(self) -> str:
        return f"Layer({self._written!r})"


class _WrittenLoss(losses.Loss):
    """A loss that came from a file."""

    def __init__(self, table: Any, label_smoothing: float) -> None:
        super().__init__(False, label_smoothing, {})
        self._written = table

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
    return whole("threads", threads, 1, 1024)


def _divided(given: Any) -> tuple[list[Any], list[Any]]:
    """Callbacks of the engine, and those in Python."""
    is_one = isinstance(given, callbacks.EngineCallback | callbacks.Callback | type | str | None)
    one_or_more = [] if given is None else [given] if is_one or not isinstance(given, Iterable) else list(given)
    for one in one_or_more:
        if isinstance(one, type):
            raise TypeError(f"callbacks: found the class {one.__name__}, expected an instance: `{one.__name__}(…)`")
        if not isinstance(one, callbacks.EngineCallback | callbacks.Callback):
            raise TypeError(f"callbacks: expected those of toile.callbacks, found {one!r}")
    in_engine = [one for one in one_or_more if isinstance(one, callbacks.EngineCallback)]
    in_python = [one for one in one_or_more if isinstance(one, callbacks.Callback)]
    for one in in_python:
        uncalled = [name for name in _UNCALLED if callable(getattr(one, name, None))]
        if uncalled:
            raise TypeError(
                f"callbacks: {type(one).__name__} has `{uncalled[0]}`, which toile does not call; it calls those of training, "
                "epochs and batches: on_train_…, on_epoch_… and on_train_batch_…"
            )
    for one in in_engine:
        monitor = str(one.get_config().get("monitor"))
        if monitor.startswith("train_"):
            help = monitor.removeprefix("train_")
            raise ValueError(
                f"callbacks: `fit` measures {monitor} after the last epoch alone; watch `{help}` or `val_{help}`"
            )
    return in_engine, in_python


def _refuse_classes(given: Sequence[layers_type]) -> None:
    """Says what Keras' users need to know of the number of classes, before the engine's check of the layers."""
    sized = [layer for layer in given if isinstance(layer, layers.Dense)]
    units = sized[-1].get_config().get("units") if sized else None
    if isinstance(units, int) and not isinstance(units, bool) and (units == 1 or units > 256):
        if given[-1] is not sized[-1] and not isinstance(given[-1], layers.Activation):
            return
        two = '; for two classes end in `Dense(2, activation="softmax")`' if units == 1 else ""
        raise ValueError(f"the last layer has {units} units, and toile tells 2 to 256 classes apart{two}")
