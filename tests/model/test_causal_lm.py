import json
import time

import huggingface_hub
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertLMHeadModel, BloomConfig

from ltd.errors import ModelError
from ltd.model.causal_lm import CausalLM
from ltd.model.folder import save_folder
from ltd.model.tiny import Tiny, byte_tokenizer, random_network


@pytest.fixture
def saved(tmp_path):
    """A folder as a finished run leaves it, and the model in it."""
    loaded = Tiny(architecture="opt", begin="</s>").load()
    save_folder(loaded.network, loaded.tokenizer, tmp_path / "model")
    return tmp_path / "model", loaded


def test_a_saved_model_comes_back_whole(saved):
    folder, original = saved
    loaded = CausalLM(path=str(folder)).load()
    assert (loaded.begin, loaded.end, loaded.max_length) == ((2,), 2, 2048)
    assert not loaded.network.training
    for name, tensor in original.network.state_dict().items():
        assert torch.equal(tensor, loaded.network.state_dict()[name])


def test_the_fingerprint_follows_weights_tokenizer_and_beginning(saved):
    folder, _ = saved
    first = CausalLM(path=str(folder)).load().fingerprint
    assert CausalLM(name="another", path=str(folder), lr=1.0).load().fingerprint == first
    assert CausalLM(path=str(folder), begin="").load().fingerprint != first
    weights = load_file(folder / "model.safetensors")
    weights["model.decoder.final_layer_norm.bias"][0] += 1e-6
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert CausalLM(path=str(folder)).load().fingerprint != first


def test_the_source_follows_the_folders_content_and_not_its_place(saved, monkeypatch):
    folder, _ = saved
    first = CausalLM(path=str(folder)).source()
    monkeypatch.chdir(folder.parent)
    assert CausalLM(path="model").source() == CausalLM(path=".").source() == first
    assert CausalLM(path=str(folder.rename(folder.with_name("elsewhere")))).source() == first
    (folder.parent / "elsewhere" / "model.safetensors").write_bytes(b"other weights")
    assert CausalLM(path="elsewhere").source() != first
    assert CausalLM(hub="a/b").source() != CausalLM(hub="a/b", revision="v1").source() != CausalLM(hub="a/c").source()


def test_an_opt_whose_texts_begin_with_nothing_is_told_of(tmp_path, caplog):
    loaded = Tiny(architecture="opt").load()
    save_folder(loaded.network, loaded.tokenizer, tmp_path / "galactica")
    CausalLM(path=str(tmp_path / "galactica"), begin="</s>").load()
    assert caplog.messages == []
    CausalLM(path=str(tmp_path / "galactica")).load()
    (message,) = caplog.messages
    assert message.startswith("model galactica is an OPT whose texts would begin with no special token")


def test_a_model_without_a_table_of_positions_has_a_window_all_the_same(tmp_path):
    tokenizer = byte_tokenizer()
    config = BloomConfig(vocab_size=len(tokenizer), hidden_size=32, n_layer=1, n_head=2)
    save_folder(random_network(config, seed=0), tokenizer, tmp_path / "model")
    assert CausalLM(path=str(tmp_path / "model")).load().max_length == 2048


@pytest.mark.parametrize("is_decoder", [True, False])
def test_a_model_that_looks_ahead_is_refused(tmp_path, is_decoder):
    """BERT's, unless told to be a decoder: transformers loads it as a causal model all the same."""
    tokenizer = byte_tokenizer()
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    torch.manual_seed(0)
    network = BertLMHeadModel(BertConfig(vocab_size=len(tokenizer), is_decoder=is_decoder, **sizes))
    save_folder(network, tokenizer, tmp_path / "bert")
    model = CausalLM(path=str(tmp_path / "bert"))
    if is_decoder:
        assert model.load().network.config.is_decoder
    else:
        with pytest.raises(ModelError, match=r"^model bert looks ahead: its logits change by up to [0-9.]+ with the"):
            model.load()


def test_names_come_from_where_the_model_is(saved):
    assert CausalLM(path=str(saved[0])).name == saved[0].parent.name
    assert CausalLM(path="models/galactica-125m").name == "galactica-125m"
    assert CausalLM(hub="facebook/galactica-125m").name == "galactica-125m"
    assert CausalLM(name="mine", hub="facebook/galactica-125m").name == "mine"


def test_problems_with_a_folder_are_told_before_anything_is_loaded(saved):
    folder, _ = saved
    with pytest.raises(ModelError, match=r"/none is not a folder; point model\.path= .* connect to a model hub$"):
        CausalLM(path=str(folder / "none")).check()
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"has no \*\.safetensors \(pickled weights are not read"):
        CausalLM(path=str(folder)).check()
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match=r"has no config\.json"):
        CausalLM(path=str(folder)).check()
    with pytest.raises(ModelError, match="neither a hub name nor a folder"):
        CausalLM().check()


def test_missing_weights_are_an_error_not_random_numbers(saved):
    folder, _ = saved
    weights = load_file(folder / "model.safetensors")
    del weights["model.decoder.final_layer_norm.bias"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"1 weights are missing .* first is model\.decoder\.final_layer_norm\.bias"):
        CausalLM(path=str(folder)).load()


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_damaged_folder_is_one_line_with_both_remedies(saved, file):
    folder, _ = saved
    (folder / file).write_bytes((folder / file).read_bytes()[:100])
    with pytest.raises(ModelError) as raised:
        CausalLM(path=str(folder)).load()
    assert "\n" not in str(raised.value)
    assert "connect to a model hub, or point model.path=" in str(raised.value)


def test_code_that_comes_with_a_model_is_not_run(saved):
    folder, _ = saved
    config = json.loads((folder / "config.json").read_text())
    config["model_type"] = "unheard_of"
    config["auto_map"] = {"AutoConfig": "code.Config", "AutoModelForCausalLM": "code.Model"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "code.py").write_text(f"open({str(folder / 'harm')!r}, 'w')")
    with pytest.raises(ModelError):
        CausalLM(path=str(folder)).load()
    assert not (folder / "harm").exists()


def test_without_a_hub_the_error_is_quick_and_one_line():
    started = time.perf_counter()
    with pytest.raises(ModelError) as raised:
        CausalLM("galactica", hub="facebook/galactica-no-such-size").load()
    assert time.perf_counter() - started < 60
    assert str(raised.value) == (
        "model galactica cannot be had from the hub as facebook/galactica-no-such-size (LocalEntryNotFoundError); "
        "connect to a model hub, or point model.path= at a local folder that holds it"
    )


def test_the_hubs_copy_is_loaded_and_known_by_its_commit(saved, monkeypatch):
    folder, original = saved
    asked = {}

    def snapshot_download(repo_id, **options):
        asked.update(options, repo_id=repo_id)
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    loaded = CausalLM(hub="owner/name", revision="v1").load()
    assert (asked["repo_id"], asked["revision"]) == ("owner/name", "v1")
    assert not any(pattern.endswith((".bin", ".py", "*")) for pattern in asked["allow_patterns"])
    assert torch.equal(loaded.network.lm_head.weight, original.network.lm_head.weight)
    assert loaded.fingerprint != CausalLM(hub="other/name").load().fingerprint


def test_the_local_folder_wins_over_the_hub(saved, monkeypatch):
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: pytest.fail("asked the hub"))
    assert CausalLM(hub="owner/name", path=str(saved[0])).load().begin == (2,)
