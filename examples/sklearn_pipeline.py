"""toile in scikit-learn: a pipeline, a grid search, cross-validation; the same random_state gives the same bits.

python examples/sklearn_pipeline.py
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from toile.sklearn import ToileClassifier

x, y = load_digits(return_X_y=True)
network = ToileClassifier((64,), epochs=20, random_state=1)
print("cross-validation:", cross_val_score(network, x, y, cv=3).round(3))
pipeline = make_pipeline(StandardScaler(), network)
search = GridSearchCV(pipeline, {"toileclassifier__dropout": [0.0, 0.3]}, cv=3).fit(x, y)
print("best:", search.best_params_, round(search.best_score_, 3))
