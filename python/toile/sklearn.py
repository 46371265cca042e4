"""A classifier for scikit-learn: pipelines, grid searches, cross-validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from toile import layers as _layers
from toile._checks import whole
from toile.models import Sequential


class ToileClassifier(ClassifierMixin, BaseEstimator):
    """A dense network on rows of features, with the names of scikit-learn's `MLPClassifier` and of Keras.

    Args:
        hidden_layer_sizes: Units of the hidden layers.
        activation: Of the hidden layers.
        dropout: The part of their outputs that is dropped while training.
        optimizer: A name, or one of `toile.optimizers`.
        epochs: Passes over the examples.
        batch_size: Examples per update.
        standardize: Whether each feature is brought to mean 0 and variance 1 by what the training examples show.
        validation_fraction: The last part of the examples that is held back; needed by callbacks that watch `val_…`.
        callbacks: Of `toile.callbacks`.
        class_weight: Factors of the classes' losses, by class; or "balanced".
        random_state: The seed: the same seed and examples give the same bits.

    Attributes:
        classes_: The classes in sorted order.
        model_: The trained `Sequential`.
        history_: The numbers of its epochs.
        n_iter_: Epochs that were trained.

    >>> from sklearn.datasets import load_iris
    >>> from toile import optimizers
    >>> from toile.sklearn import ToileClassifier
    >>> x, y = load_iris(return_X_y=True)
    >>> classifier = ToileClassifier((16,), epochs=20, optimizer=optimizers.Adam(0.01), random_state=1)
    >>> classifier.fit(x[::2], y[::2]).score(x[1::2], y[1::2]) > 0.9
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (100,),
        activation: str = "relu",
        *,
        dropout: float = 0.0,
        optimizer: Any = "adam",
        epochs: int = 50,
        batch_size: int = 32,
        standardize: bool = True,
        validation_fraction: float = 0.0,
        callbacks: Sequence[Any] | None = None,
        class_weight: Any = None,
        random_state: Any = None,
        threads: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.optimizer = optimizer
        self.epochs = epochs
        self.batch_size = batch_size
        self.standardize = standardize
        self.validation_fraction = validation_fraction
        self.callbacks = callbacks
        self.class_weight = class_weight
        self.random_state = random_state
        self.threads = threads
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> ToileClassifier:
        """Trains a network on rows of features; labels may be numbers or words."""
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_, targets = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"found one class ({self.classes_[0]!r}), expected at least two classes")
        if len(self.classes_) > 256:
            raise ValueError(f"found {len(self.classes_)} classes, and toile has at most 256")
        self._learn_scale(X)
        given: Any = self.hidden_layer_sizes
        sizes = list(given) if isinstance(given, list | tuple | np.ndarray) else [given]
        sizes = [whole("hidden_layer_sizes", units, 1, 2**31) for units in sizes]
        network: list[Any] = [_layers.Input((X.shape[1],))]
        for units in sizes:
            network.append(_layers.Dense(units, activation=self.activation))
            if self.dropout:
                network.append(_layers.Dropout(self.dropout))
        network.append(_layers.Dense(len(self.classes_), activation="softmax"))
        self.model_ = Sequential(network, seed=self._seed())
        self.model_.compile(optimizer=self.optimizer, loss="sparse_categorical_crossentropy")
        self.history_ = self.model_.fit(
            self._scaled(X),
            targets,
            batch_size=self.batch_size,
            epochs=self.epochs,
            verbose=self.verbose,
            callbacks=self.callbacks,
            validation_split=self.validation_fraction,
            class_weight=self._weights(targets),
            threads=self.threads,
        )
        self.n_iter_ = len(self.history_.epoch)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, in the order of `classes_`."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        probabilities = self.model_.predict(self._scaled(X), threads=self.threads).astype(np.float64)
        return probabilities / probabilities.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class."""
        check_is_fitted(self)
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _weights(self, targets: np.ndarray) -> dict[int, float] | None:
        if self.class_weight is None:
            return None
        if self.class_weight == "balanced":
            counts = np.bincount(targets)
            return {i: float(len(targets) / (len(counts) * count)) for i, count in enumerate(counts)}
        if not isinstance(self.class_weight, Mapping):
            raise TypeError(f'class_weight: expected a dictionary or "balanced", found {self.class_weight!r}')
        places = {name: i for i, name in enumerate(self.classes_.tolist())}
        unknown = [name for name in self.class_weight if name not in places]
        if unknown:
            raise ValueError(f"class_weight names {unknown[0]!r}, which is no class of y")
        return {places[name]: float(weight) for name, weight in self.class_weight.items()}

    def _learn_scale(self, X: np.ndarray) -> None:
        if not self.standardize:
            self._mean, self._scale = np.zeros(X.shape[1]), np.ones(X.shape[1])
            return
        X = X.astype(np.float64)
        self._mean, deviation = X.mean(axis=0), X.std(axis=0)
        self._scale = np.where(deviation > 0, deviation, 1.0)

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        # What is beyond float32 becomes infinite, and the network says where.
        with np.errstate(over="ignore"):
            return ((X.astype(np.float64) - self._mean) / self._scale).astype(np.float32)
