"""Any causal language model that `transformers` loads: from the hub or from a folder, safetensors only, no remote code.

Models that differ only in hub name, special tokens and the way their documents begin share this class.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ltd.errors import ModelError
from ltd.example import content_key
from ltd.model import LoadedModel
from ltd.model.folder import check_folder, find_folder, folder_digest, has_safetensors, model_name
from ltd.model.low_rank_adapters import LowRankAdapters
from ltd.model.tokenizer import prepare_tokenizer
from ltd.quiet import quiet_transformers

logger = logging.getLogger(__name__)

HUB_FILES = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")

ANY_LENGTH = 2048
"""The context window taken for a model that bounds none, because it has no table of positions."""

LOOKING_AHEAD = 1e-3
"""Share of its largest logit by which a causal network's logits may change with what follows: rounding, in fp32."""


class CausalLM:
    """A causal language model and the rules of its tokenizer.

    Parameters
    ----------
    name : the word it goes by; by default that of the folder or of the run in it, or the last part of the hub name.
    hub : name on the Hugging Face hub, such as ``facebook/galactica-125m``.
    revision : branch, tag or commit on the hub.
    path : a local folder with a saved model, or a finished run's; it wins over the hub.
    special_tokens : tokens whose meaning the tokenizer does not know, such as ``{pad_token: <pad>}``.
    begin : the special token that starts a document; None keeps what the tokenizer itself puts in front.
    lr : the peak learning rate that suits the model when all its weights are trained.
    precision : of training, ``bf16`` or ``fp32``; ``auto`` is bf16 where the processor has it in hardware.
    method : ``full`` trains all weights, ``lora`` adapters beside them, which are merged into them in the end.
    lora : the adapters.
    """

    def __init__(  # noqa: PLR0913 - an option's parameters
        self,
        name: str | None = None,
        hub: str | None = None,
        revision: str | None = None,
        path: str | None = None,
        special_tokens: Mapping[str, str] | None = None,
        begin: str | None = None,
        lr: float = 2e-5,
        precision: Literal["auto", "bf16", "fp32"] = "auto",
        *,
        method: Literal["full", "lora"] = "full",
        lora: LowRankAdapters | None = None,
    ) -> None:
        self.name = name or (model_name(path) if path else Path(hub or "causal_lm").name)
        self.hub = hub
        self.revision = revision
        self.path = path
        self.special_tokens = dict(special_tokens or {})
        self.begin = begin
        self.lr = lr
        self.precision = precision
        self.method = method
        self.lora = lora or LowRankAdapters()

    def check(self) -> None:
        if self.path is not None:
            check_folder(self.name, find_folder(self.path))
        elif self.hub is None:
            raise ModelError(
                f"model {self.name} has neither a hub name nor a folder; "
                "set model.hub=<owner>/<name> or model.path=<folder>"
            )

    def source(self) -> dict[str, object]:
        if self.path is not None:
            return {"folder": folder_digest(find_folder(self.path))}
        return {"hub": self.hub, "revision": self.revision}

    def load(self) -> LoadedModel:
        self.check()
        if self.path is not None:
            folder = find_folder(self.path)
            return self._loaded(folder, str(folder), folder_digest(folder))
        folder = self._download()
        # Some repositories hold pickled weights only; asked by name, the hub gives its own conversion of them.
        source = str(folder) if has_safetensors(folder) else str(self.hub)
        return self._loaded(folder, source, content_key([self.hub, folder.name]))  # the folder is named by the commit

    def _loaded(self, folder: Path, source: str, digest: str) -> LoadedModel:
        with quiet_transformers():
            network = self._network(source)
            tokenizer = self._tokenizer(folder)
        begin = prepare_tokenizer(self.name, tokenizer, self.special_tokens, self.begin)
        network.config.pad_token_id = tokenizer.pad_token_id
        if network.config.model_type == "opt" and not begin:
            logger.warning(
                "model %s is an OPT whose texts would begin with no special token, as they did in no pre-training; "
                "model=galactica_125m and model=opt_125m have model.path= too, and begin them as their authors do",
                self.name,
            )
        self._check_causal(network.eval())
        return LoadedModel(
            network=network,
            tokenizer=tokenizer,
            begin=begin,
            end=tokenizer.eos_token_id,
            max_length=getattr(network.config.get_text_config(), "max_position_embeddings", ANY_LENGTH),
            fingerprint=content_key([digest, begin, tokenizer.eos_token_id]),
        )

    def _check_causal(self, network: Any) -> None:
        """Refuse a network that looks ahead, such as BERT's: it would see the answers that it is trained on."""
        import torch

        from ltd.precision import full_precision

        n_tokens = network.get_input_embeddings().weight.shape[0]
        tokens = torch.arange(8) % n_tokens
        other_end = tokens.clone()
        other_end[-1] = (tokens[-1] + 1) % n_tokens
        with torch.inference_mode(), full_precision():
            first, second = network(input_ids=torch.stack([tokens, other_end]), use_cache=False).logits[:, :-1]
        if (difference := float((first - second).abs().max())) > LOOKING_AHEAD * float(first.abs().max()):
            raise ModelError(
                f"model {self.name} looks ahead: its logits change by up to {difference:.2g} with the token that "
                "follows; choose a causal one, whose tokens see only those before them"
            )

    def _download(self) -> Path:
        from huggingface_hub import snapshot_download

        assert self.hub is not None
        try:
            # It asks once, waits ten seconds at most, and then looks into its cache.
            return Path(snapshot_download(self.hub, revision=self.revision, allow_patterns=list(HUB_FILES)))
        except Exception as error:  # a dozen kinds, of the hub and of its transport, with one remedy
            raise self._unavailable(type(error).__name__) from error

    def _network(self, source: str) -> Any:
        import torch
        from transformers import AutoModelForCausalLM

        try:
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                source,
                revision=self.revision or "main",
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
        except Exception as error:  # whatever a damaged file or an unknown architecture raises
            raise self._unavailable(_first_line(error)) from error
        network, report = loaded  # with output_loading_info
        wrong = sorted(str(key) for kind in ("missing_keys", "mismatched_keys") for key in report[kind])
        if wrong:  # transformers would go on with random weights in their place
            raise self._unavailable(f"{len(wrong)} weights are missing or have another shape, the first is {wrong[0]}")
        return network

    def _tokenizer(self, folder: Path) -> Any:
        from transformers import AutoTokenizer

        try:
            return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except Exception as error:
            raise self._unavailable(_first_line(error)) from error

    def _unavailable(self, reason: str) -> ModelError:
        return ModelError(
            f"model {self.name} cannot be had from {self.path or f'the hub as {self.hub}'} ({reason}); "
            "connect to a model hub, or point model.path= at a local folder that holds it"
        )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
