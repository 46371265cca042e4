"""The trajectories: a network in the study file's words, an optimizer, and how long to train."""

DENSE = [
    {"flatten": {}},
    {"dense": {"units": 12, "activation": "sigmoid"}},
    {"dense": {"units": 5, "activation": "softmax"}},
]


def optimizer(kind, **settings):
    """400 updates of a small dense net: 40 epochs of 10 batches of 16."""
    return {"optimizer": {kind: settings}}


def layers(*stack, input=(8, 8, 1), classes=5, **more):
    """50 updates of plain SGD: 5 epochs of 10 batches of 16; and the gradient of the first batch."""
    tail = [] if "flatten" in stack[-1] or "global_average_pooling2d" in stack[-1] else [{"flatten": {}}]
    return {
        "layers": [*stack, *tail, {"dense": {"units": classes, "activation": "softmax"}}],
        "input": list(input), "classes": classes, "steps": [1, 10, 50], "gradient": True,
        "optimizer": {"sgd": {"learning_rate": 0.1}}, **more,
    }


def conv(filters, kernel, **more):
    return {"conv2d": {"filters": filters, "kernel_size": list(kernel), **more}}


def depthwise(kernel, **more):
    return {"depthwise_conv2d": {"kernel_size": list(kernel), **more}}


def separable(filters, kernel, **more):
    return {"separable_conv2d": {"filters": filters, "kernel_size": list(kernel), **more}}


def dense(units, **more):
    return {"dense": {"units": units, **more}}


def bn(**more):
    return {"batch_normalization": more}


FLATTEN, GAP = {"flatten": {}}, {"global_average_pooling2d": {}}
FOCAL = {"categorical_focal_crossentropy": {"alpha": 0.25, "gamma": 2.0}}
ACTIVATIONS = ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softmax"]

