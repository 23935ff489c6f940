"""What several parts share: a small mirror with the layout of the real one, and the real one if it is there."""

import gc
import os
import signal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

# No test asks a hub or a W&B server, or depends on what the user has set. Here, because libraries read it on import.
for name in [name for name in os.environ if name.startswith(("WANDB_", "HYDRA_", "LTD_OUTPUTS"))]:
    del os.environ[name]
os.environ.update(HF_HUB_OFFLINE="1", WANDB_MODE="offline", TOKENIZERS_PARALLELISM="false")
# Tests run side by side, one on each core; threads of their own would only wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # a shell's background job; tests press Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What collecting has loaded stays: no later collection of garbage looks through it again."""
    gc.freeze()


PREMISES = ("All dogs bark.", "No cat swims.", "Some birds fly.", "Ann met Bob.")
"""Premises of both the mirror's pool and its tasks; there are as many rows in each of its files."""


def write_parquet(path: Path, **columns: list) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def write_configuration(mirror: Path, name: str, prompts: list, targets: list, choices: list | None = None) -> None:
    """A configuration of P3 in its own schema; without choices the column has Parquet's null type, as in P3."""
    write_parquet(
        mirror / "P3" / name / "train.parquet",
        answer_choices=choices if choices is not None else [None] * len(prompts),
        inputs_pretokenized=prompts,
        targets_pretokenized=targets,
    )


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A mirror: P3 with three data sets and five configurations, and the raw rows of RTE, CB and ANLI's rounds."""
    root = tmp_path / "mirror"
    two, three = [["True", "False"]] * 4, [["Yes", "No", "Maybe"]] * 4
    for template, ending in (("GPT_3_style", "True or False?"), ("must_be_true", "Must it be true?")):
        prompts = [f"{premise} {ending}" for premise in PREMISES]
        write_configuration(root, f"super_glue_rte_{template}", prompts, ["True", "False"] * 2, two)
    write_configuration(root, "sick_B_entails_A", list(PREMISES), ["Yes", "No", "Maybe", "No"], three)
    write_configuration(root, "sick_sentences_relation_score", list(PREMISES), ["1.0", "2.0", "3.0", "4.0"])
    write_configuration(root, "ag_news_classify", list(PREMISES), ["Sports"] * 4, [["Sports", "World"]] * 4)
    rows = {"premise": list(PREMISES), "hypothesis": ["It barks", "It swims", "It flies", "They met"]}
    numbers = list(range(4))
    write_parquet(root / "raw/super_glue/rte/validation.parquet", **rows, idx=numbers, label=[0, 1, 1, 0])
    write_parquet(root / "raw/super_glue/cb/validation.parquet", **rows, idx=numbers, label=[0, 1, 2, 0])
    for number in (1, 2, 3):
        uids = [f"r{number}-{row}" for row in numbers]
        write_parquet(root / f"raw/anli/dev_r{number}.parquet", **rows, uid=uids, label=[0, 1, 2, 0])
    return root


@pytest.fixture
def real_data() -> Path:
    """The real mirror; where there is none, the test is skipped and says why."""
    path = os.environ.get("LTD_DATA")
    if path is None:
        pytest.skip("LTD_DATA is not set: no mirror of the real data")
    return Path(path)
