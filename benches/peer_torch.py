"""The nets in PyTorch, tuned: all images in one tensor, `index_select`, a fused optimizer, channels last, an allocator that keeps memory.

    python benches/peer_torch.py --data FOLDER --model dense|deeper|cnn|cnn_dropout|WIDTHxDEPTH [--bf16]

A `DataLoader` takes three times as long for the dense nets. `--bf16` computes the products in bfloat16 (`torch.autocast`),
which is another arithmetic than the rest of this comparison. The other arguments are listed by `--help`.
"""

from __future__ import annotations

from collections.abc import Iterator

import common
import images as idx
import nets

ARGUMENTS = common.parse(
    __doc__,
    ("torch", "numpy"),
    lambda parser: parser.add_argument("--bf16", action="store_true", help="products in bfloat16"),
)
common.use_roomy_allocator()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402


def network(job: common.Job) -> nn.Sequential:
    """The layers, with Keras' initial weights: Glorot uniform, biases zero. The softmax is in the loss."""
    shapes, modules = iter(nets.weight_shapes(job.layers, job.image_size)), []
    for layer in job.layers:
        modules += _modules(layer, shapes)
    net = nn.Sequential(*modules)
    for module in net:
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    return net.to(memory_format=torch.channels_last) if nets.is_convolutional(job.layers) else net


def _modules(layer: nets.Layer, shapes: Iterator[tuple[int, ...]]) -> list[nn.Module]:
    if layer.kind == "conv":
        *_, channels, filters = next(shapes)
        return [nn.Conv2d(channels, filters, 3, padding=layer.padding), *_activation(layer)]
    if layer.kind == "dense":
        return [nn.Linear(*next(shapes)), *_activation(layer)]
    if layer.kind == "dropout":
        return [nn.Dropout(layer.size)]
    return [nn.MaxPool2d(2) if layer.kind == "pool" else nn.Flatten()]


def _activation(layer: nets.Layer) -> list[nn.Module]:
    return {"relu": [nn.ReLU(inplace=True)], "sigmoid": [nn.Sigmoid()], "linear": []}[layer.activation]


def _optimizer(job: common.Job, net: nn.Module) -> torch.optim.Optimizer:
    if job.optimizer == "sgd":
        return torch.optim.SGD(net.parameters(), lr=job.learning_rate, fused=True)
    return torch.optim.Adam(net.parameters(), lr=job.learning_rate, eps=1e-7, fused=True)


class TorchTrainer:
    """The net, its optimizer and its images, as numbers from 0 to 1."""

    def __init__(self, job: common.Job) -> None:
        torch.manual_seed(job.seed)
        torch.set_num_threads(job.threads)
        data = idx.load(job.data, job.images, job.image_size)
        self.job, self.is_cnn, self.bf16 = job, nets.is_convolutional(job.layers), job.options.bf16
        self.net = network(job)
        self.optimizer = _optimizer(job, self.net)
        self.images, self.labels = self._tensors(data.images, data.labels)
        self.test_images, self.test_labels = self._tensors(data.test_images, data.test_labels)

    def _tensors(self, images: np.ndarray, labels: np.ndarray) -> tuple[Tensor, Tensor]:
        pixels = torch.from_numpy(images.copy()).float().div_(255)
        shape = (len(images), 1, *images.shape[1:]) if self.is_cnn else (len(images), -1)
        return pixels.reshape(shape), torch.from_numpy(labels.astype(np.int64))

    def _loss(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        if self.is_cnn:
            images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            logits = self.net(images)
        return nn.functional.cross_entropy(logits.float(), labels), logits

    def _step(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        labels = self.labels.index_select(0, chosen)
        self.optimizer.zero_grad(set_to_none=True)
        loss, logits = self._loss(self.images.index_select(0, chosen), labels)
        loss.backward()
        self.optimizer.step()
        return loss.detach() * len(chosen), (logits.detach().argmax(1) == labels).sum()

    def train(self, epochs: int) -> list[common.Epoch]:
        return common.timed(epochs, self._epoch)

    def _epoch(self) -> float:
        loss, right = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for chosen in torch.randperm(len(self.labels))[: self.job.trained_images].split(self.job.batch_size):
            step_loss, step_right = self._step(chosen)
            loss += step_loss
            right += step_right
        return loss.item() / self.job.trained_images

    @torch.no_grad()
    def evaluate(self) -> float:
        self.net.eval()
        size, loss = self.job.evaluation_batch, 0.0
        for images, labels in zip(self.test_images.split(size), self.test_labels.split(size), strict=True):
            loss += self._loss(images, labels)[0].item() * len(labels)
        self.net.train()
        return loss / len(self.test_labels)


if __name__ == "__main__":
    name = "torch-bf16" if ARGUMENTS.bf16 else "torch"
    common.run(name, lambda: {"torch": torch.__version__}, TorchTrainer, ARGUMENTS)
