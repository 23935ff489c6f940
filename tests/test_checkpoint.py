import logging

import pytest
import torch

from ltd.checkpoint import KEY, LAST, PREVIOUS, KeepPrevious, find_checkpoint, read_checkpoint
from ltd.errors import TrainingError


def save(folder, value, key="mine"):
    KeepPrevious().save_checkpoint({KEY: key, "value": torch.full((4,), value)}, folder / LAST)


def test_the_newest_is_found_and_the_one_before_is_kept(tmp_path):
    assert find_checkpoint(tmp_path, "mine") is None
    save(tmp_path, 1.0)
    save(tmp_path, 2.0)
    assert find_checkpoint(tmp_path, "mine") == tmp_path / LAST
    assert read_checkpoint(tmp_path / LAST)["value"].tolist() == [2.0] * 4
    assert read_checkpoint(tmp_path / PREVIOUS)["value"].tolist() == [1.0] * 4


@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda content: b"", lambda _: b"no"])
def test_a_broken_newest_is_named_once_and_the_previous_used(tmp_path, caplog, damage):
    save(tmp_path, 1.0)
    save(tmp_path, 2.0)
    last = tmp_path / LAST
    last.write_bytes(damage(last.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert find_checkpoint(tmp_path, "mine") == tmp_path / PREVIOUS
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith(f"{last} cannot be read (")


def test_one_whose_bits_have_changed_on_the_disk_is_not_used(tmp_path, caplog):
    """Torch reads such a file without a word: the numbers are others, and nothing else."""
    save(tmp_path, 1.0)
    KeepPrevious().save_checkpoint({KEY: "mine", "value": torch.rand(10_000)}, tmp_path / LAST)
    last = tmp_path / LAST
    content = bytearray(last.read_bytes())
    content[20_000:24_000] = bytes(4_000)
    last.write_bytes(content)
    assert read_checkpoint(last)[KEY] == "mine"
    assert find_checkpoint(tmp_path, "mine") == tmp_path / PREVIOUS
    assert caplog.messages[0].startswith(f"{last} is damaged: data/0 in it is not what was written")


def test_another_trainings_checkpoint_is_not_used(tmp_path, caplog):
    save(tmp_path, 1.0, key="another")
    assert find_checkpoint(tmp_path, "mine") is None
    assert "belongs to other examples, settings or weights" in caplog.text


def test_pickled_code_is_not_run(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    torch.save({KEY: "mine", "value": Harmful()}, tmp_path / LAST)
    assert find_checkpoint(tmp_path, "mine") is None
    assert not (tmp_path / "harm").exists()


def test_what_a_killed_process_left_is_removed(tmp_path):
    save(tmp_path, 1.0)
    (tmp_path / f".{LAST}.12345").write_bytes(b"half")
    find_checkpoint(tmp_path, "mine")
    assert [path.name for path in tmp_path.iterdir()] == [LAST]


def test_a_failed_write_leaves_the_newest_and_says_what_to_do(tmp_path, monkeypatch):
    save(tmp_path, 1.0)

    def full_disk(value, path):
        path.write_bytes(b"some")
        raise RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0\nmore")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(TrainingError, match=r"cannot be written to .* unexpected pos 64 vs 0\); free some space"):
        save(tmp_path, 2.0)
    assert [path.name for path in tmp_path.iterdir()] == [LAST]
    assert read_checkpoint(tmp_path / LAST)["value"].tolist() == [1.0] * 4
