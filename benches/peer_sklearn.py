"""Dense nets by scikit-learn's `MLPClassifier`, an epoch by each `partial_fit`.

    python benches/peer_sklearn.py --data FOLDER --model dense|deeper|WIDTHxDEPTH

`partial_fit` goes once through what it is given, in batches, as an iteration of `fit` does. `--help` lists the arguments.
"""

from __future__ import annotations

import os

import common
import images as idx
import nets

ARGUMENTS = common.parse(__doc__, ("sklearn", "numpy"))
# OpenBLAS reads them when NumPy is imported.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(ARGUMENTS.threads)

import numpy as np  # noqa: E402
import sklearn  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402


class SklearnTrainer:
    """A classifier with its images, as rows of float32 from 0 to 1, and the numbers of their classes."""

    def __init__(self, job: common.Job) -> None:
        if nets.is_convolutional(job.layers):
            raise SystemExit("MLPClassifier has dense layers only")
        data = idx.load(job.data, job.images, job.image_size)
        chosen = slice(job.trained_images)
        self.images, self.labels = _rows(data.images[chosen]), data.labels[chosen]
        self.test = _rows(data.test_images), data.test_labels
        hidden = [layer for layer in job.layers if layer.kind == "dense"][:-1]
        self.model = MLPClassifier(
            tuple(int(layer.size) for layer in hidden),
            activation={"sigmoid": "logistic", "relu": "relu"}[hidden[0].activation],
            solver=job.optimizer,
            learning_rate_init=job.learning_rate,
            momentum=0.0,
            nesterovs_momentum=False,
            alpha=0.0,
            batch_size=job.batch_size,
            random_state=job.seed,
        )

    def train(self, epochs: int) -> list[common.Epoch]:
        def one_epoch() -> float:
            self.model.partial_fit(self.images, self.labels, classes=range(nets.CLASSES))
            return float(self.model.loss_)

        return common.timed(epochs, one_epoch)

    def evaluate(self) -> float:
        images, labels = self.test
        return float(-np.log(self.model.predict_proba(images)[np.arange(len(labels)), labels]).mean())


def _rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def versions() -> dict[str, str]:
    return {"scikit-learn": sklearn.__version__}


if __name__ == "__main__":
    common.run("sklearn", versions, SklearnTrainer, ARGUMENTS)
