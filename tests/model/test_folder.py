import stat

import pytest

from ltd.model import folder as module
from ltd.model.folder import folder_digest, save_folder
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
