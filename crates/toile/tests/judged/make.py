#!/usr/bin/env python3
"""Makes records.json beside it: made-up results of four recipes whose names are hard to print. `python3 make.py`."""

import base64
import json
import pathlib

IMAGES = 400
EPOCHS = 6

# Name, settings, and on every how many-th image it errs.
RECIPES = [
    ("adam, rate 0.001", {"optimizer": "adam", "learning_rate": 0.001, "batch_size": 128, "epochs": EPOCHS}, 9),
    ("100 % \\input{/etc/passwd} & $x_1^2$ #3 ~ {µ ≤ ±0.5}", {"optimizer": "adam", "learning_rate": 0.1, "batch_size": 128, "epochs": EPOCHS}, 3),
    ("模型 <b>SGD</b> 🚀 \\write18{ls}", {"optimizer": "sgd", "learning_rate": 0.001, "batch_size": 128, "epochs": EPOCHS}, 5),
    ("a_rather_long_name_of_a_run_that_no_column_of_a_table_can_hold_on_one_line", {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 256, "epochs": EPOCHS}, 5),
]
CLAIMS = [
    {"id": "rate", "says": "0.1 is too high for Adam.", "better": RECIPES[0][0], "than": RECIPES[1][0], "because": "learning_rate"},
    {"id": "best", "best": RECIPES[3][0]},
    {"id": "robust", "says": "It is robust.", "rests_on": ["accuracy on disturbed images"]},
]


def run(place, recipe, seed):
    name, settings, every = recipe
    correct = [(i + 7 * seed * place) % every != 0 and (i * (seed + 3)) % 97 != 0 for i in range(IMAGES)]
    bits = bytes(sum(correct[i + k] << k for k in range(8)) for i in range(0, IMAGES, 8))
    rows = []
    for epoch in range(1, EPOCHS + 1):
        loss = round(2.0 / (epoch + place) + 0.01 * seed, 4)
        # The third recipe overfits.
        rise = 0.2 * (epoch - 2) if place == 2 and epoch > 2 else 0.0
        rows.append({"epoch": epoch, "loss": loss, "accuracy": round(1 - loss / 4, 4),
                     "val_loss": round(loss * 1.1 + rise, 4), "val_accuracy": round(1 - loss / 3.8, 4)})
    return {"name": name, "seed": seed, "settings": settings, "epochs": rows,
            "test_correct": base64.b64encode(bits).decode()}


runs = [run(place, recipe, seed) for place, recipe in enumerate(RECIPES) for seed in (1, 2, 3)]
records = {"format": 1, "n_train": 5400, "n_validation": 600, "n_test": IMAGES, "classes": 10, "runs": runs, "claims": CLAIMS}
pathlib.Path(__file__).with_name("records.json").write_text(json.dumps(records, ensure_ascii=False, indent=1) + "\n")
