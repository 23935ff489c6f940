"""Choose the few examples that are enough to instruction-tune a language model, and prove it.

Importing this package loads neither torch nor transformers: the heavy libraries are imported where they are used.
"""

__version__ = "0.1.0"
