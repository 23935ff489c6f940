"""Choose a coreset, fine-tune the model on it, and score it before and after.

Usage: python train.py sampler=kcenter fraction=0.005
"""

from pathlib import Path

import hydra
from omegaconf import DictConfig

from ltd import command

CONF = Path(__file__).resolve().parent / "conf"


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="train")
def main(config: DictConfig) -> float:
    return command.job("train", config)


if __name__ == "__main__":
    command.run(main, CONF)
