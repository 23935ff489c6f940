"""A randomly initialised model of a few thousand weights: the whole path runs through it in seconds, in tests.

Its architecture is a real one's, so that what is tested with it holds for the real one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ltd.errors import ModelError, unknown_name
from ltd.example import content_key, file_digest
from ltd.model import LoadedModel
from ltd.model.low_rank_adapters import LowRankAdapters
from ltd.model.tokenizer import prepare_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

SPECIAL_TOKENS = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>"}

ARCHITECTURES: dict[str, dict[str, Any]] = {
    # What differs from the library's defaults in the models that stand behind these names.
    "llama": {"num_key_value_heads": 2, "tie_word_embeddings": True},  # SmolLM2
    "opt": {"activation_function": "gelu", "ffn_dim": 64, "word_embed_proj_dim": 32},  # Galactica
    "gpt_neox": {"tie_word_embeddings": False},  # Pythia
    "qwen3": {"num_key_value_heads": 2, "head_dim": 8, "tie_word_embeddings": True},
}


class Tiny:
    """Two layers of width 32.

    Parameters
    ----------
    architecture : ``llama``, ``opt``, ``gpt_neox`` or ``qwen3``.
    seed : of the weights.
    tokenizer : folder of a real tokenizer; None makes one of a token a byte.
    special_tokens, begin, method, lora : as for `CausalLM`.
    """

    def __init__(  # noqa: PLR0913 - an option's parameters
        self,
        name: str = "tiny",
        architecture: str = "llama",
        seed: int = 0,
        tokenizer: str | None = None,
        special_tokens: Mapping[str, str] | None = None,
        begin: str | None = None,
        lr: float = 1e-3,
        precision: Literal["auto", "bf16", "fp32"] = "fp32",
        *,
        method: Literal["full", "lora"] = "full",
        lora: LowRankAdapters | None = None,
    ) -> None:
        self.name = name
        self.architecture = architecture
        self.seed = seed
        self.tokenizer = tokenizer
        self.special_tokens = dict(special_tokens or {})
        self.begin = begin
        self.lr = lr
        self.precision = precision
        self.method = method
        self.lora = lora or LowRankAdapters()

    def check(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise ModelError(unknown_name("architecture", self.architecture, ARCHITECTURES))
        if self.tokenizer is not None and not (Path(self.tokenizer) / "tokenizer.json").is_file():
            raise ModelError(f"model.tokenizer={self.tokenizer} has no tokenizer.json")

    def source(self) -> dict[str, object]:
        tokenizer = None if self.tokenizer is None else file_digest(Path(self.tokenizer) / "tokenizer.json")
        return {"tiny": self.architecture, "seed": self.seed, "tokenizer": tokenizer}

    def load(self) -> LoadedModel:
        from transformers import AutoTokenizer

        self.check()
        if self.tokenizer is None:
            tokenizer = byte_tokenizer()
            digest = "bytes"
        else:
            tokenizer = AutoTokenizer.from_pretrained(self.tokenizer, local_files_only=True)
            digest = file_digest(Path(self.tokenizer) / "tokenizer.json")
        begin = prepare_tokenizer(self.name, tokenizer, self.special_tokens, self.begin)
        network = random_network(self._config(tokenizer), self.seed)
        return LoadedModel(
            network=network,
            tokenizer=tokenizer,
            begin=begin,
            end=tokenizer.eos_token_id,
            max_length=network.config.max_position_embeddings,
            fingerprint=content_key([_weights_digest(network), digest, begin, tokenizer.eos_token_id]),
        )

    def _config(self, tokenizer: PreTrainedTokenizerBase) -> PreTrainedConfig:
        from transformers import AutoConfig

        sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
        if self.architecture == "opt":
            del sizes["intermediate_size"]
        return AutoConfig.for_model(
            self.architecture,
            vocab_size=len(tokenizer),
            max_position_embeddings=2048,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            **sizes,
            **ARCHITECTURES[self.architecture],
        )


def byte_tokenizer() -> PreTrainedTokenizerBase:
    """A tokenizer with a token for each byte and three special ones; it writes every text there is."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokens = [*SPECIAL_TOKENS.values(), *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **SPECIAL_TOKENS)  # type: ignore[no-untyped-call]


def random_network(config: PreTrainedConfig, seed: int) -> PreTrainedModel:
    """A causal language model with weights drawn from ``seed``; torch's own generator is left as it was."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    network.train(False)
    return network


def _weights_digest(network: PreTrainedModel) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()