CASES = {
    # Every option of every optimizer.
    "sgd-0.01": optimizer("sgd", learning_rate=0.01),
    "sgd-0.1": optimizer("sgd", learning_rate=0.1),
    "sgd-momentum": optimizer("sgd", learning_rate=0.05, momentum=0.9),
    "sgd-nesterov": optimizer("sgd", learning_rate=0.05, momentum=0.9, nesterov=True),
    "sgd-weight-decay": optimizer("sgd", learning_rate=0.1, weight_decay=0.01),
    "sgd-clipnorm": optimizer("sgd", learning_rate=0.1, clipnorm=0.1),
    "sgd-clipvalue": optimizer("sgd", learning_rate=0.1, clipvalue=0.01),
    "sgd-global-clipnorm": optimizer("sgd", learning_rate=0.1, global_clipnorm=0.2),
    "sgd-nesterov-weight-decay-clipnorm": optimizer(
        "sgd", learning_rate=0.05, momentum=0.8, nesterov=True, weight_decay=0.02, clipnorm=0.2),
    "adam": optimizer("adam"),
    "adam-0.1": optimizer("adam", learning_rate=0.1) | {"steps": [1]},
    "adam-betas-epsilon": optimizer("adam", learning_rate=0.002, beta_1=0.8, beta_2=0.99, epsilon=1e-4),
    "adam-amsgrad": optimizer("adam", amsgrad=True, beta_2=0.9),
    "adam-weight-decay": optimizer("adam", weight_decay=0.1),
    "adam-clipnorm": optimizer("adam", clipnorm=0.1),
    "adam-clipvalue": optimizer("adam", clipvalue=0.01),
    "adam-global-clipnorm": optimizer("adam", global_clipnorm=0.2),
    "adamw": optimizer("adamw"),
    "adamw-options": optimizer(
        "adamw", learning_rate=0.002, weight_decay=0.05, beta_1=0.85, beta_2=0.98, epsilon=1e-5, amsgrad=True),
    "adamw-clipnorm": optimizer("adamw", clipnorm=0.1),
    "adamw-clipvalue": optimizer("adamw", clipvalue=0.01),
    "adamw-global-clipnorm": optimizer("adamw", global_clipnorm=0.2),
    "nadam": optimizer("nadam"),
    "nadam-options": optimizer("nadam", learning_rate=0.002, beta_1=0.8, beta_2=0.99, epsilon=1e-4),
    "nadam-weight-decay": optimizer("nadam", weight_decay=0.1),
    "nadam-clipnorm": optimizer("nadam", clipnorm=0.1),
    "nadam-clipvalue": optimizer("nadam", clipvalue=0.01),
    "nadam-global-clipnorm": optimizer("nadam", global_clipnorm=0.2),
    "rmsprop": optimizer("rmsprop"),
    "rmsprop-rho-epsilon": optimizer("rmsprop", learning_rate=0.002, rho=0.8, epsilon=1e-4),
    "rmsprop-momentum": optimizer("rmsprop", momentum=0.5),
    "rmsprop-centered": optimizer("rmsprop", centered=True),
    "rmsprop-momentum-centered": optimizer("rmsprop", momentum=0.5, centered=True, epsilon=1e-5),
    "rmsprop-weight-decay": optimizer("rmsprop", weight_decay=0.1),
    "rmsprop-clipnorm": optimizer("rmsprop", clipnorm=0.1),
    "rmsprop-clipvalue": optimizer("rmsprop", clipvalue=0.01),
    "rmsprop-global-clipnorm": optimizer("rmsprop", global_clipnorm=0.2),
    # The loss and its relatives; the last batch is short (150 = 9 * 16 + 6).
    "short-last-batch": optimizer("sgd", learning_rate=0.1) | {"examples": 150, "steps": [1, 10, 100]},
    "label-smoothing": optimizer("sgd", learning_rate=0.1) | {"label_smoothing": 0.1, "steps": [1, 10, 100]},
    "class-weight": optimizer("sgd", learning_rate=0.1) | {
        "class_weight": [1.0, 0.25, 3.0, 1.5, 0.0], "examples": 150, "steps": [1, 10, 100]},
    "label-smoothing-class-weight": optimizer("adam", learning_rate=0.01) | {
        "class_weight": [0.5, 2.0, 1.0, 1.0, 1.25], "label_smoothing": 0.2, "steps": [1, 10, 100]},
    "l2-dense": layers(FLATTEN, dense(12, activation="tanh", l2=0.01), dense(9, l2=0.003)),
    "l2-conv2d": layers(conv(6, (3, 3), activation="tanh", l2=0.02), FLATTEN, dense(9, l2=0.001)),
    "focal": optimizer("sgd", learning_rate=0.5) | {"loss": FOCAL, "steps": [1, 10, 100]},
    "focal-options": optimizer("sgd", learning_rate=0.2) | {
        "loss": {"categorical_focal_crossentropy": {"alpha": 0.75, "gamma": 0.5}}, "label_smoothing": 0.1,
        "class_weight": [0.5, 2.0, 1.0, 1.0, 1.25], "examples": 150, "steps": [1, 10, 100]},
    "focal-gamma-0": optimizer("sgd", learning_rate=0.5) | {
        "loss": {"categorical_focal_crossentropy": {"alpha": 0.25, "gamma": 0.0}}, "steps": [1, 10, 100]},
    "focal-conv2d": layers(conv(6, (3, 3), activation="tanh"), GAP, loss=FOCAL, input=(7, 8, 3)),
    "top-5": layers(FLATTEN, dense(14, activation="tanh"), classes=12, examples=150),
    # A schedule is asked for update 0, 1, 2, ...
    "schedule-cosine": optimizer("sgd", learning_rate=0.2, momentum=0.9) | {
        "schedule": {"cosine": {"decay_steps": 80}}, "steps": [1, 10, 100]},
    "schedule-cosine-warmup": optimizer("adam", learning_rate=0.0001) | {
        "schedule": {"cosine": {"decay_steps": 70, "alpha": 0.1, "warmup_steps": 20, "warmup_target": 0.01}},
        "steps": [1, 10, 100]},
    "schedule-exponential": optimizer("sgd", learning_rate=0.2) | {
        "schedule": {"exponential": {"decay_steps": 30, "decay_rate": 0.5}}, "steps": [1, 10, 100]},
    "schedule-exponential-staircase": optimizer("nadam", learning_rate=0.005) | {
        "schedule": {"exponential": {"decay_steps": 7, "decay_rate": 0.9, "staircase": True}}, "steps": [1, 10, 100]},
    "schedule-piecewise": optimizer("sgd", learning_rate=0.3, momentum=0.5, nesterov=True) | {
        "schedule": {"piecewise": {"boundaries": [4, 30], "values": [0.3, 0.1, 0.02]}}, "steps": [1, 10, 100]},
    "schedule-polynomial": optimizer("rmsprop", learning_rate=0.005) | {
        "schedule": {"polynomial": {"decay_steps": 60, "end_learning_rate": 0.0005, "power": 2.0}}, "steps": [1, 10, 100]},
    "schedule-one-cycle": optimizer("sgd", learning_rate=0.3, momentum=0.9) | {
        "schedule": {"one_cycle": {"steps": 100}}, "steps": [1, 10, 100]},
    # Every activation: inside a dense layer, inside a convolution, and as a layer of its own.
    **{f"activation-{a.replace('_', '-')}": layers(
        conv(6, (3, 3), activation=a), FLATTEN, dense(11, activation=a), dense(7), {"activation": a})
        for a in ACTIVATIONS},
    # Every layer. Images are wider than high, and counts are not multiples of 16, so that a swap or a tail shows.
    "dense-without-bias": layers(FLATTEN, dense(17, activation="tanh", use_bias=False), dense(33)),
    "conv2d-3x3-valid": layers(conv(5, (3, 3)), {"activation": "tanh"}, input=(9, 12, 1)),
    "conv2d-3x3-same": layers(conv(5, (3, 3), padding="same", activation="tanh"), input=(9, 12, 3)),
    "conv2d-5x5-valid": layers(conv(17, (5, 5), activation="sigmoid"), input=(9, 12, 1)),
    "conv2d-5x5-same": layers(conv(6, (5, 5), padding="same", activation="tanh"), input=(9, 12, 3)),
    "conv2d-1x1": layers(conv(5, (1, 1), activation="tanh"), conv(3, (1, 1)), input=(6, 7, 3)),
    "conv2d-2x3-valid": layers(conv(7, (2, 3), activation="tanh"), input=(9, 12, 3)),
    "conv2d-2x3-same": layers(conv(7, (2, 3), padding="same", activation="tanh"), conv(4, (2, 3), padding="same"),
                              input=(9, 12, 1)),
    "conv2d-strides-2-valid": layers(conv(7, (3, 3), strides=[2, 2], activation="tanh"),
                                     conv(5, (2, 2), strides=[2, 1]), input=(10, 13, 3)),
    "conv2d-strides-2-same": layers(conv(7, (3, 3), strides=[2, 2], padding="same", activation="tanh"),
                                    conv(5, (3, 3), strides=[1, 2], padding="same"), input=(10, 13, 3)),
    "conv2d-without-bias": layers(conv(7, (3, 3), use_bias=False, activation="tanh"),
                                  conv(5, (3, 3), use_bias=False), input=(9, 8, 1)),
    "conv2d-stack-3x3-16-17": layers(conv(16, (3, 3), activation="tanh"), conv(17, (3, 3), activation="tanh"),
                                     conv(16, (3, 3), activation="tanh"), input=(11, 13, 1)),
    "conv2d-stack-3x3-32-50": layers(conv(32, (3, 3), activation="elu"), conv(50, (3, 3), activation="elu"),
                                     GAP, input=(9, 10, 1)),
    "conv2d-stack-3x3-same-20-20": layers(conv(20, (3, 3), padding="same", activation="tanh"),
                                          conv(20, (3, 3), padding="same", activation="tanh"), GAP, input=(7, 6, 3)),
    "depthwise-conv2d-valid": layers(conv(5, (2, 2), activation="tanh"), depthwise((3, 3), activation="tanh"),
                                     input=(9, 12, 3)),
    "depthwise-conv2d-same": layers(conv(5, (2, 2), activation="tanh"), depthwise((5, 4), padding="same"),
                                    {"activation": "tanh"}, input=(9, 12, 3)),
    "depthwise-conv2d-multiplier": layers(
        depthwise((3, 2), depth_multiplier=3, activation="tanh"), depthwise((2, 2), depth_multiplier=2, padding="same"),
        input=(9, 8, 3)),
    "depthwise-conv2d-strides-2": layers(
        depthwise((3, 3), strides=[2, 2], padding="same", depth_multiplier=2, activation="tanh"),
        depthwise((3, 3), strides=[2, 2], use_bias=False), input=(13, 12, 3)),
    "depthwise-conv2d-relu": layers(conv(18, (3, 3), activation="tanh"), depthwise((3, 3), activation="relu"), GAP,
                                    input=(9, 10, 1)),
    "separable-conv2d-valid": layers(separable(7, (3, 3), activation="tanh"), separable(5, (2, 3)), input=(9, 12, 3)),
    "separable-conv2d-same": layers(separable(17, (3, 3), padding="same", activation="elu"),
                                    separable(20, (5, 5), padding="same", activation="tanh"), GAP, input=(9, 10, 1)),
    "separable-conv2d-multiplier": layers(
        separable(6, (3, 2), depth_multiplier=3, activation="tanh"),
        separable(5, (2, 2), depth_multiplier=2, padding="same", activation="tanh"), input=(9, 8, 3)),
    "separable-conv2d-strides-2": layers(
        separable(6, (3, 3), strides=[2, 2], padding="same", activation="tanh"), bn(),
        separable(5, (3, 3), strides=[2, 2], use_bias=False, activation="tanh"), input=(13, 12, 3)),
    "max-pooling2d-valid": layers(conv(5, (3, 3), activation="tanh"), {"max_pooling2d": {}}, input=(9, 12, 1)),
    "max-pooling2d-same": layers(conv(5, (3, 3), activation="tanh"), {"max_pooling2d": {"padding": "same"}},
                                 input=(9, 13, 1)),
    "max-pooling2d-overlapping": layers(
        conv(17, (3, 3), activation="tanh"), {"max_pooling2d": {"pool_size": [3, 3], "strides": [2, 1]}},
        {"max_pooling2d": {"pool_size": [2, 3], "strides": [1, 2], "padding": "same"}}, input=(11, 12, 1)),
    "max-pooling2d-relu": layers(conv(6, (3, 3), activation="relu"), {"max_pooling2d": {}}, conv(5, (2, 2)),
                                 input=(10, 12, 1)),
    "average-pooling2d-valid": layers(conv(5, (3, 3), activation="tanh"), {"average_pooling2d": {}},
                                      input=(9, 12, 1)),
    "average-pooling2d-same": layers(conv(5, (3, 3), activation="tanh"), {"average_pooling2d": {"padding": "same"}},
                                     input=(9, 13, 1)),
    "average-pooling2d-overlapping": layers(
        conv(17, (3, 3), activation="tanh"), {"average_pooling2d": {"pool_size": [3, 3], "strides": [2, 1]}},
        {"average_pooling2d": {"pool_size": [2, 3], "strides": [1, 2], "padding": "same"}}, input=(11, 12, 1)),
    "pooling2d-of-the-images": layers({"max_pooling2d": {}}, {"average_pooling2d": {"pool_size": [2, 1]}}, FLATTEN,
                                      dense(9, activation="tanh"), input=(9, 12, 3)),
    "global-average-pooling2d": layers(conv(19, (3, 3), activation="tanh"), GAP, input=(7, 8, 3)),
    "flatten-channels": layers({"average_pooling2d": {}}, FLATTEN, dense(9, activation="tanh"), input=(6, 10, 3)),
    "batch-normalization-dense": layers(FLATTEN, dense(19), bn(), {"activation": "sigmoid"}, dense(7), bn()),
    "batch-normalization-conv2d": layers(conv(7, (3, 3)), bn(), {"activation": "tanh"}, conv(18, (3, 3)), bn(),
                                         {"activation": "elu"}, input=(9, 12, 3)),
    "batch-normalization-options": layers(bn(momentum=0.5, epsilon=0.1), conv(6, (3, 3), activation="tanh"),
                                          bn(momentum=0.9, epsilon=1e-5), GAP, input=(7, 8, 3)),
    # Keras is given the engine's masks (`streams.py`); the last batch is short (150 = 9 * 16 + 6).
    "dropout-dense": layers(FLATTEN, dense(19, activation="tanh"), {"dropout": {"rate": 0.5}}, dense(14),
                            {"dropout": {"rate": 0.3}}, gradient=False, seed=7, examples=150),
    "dropout-conv2d": layers({"dropout": {"rate": 0.2}}, conv(5, (3, 3), activation="tanh"), {"dropout": {"rate": 0.4}},
                             conv(6, (2, 2)), {"max_pooling2d": {}}, {"dropout": {"rate": 0.0}}, FLATTEN,
                             input=(6, 7, 3), gradient=False, seed=12345678901234567),
    # Batches that the engine cuts into chunks (of 64 or, in larger nets, 16 images), at the published study's sizes.
    "chunks-dense": layers(FLATTEN, dense(32, activation="sigmoid"), FLATTEN, input=(28, 28, 1), classes=10,
                           batch_size=150, examples=450, steps=[1, 3, 99], optimizer={"adam": {}}),
    "chunks-cnn": layers(
        conv(32, (3, 3), activation="tanh"), {"average_pooling2d": {}}, conv(64, (3, 3), activation="tanh"),
        {"average_pooling2d": {}}, conv(64, (3, 3), activation="tanh"), FLATTEN, {"dropout": {"rate": 0.5}},
        dense(250, activation="tanh"), FLATTEN, input=(28, 28, 1), classes=10, batch_size=40, examples=120,
        steps=[1, 3, 9], optimizer={"sgd": {"learning_rate": 0.05, "momentum": 0.9}}, gradient=False, seed=7),
    "chunks-batch-normalization": layers(conv(9, (3, 3)), bn(), {"activation": "tanh"}, conv(16, (3, 3)), bn(),
                                         {"activation": "tanh"}, GAP, dense(20), bn(), FLATTEN, input=(8, 9, 1),
                                         batch_size=150, examples=300, steps=[1, 2, 20]),
    # Inputs that are no bytes: floats of both signs, as they are. Rows of features are images of one pixel.
    "floats-dense": layers(FLATTEN, dense(12, activation="tanh"), input=(1, 1, 13), inputs="floats",
                           optimizer={"adam": {}}, examples=150),
    "floats-wide-dense": layers(FLATTEN, dense(32, activation="sigmoid"), FLATTEN, input=(1, 1, 700), inputs="floats",
                                optimizer={"sgd": {"learning_rate": 0.01}}, batch_size=70, examples=150,
                                steps=[1, 3, 30]),
    "floats-cnn": layers(
        conv(17, (3, 3), activation="tanh"), {"average_pooling2d": {}}, conv(16, (3, 3), activation="silu"), FLATTEN,
        dense(9, activation="elu"), input=(9, 10, 3), inputs="floats", optimizer={"sgd": {"learning_rate": 0.02}}),
    "floats-batch-normalization": layers(bn(), conv(6, (3, 3), activation="tanh"), GAP, input=(7, 8, 3),
                                         inputs="floats"),
    # All in one. No bias before a normalization: its gradient is zero but for rounding, which Adam would amplify. For
    # the same reason nothing with a kink here (relu, a maximum): one near tie decided otherwise moves a weight by 1e-4.
    "cnn-adam": layers(
        conv(16, (3, 3), use_bias=False), bn(), {"activation": "elu"}, conv(17, (3, 3), activation="silu"),
        {"average_pooling2d": {"padding": "same"}}, conv(10, (2, 2), padding="same", activation="gelu"),
        {"average_pooling2d": {"strides": [1, 1]}}, FLATTEN, dense(13, activation="tanh", l2=0.001),
        input=(12, 13, 1), optimizer={"adam": {"learning_rate": 0.001}}),
}


def complete(name):
    """A case with nothing left unsaid."""
    case = {
        "name": name, "input": [8, 8, 1], "classes": 5, "layers": DENSE, "examples": 160, "batch_size": 16,
        "steps": [1, 10, 100, 400], "label_smoothing": 0.0, "class_weight": None, "gradient": False, "inputs": None,
    }
    return case | CASES[name]
