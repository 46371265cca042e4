"""An ablation with five seeds: does dropout help? The verdict weighs seeds and images.

python examples/ablation.py [FOLDER]     FOLDER: where the study is kept; run again, it goes on
"""

import sys
import tempfile

import toile
from toile import layers, optimizers

hidden, output = layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")
study = toile.Study.from_dict(
    {
        "study": {"name": "Dropout", "data": "drawn-garments", "validation_split": 0.9, "seeds": 5},
        "models": {
            "plain": {"layers": [hidden, output]},
            "dropout": {"layers": [hidden, layers.Dropout(0.5), output]},
        },
        "defaults": {"optimizer": optimizers.Adam(0.001), "epochs": 3, "batch_size": 128},
        "runs": [{"name": "Plain", "model": "plain"}, {"name": "Dropout", "model": "dropout"}],
    }
)
results = study.run(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp() + "/dropout", progress=False)
print(results.frame().to_string(index=False, max_cols=8))
print(results.verdict("Plain", "Dropout"))
