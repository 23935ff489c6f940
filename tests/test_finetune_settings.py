import math

import pytest

from ltd.errors import SettingsError
from ltd.finetune_settings import FinetuneSettings
from ltd.model.low_rank_adapters import LowRankAdapters


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"steps": 5}, r"trainer\.steps=5 is not heeded with trainer\.match=epochs; set trainer\.match=steps"),
        ({"match": "steps"}, r"trainer\.match=steps needs their number; set trainer\.steps"),
        ({"match": "tokens", "steps": 5}, r"steps=5 is not heeded .*; trainer\.match=tokens needs their number"),
        ({"match": "hours"}, r"trainer\.match=hours must be one of epochs, steps, tokens"),
        ({"loss_on": "prompt"}, r"trainer\.loss_on=prompt must be one of target, all"),
        ({"schedule": "wave"}, r"trainer\.schedule=wave must be one of linear, cosine, constant"),
        ({"epochs": 0}, r"trainer\.epochs=0 must be above 0; fraction=0 does not fine-tune"),
        ({"match": "tokens", "tokens": 0}, r"trainer\.tokens=0 must be at least 1"),
        ({"label_smoothing": 1}, r"trainer\.label_smoothing=1 must be in \[0, 1\)"),
        ({"validation_share": -0.5}, r"trainer\.validation_share=-0\.5 must be in \[0, 1\)"),
        ({"gradient_clip": -1}, r"trainer\.gradient_clip=-1 must be 0, which does not clip, or above"),
        ({"gradient_clip": math.nan}, r"trainer\.gradient_clip=nan must be 0"),
        ({"weight_decay": -1}, r"trainer\.weight_decay=-1 must be 0 or above"),
        ({"warmup_fraction": 2}, r"trainer\.warmup_fraction=2 must be in \[0, 1\]"),
        ({"warmup_fraction": -1}, r"trainer\.warmup_fraction=-1 must be in \[0, 1\]"),
        ({"epochs": math.inf}, r"trainer\.epochs=inf must be above 0"),
        ({"devices": 0}, r"trainer\.devices=0 must be at least 1"),
        ({"num_nodes": 0}, r"trainer\.num_nodes=0 must be at least 1"),
        (
            {"match": "tokens", "tokens": 100_000, "tokens_cap": 35_000},
            r"trainer\.tokens=100000 is more than trainer\.tokens_cap=35000; set trainer\.tokens_cap=null",
        ),
        ({"patience": 2}, r"trainer\.patience=2 has nothing to judge by; set trainer\.validation_share"),
    ],
)
def test_contradictions_are_refused(values, message):
    with pytest.raises(SettingsError, match=message):
        FinetuneSettings(**values)


def test_the_ends_of_ranges_can_be_meant():
    FinetuneSettings(warmup_fraction=1, weight_decay=0, gradient_clip=math.inf)
    FinetuneSettings(warmup_fraction=0, gradient_clip=0, match="tokens", tokens=35_000, tokens_cap=35_000)


def test_adapters_learn_at_a_rate_of_their_own():
    assert FinetuneSettings(lr=1e-4).peak_lr == 1e-4
    assert FinetuneSettings(lr=1e-4, lora=LowRankAdapters(lr_factor=20)).peak_lr == pytest.approx(2e-3)
