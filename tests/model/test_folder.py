import os
import stat
import time

import pytest

from ltd.errors import ModelError
from ltd.model import folder as module
from ltd.model.folder import check_folder, find_folder, folder_digest, model_name, save_folder
from ltd.model.tiny import Tiny


@pytest.fixture(scope="module")
def loaded():
    return Tiny().load()


def test_the_same_model_is_saved_in_the_same_bytes(loaded, tmp_path):
    for name in ("first", "second"):
        save_folder(loaded.network, loaded.tokenizer, tmp_path / name)
    names = {path.name for path in (tmp_path / "first").iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"} <= names
    for name in names:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    assert folder_digest(tmp_path / "first") == folder_digest(tmp_path / "second")


def test_whoever_may_read_the_configuration_may_read_the_weights(loaded, tmp_path):
    save_folder(loaded.network, loaded.tokenizer, tmp_path / "model")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "model").iterdir()}
    assert len(modes) == 1


def test_an_interrupted_save_leaves_what_was_there(loaded, tmp_path, monkeypatch):
    target = tmp_path / "model"
    target.mkdir()
    (target / "old").touch()

    class Interrupted:
        def save_pretrained(self, folder):
            folder.mkdir()
            (folder / "half").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_folder(Interrupted(), loaded.tokenizer, target)
    assert [path.name for path in target.iterdir()] == ["old"]
    save_folder(loaded.network, loaded.tokenizer, target)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert not (target / "old").exists()
    assert module.has_safetensors(target)


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A folder with one file of weights, which counts as large; and a list of the files that were read through."""
    monkeypatch.setenv("LTD_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(module, "LARGE", 4)
    file = tmp_path / "model" / "model.safetensors"
    file.parent.mkdir()
    file.write_bytes(b"weights")
    read, digest = [], module.file_digest
    monkeypatch.setattr(module, "file_digest", lambda file: read.append(file) or digest(file))
    another_process()
    return file.resolve(), read


def another_process():
    """Forget what one process remembers."""
    module._digest_as_written.cache_clear()


def test_a_large_file_is_read_once_until_it_is_replaced(weights):
    file, read = weights
    first = folder_digest(file.parent)
    another_process()
    assert folder_digest(file.parent) == first
    assert read == [file]
    times = file.stat()
    time.sleep(0.05)  # a file system's clock ticks every few milliseconds
    file.write_bytes(b"WEIGHTS")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a copy that keeps the times of its original
    assert folder_digest(file.parent) != first
    assert read == [file, file]


def test_where_no_digest_can_be_kept_each_process_reads(weights, tmp_path):
    file, read = weights
    (tmp_path / "models").touch()  # not a folder
    first = folder_digest(file.parent)
    another_process()
    assert folder_digest(file.parent) == first
    assert read == [file, file]


def test_a_small_file_is_read_once_a_process_and_nothing_is_kept(weights, monkeypatch, tmp_path):
    file, read = weights
    monkeypatch.setattr(module, "LARGE", 100)
    first = folder_digest(file.parent)
    assert folder_digest(file.parent) == first
    assert read == [file]
    time.sleep(0.05)  # a file system's clock ticks every few milliseconds
    file.write_bytes(b"WEIGHTS")
    assert folder_digest(file.parent) != first
    assert read == [file, file]
    assert not (tmp_path / "models").exists()


def test_the_folder_of_a_run_stands_for_its_model(tmp_path):
    run = tmp_path / "kcenter-s0-1234abcd"
    (run / "model").mkdir(parents=True)
    (run / "status.json").touch()
    assert find_folder(str(run)) == find_folder(str(run / "model")) == run / "model"
    assert model_name(str(run)) == model_name(f"{run}/model/") == run.name
    (tmp_path / "plain").mkdir()
    assert find_folder(str(tmp_path / "plain")) == tmp_path / "plain"


def test_a_model_with_a_folder_called_model_beside_its_configuration_is_taken_as_it_is(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "config.json").touch()
    assert find_folder(str(tmp_path)) == tmp_path


def test_a_run_that_has_no_model_is_told_so(tmp_path):
    (tmp_path / "status.json").touch()
    with pytest.raises(ModelError, match=r"/model is not there: that run has not .* not kept it \(keep=results\)"):
        check_folder("mine", find_folder(str(tmp_path)))


def test_a_folder_without_a_tokenizer_is_told_so(tmp_path):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).touch()
    with pytest.raises(ModelError, match=r"has no tokenizer\.json"):
        check_folder("mine", tmp_path)
    for name in ("tokenizer.model", "vocab.json"):  # of other kinds
        (tmp_path / name).touch()
        check_folder("mine", tmp_path)
        (tmp_path / name).unlink()
