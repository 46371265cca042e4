"""toile: a workbench for reproducible neural-network studies on image classification.

The program is ``toile``, also as ``python -m toile``. It imports this module each time that it starts: what is heavy
(NumPy, pandas, scikit-learn) is imported by those who use it, never here.
"""

from toile._native import __version__

__all__ = ["__version__"]
