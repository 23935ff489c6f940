import logging
import warnings

import pytest
from transformers.utils import logging as transformers_logging

from ltd.quiet import quiet_lightning, quiet_transformers


def warn_from(module):
    """Warn as if from a line of ``module``."""
    warnings.warn_explicit("advice", UserWarning, f"{module}.py", 1, module=module)


def test_lightnings_advice_is_dropped_and_its_errors_and_our_warnings_are_not(caplog):
    chatter = logging.getLogger("pytorch_lightning.utilities.rank_zero")
    with quiet_lightning():
        chatter.info("GPU available: False")
        chatter.warning("there is a tip")
        chatter.error("it failed")
        warn_from("pytorch_lightning.trainer")
        with pytest.warns(UserWarning, match="advice"):
            warn_from("ltd.training")
    assert caplog.messages == ["it failed"]
    with pytest.warns(UserWarning, match="advice"):
        warn_from("pytorch_lightning.trainer")


@pytest.mark.parametrize("bars", [True, False])
def test_transformers_is_afterwards_as_it_was(bars):
    switch = {True: transformers_logging.enable_progress_bar, False: transformers_logging.disable_progress_bar}
    was = transformers_logging.is_progress_bar_enabled()
    verbosity = transformers_logging.get_verbosity()
    switch[bars]()
    try:
        with quiet_transformers():
            assert not transformers_logging.is_progress_bar_enabled()
            assert transformers_logging.get_verbosity() == logging.ERROR
        assert transformers_logging.is_progress_bar_enabled() is bars
        assert transformers_logging.get_verbosity() == verbosity
    finally:
        switch[was]()
