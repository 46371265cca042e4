"""The classifier goes through all of scikit-learn's own checks."""

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from sklearn.datasets import load_digits  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

from toile.sklearn import ToileClassifier  # noqa: E402


@parametrize_with_checks([ToileClassifier(random_state=1)])
def test_scikit_learn_s_checks(estimator: object, check: object) -> None:
    check(estimator)


def test_it_works_where_estimators_work() -> None:
    x, y = load_digits(return_X_y=True)
    network = ToileClassifier((32,), epochs=15, random_state=3)
    assert cross_val_score(network, x, y, cv=3).mean() > 0.9
    pipeline = make_pipeline(StandardScaler(), network)
    search = GridSearchCV(pipeline, {"toileclassifier__hidden_layer_sizes": [(8,), (32,)]}, cv=2).fit(x, y)
    assert search.best_params_["toileclassifier__hidden_layer_sizes"] == (32,)


def test_the_same_random_state_gives_the_same_bits() -> None:
    x, y = load_digits(return_X_y=True)
    words = np.array(["zero", "one"])[y[:200] % 2]
    one, two, three = (
        ToileClassifier(epochs=2, random_state=seed, threads=n).fit(x[:200], words)
        for seed, n in [(1, 1), (1, 2), (2, 1)]
    )
    assert one.model_.weights_sha256 == two.model_.weights_sha256 != three.model_.weights_sha256
    assert set(one.predict(x[:200])) <= {"zero", "one"}


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"hidden_layer_sizes": (1.5,)}, TypeError, "hidden_layer_sizes: expected a whole number, found 1.5"),
        ({"hidden_layer_sizes": None}, TypeError, "hidden_layer_sizes"),
        ({"hidden_layer_sizes": 0}, ValueError, "hidden_layer_sizes"),
        ({"class_weight": [1]}, TypeError, "class_weight"),
        ({"class_weight": "equal"}, TypeError, "class_weight"),
        ({"class_weight": {12: 1}}, ValueError, "class_weight names 12"),
        ({"epochs": -1}, ValueError, "epochs"),
    ],
)
def test_odd_arguments_are_named(arguments: dict, error: type, words: str) -> None:
    x, y = load_digits(return_X_y=True)
    with pytest.raises(error) as said:
        ToileClassifier(**arguments).fit(x, y)
    assert words in str(said.value)
