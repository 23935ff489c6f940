import numpy as np

from ltd.example import Prompt, PromptedPool
from ltd.instruction_mode.multi import Multi


def test_every_prompt_is_kept(tmp_path):
    PromptedPool.write(tmp_path, [[Prompt(str(row), "", "t", str(row % 2), "p", "t") for row in range(5)]])
    rows = Multi().choose(PromptedPool.open(tmp_path), seed=1)
    np.testing.assert_array_equal(rows, np.arange(5))
    assert rows.dtype == np.int64
