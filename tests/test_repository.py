from types import SimpleNamespace

import huggingface_hub
import pytest
from huggingface_hub import constants

from ltd.errors import DataError
from ltd.example import file_digest
from ltd.repository import HubRepository, LocalFolder

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def folder(tmp_path):
    for name in ("b/train.parquet", "a/train.parquet", "a/deep/train.parquet", "top.parquet", "a/notes.txt"):
        (tmp_path / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "files" / name).write_text(name)
    return tmp_path / "files"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The hub's client with a cache of its own that holds one file, and no connection."""
    snapshot = tmp_path / "hub/datasets--owner--data/snapshots" / COMMIT
    (snapshot / "a").mkdir(parents=True)
    (snapshot / "a/train.parquet").write_text("cached")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return snapshot


def listing(monkeypatch, names):
    """Make the hub's client answer with these files."""
    asked = []

    def dataset_info(self, repository, revision, timeout):
        asked.append((repository, revision))
        return SimpleNamespace(sha=COMMIT, siblings=[SimpleNamespace(rfilename=name) for name in names])

    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", dataset_info)
    return asked


def test_a_folders_files_are_found_by_pattern(folder):
    repository = LocalFolder(str(folder), "set x")
    assert repository.names("*/*.parquet") == ["a/train.parquet", "b/train.parquet"]
    assert repository.file("a/train.parquet").read_text() == "a/train.parquet"
    assert repository.contents(["top.parquet"]) == {"top.parquet": file_digest(folder / "top.parquet")}


def test_folders_may_be_links(folder):
    (folder / "linked").symlink_to(folder / "a")
    assert "linked/train.parquet" in LocalFolder(str(folder), "").names("*/*.parquet")


def test_what_a_folder_lacks_is_named_with_the_remedy(folder):
    with pytest.raises(DataError, match=f"there is no folder {folder}/none; set x"):
        LocalFolder(f"{folder}/none", "set x").names("*")
    with pytest.raises(DataError, match=f"there is no file {folder}/none; set x"):
        LocalFolder(str(folder), "set x").file("none")


def test_a_cached_file_of_a_full_commit_needs_no_connection(hub):
    assert HubRepository("owner/data", COMMIT, "").file("a/train.parquet").read_text() == "cached"


@pytest.mark.parametrize("revision", ["main", COMMIT[:12], COMMIT[::-1]])
def test_without_a_connection_nothing_else_is_taken_for_it(hub, revision):
    with pytest.raises(DataError) as refused:
        HubRepository("owner/data", revision, "set x").file("a/train.parquet")
    message = str(refused.value)
    assert message.startswith(f"owner/data at revision {revision} cannot be had from the hub (")
    assert message.endswith("; connect to it, or set x")
    assert "\n" not in message


def test_the_hubs_files_are_found_by_pattern_at_one_commit(hub, monkeypatch):
    asked = listing(monkeypatch, ["README.md", "b/train.parquet", "a/train.parquet", "data/a/train.parquet"])
    repository = HubRepository("owner/data", "main", "")
    assert repository.names("*/*.parquet") == ["a/train.parquet", "b/train.parquet"]
    assert repository.contents(["a/train.parquet"]) == {"a/train.parquet": f"owner/data@{COMMIT}"}
    assert repository.file("a/train.parquet").read_text() == "cached"
    assert asked == [("owner/data", "main")]


def test_a_file_that_the_hub_has_not_is_named(hub, monkeypatch):
    listing(monkeypatch, ["README.md"])
    with pytest.raises(DataError, match="owner/data at 0123456789ab has no file b/x; set x"):
        HubRepository("owner/data", COMMIT, "set x").file("b/x")


def test_a_download_that_fails_says_so(hub, monkeypatch):
    listing(monkeypatch, ["b/x"])
    with pytest.raises(DataError, match=f"owner/data at revision {COMMIT} cannot be had from the hub"):
        HubRepository("owner/data", COMMIT, "set x").file("b/x")
