"""Score a model on the evaluation tasks, without training it.

Usage: python evaluate.py model.path=outputs/train/<run>/model
"""

from pathlib import Path

import hydra
from omegaconf import DictConfig

from ltd import command

CONF = Path(__file__).resolve().parent / "conf"


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="evaluate")
def main(config: DictConfig) -> float:
    return command.job("evaluate", config)


if __name__ == "__main__":
    command.run(main, CONF)
