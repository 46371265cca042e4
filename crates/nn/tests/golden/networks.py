"""From the study file's words to Keras: layers, optimizers, schedules."""

import keras
import numpy as np

import formulas
import streams

SCHEDULES = keras.optimizers.schedules


class MaskedDropout(keras.layers.Layer):
    """Keras' dropout (kept values divided by 1 - rate) with the masks of our engine instead of Keras' own."""

    def __init__(self, rate, position, case):
        super().__init__()
        self.rate, self.position, self.case = rate, position, case

    def build(self, shape):
        images, values = self.case["batch_size"], int(np.prod(shape[1:]))
        keeps = [streams.dropout_keeps(self.case["seed"], self.position, self.rate, step, images, values)
                 for step in range(self.case["steps"][-1])]
        self.keeps = np.stack(keeps).reshape((-1, images, *shape[1:])).astype(keras.backend.floatx())
        self.step = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False, name="step")

    def call(self, inputs, training=False):
        if not training:
            return inputs
        ops = keras.ops
        keep = ops.take(ops.convert_to_tensor(self.keeps), self.step, axis=0)[: ops.shape(inputs)[0]]
        self.step.assign(self.step + 1)
        return inputs / (1 - self.rate) * keep


def layer(kind, settings, last, position, case):
    """One Keras layer. The last layer's softmax is left out: the loss takes logits, as our engine's does."""
    s = dict(settings) if isinstance(settings, dict) else settings
    if kind == "activation":
        return keras.layers.Activation(s)
    if kind == "dropout":
        return MaskedDropout(s["rate"], position, case)
    if "l2" in s:
        s["kernel_regularizer"] = keras.regularizers.L2(s.pop("l2"))
    if last:
        assert s["activation"] == "softmax"
        s["activation"] = "linear"
    names = {
        "dense": "Dense", "conv2d": "Conv2D", "depthwise_conv2d": "DepthwiseConv2D",
        "separable_conv2d": "SeparableConv2D", "max_pooling2d": "MaxPooling2D",
        "average_pooling2d": "AveragePooling2D", "global_average_pooling2d": "GlobalAveragePooling2D",
        "flatten": "Flatten", "batch_normalization": "BatchNormalization",
    }
    if kind == "max_pooling2d" or kind == "average_pooling2d":
        s.setdefault("pool_size", [2, 2])
    return getattr(keras.layers, names[kind])(**s)


def model(case):
    """The Keras model of a case, with the weights of `formulas.weight`; and the names of its tensors."""
    keras.backend.clear_session()
    kinds = [next(iter(entry.items())) for entry in case["layers"]]
    layers = [layer(k, s, i == len(kinds) - 1, i, case) for i, (k, s) in enumerate(kinds)]
    net = keras.Sequential([keras.Input(case["input"]), *layers])
    named = {}
    for i, part in enumerate(layers):
        for variable in part.weights if not isinstance(part, MaskedDropout) else []:
            name = f"{i}.{variable.name}"
            variable.assign(formulas.weight(name, variable.shape))
            named[name] = variable
    return net, named


def loss(case):
    """The loss of a case, on logits."""
    settings = {"from_logits": True, "label_smoothing": case["label_smoothing"]}
    if "loss" not in case:
        return keras.losses.CategoricalCrossentropy(**settings)
    focal = case["loss"]["categorical_focal_crossentropy"]
    return keras.losses.CategoricalFocalCrossentropy(**focal, **settings)


def schedule(kind, settings, rate):
    """Keras' own, by Keras' names; one-cycle is PyTorch's."""
    if kind == "one_cycle":
        return OneCycle(rate, **settings)
    if kind == "piecewise":
        return SCHEDULES.PiecewiseConstantDecay(**settings)
    return getattr(SCHEDULES, f"{kind.capitalize()}Decay")(rate, **settings)


class OneCycle(SCHEDULES.LearningRateSchedule):
    """PyTorch's `OneCycleLR`, cosine annealing, from the formula in its documentation and source (two phases):

    the first ends at update `warmup_fraction * steps - 1`, the second at update `steps - 1`; within a phase the rate is
    `end + (start - end) / 2 * (1 + cos(pi * pct))`.
    """

    def __init__(self, rate, steps, warmup_fraction=0.3, div_factor=25.0, final_div_factor=1e4):
        self.top, self.start = rate, rate / div_factor
        self.end = self.start / final_div_factor
        self.turn, self.last = warmup_fraction * steps - 1.0, steps - 1.0

    def __call__(self, step):
        ops = keras.ops
        step = ops.cast(step, keras.backend.floatx())

        def anneal(start, end, part):
            return end + (start - end) / 2.0 * (1.0 + ops.cos(3.141592653589793 * part))

        up = anneal(self.start, self.top, step / self.turn)
        down = anneal(self.top, self.end, (step - self.turn) / (self.last - self.turn))
        return ops.where(step <= self.turn, up, ops.where(step >= self.last, self.end, down))


def optimizer(case):
    (kind, settings), = case["optimizer"].items()
    s = dict(settings)
    if "schedule" in case:
        (form, options), = case["schedule"].items()
        s["learning_rate"] = schedule(form, options, s["learning_rate"])
    names = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "nadam": "Nadam", "rmsprop": "RMSprop"}
    return getattr(keras.optimizers, names[kind])(**s)
