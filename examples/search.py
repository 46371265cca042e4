"""A search as in Optuna: twelve trials of TPE over learning rate, batch size and optimizer, in a study file's words.

python examples/search.py [FOLDER]
"""

import sys
import tempfile

import toile
from toile import layers

study = toile.Study.from_dict(
    {
        "study": {"name": "Search", "data": "drawn-garments", "validation_split": 0.9, "seed": 1},
        "models": {"net": {"layers": [layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")]}},
        "searches": [
            {
                "name": "Better settings",
                "model": "net",
                "epochs": 2,
                "n_trials": 12,
                "batch_size": {"choices": [32, 64, 128]},
                "optimizer": {
                    "choices": [
                        {"adam": {"learning_rate": {"low": 1e-4, "high": 1e-1, "log": True}}},
                        {"sgd": {"learning_rate": {"low": 1e-3, "high": 1.0, "log": True}}},
                    ]
                },
            }
        ],
    }
)
results = study.run(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp() + "/search", progress=False)
print(results.trials().to_string(index=False, max_cols=8))
