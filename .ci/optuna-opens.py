#!/usr/bin/env python3
"""Opens a study that toile made with Optuna itself: `optuna-opens.py URL STUDY TRIALS`."""

import sys

import optuna

url, name, trials = sys.argv[1], sys.argv[2], int(sys.argv[3])
study = optuna.load_study(study_name=name, storage=url)
assert len(study.trials) == trials, (len(study.trials), trials)
assert [trial.number for trial in study.trials] == list(range(trials))
assert all(trial.state.is_finished() for trial in study.trials)
print(f"Optuna {optuna.__version__} opens it: {len(study.trials)} trials, best {study.best_value:.4f} with {study.best_params}")
