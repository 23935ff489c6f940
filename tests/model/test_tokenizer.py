"""The rules of the tokenizers; Galactica's are checked on its real one, with ids known from its authors."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf
from transformers import AutoTokenizer

from ltd.encoding import TextEncoder
from ltd.errors import ModelError
from ltd.model.tiny import byte_tokenizer
from ltd.model.tokenizer import beginning, prepare_tokenizer

CONF = Path(__file__).resolve().parents[2] / "conf" / "model"


@pytest.fixture
def galactica(real_data):
    """The real tokenizer with the rules that ``model=galactica_125m`` gives it, and the ids of its beginning."""
    option = OmegaConf.load(CONF / "galactica_125m.yaml")
    tokenizer = AutoTokenizer.from_pretrained(real_data / "galactica-tokenizer")
    begin = prepare_tokenizer("galactica_125m", tokenizer, dict(option.special_tokens), option.begin)
    return tokenizer, begin


def test_galactica_comes_with_nothing_set(real_data):
    tokenizer = AutoTokenizer.from_pretrained(real_data / "galactica-tokenizer")
    assert tokenizer.pad_token is None
    assert tokenizer.eos_token is None
    assert beginning(tokenizer) == ()


def test_galactica_special_tokens_have_their_authors_ids(galactica):
    tokenizer, begin = galactica
    ids = (tokenizer.bos_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id)
    assert ids == (0, 1, 2, 3)
    assert len(tokenizer) == 50_000
    assert begin == (2,)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (" Yes", [7770]),
        (" No", [2453]),
        (" True", [11251]),
        (" False", [12051]),
        (" Neither", [24554]),
        (" Maybe", [4954, 2451]),
        ("The Transformer architecture [START_REF]", [592, 23121, 5219, 243, 4]),
    ],
)
def test_galactica_writes_known_texts_in_known_ids(galactica, text, ids):
    assert galactica[0](text, add_special_tokens=False)["input_ids"] == ids


def test_galactica_splits_digits_one_by_one(galactica):
    tokens = galactica[0].tokenize(" 1987")
    assert [token.strip("Ġ") for token in tokens if token.strip("Ġ")] == ["1", "9", "8", "7"]


def test_galactica_training_sequences_begin_and_end_as_its_documents(galactica):
    tokenizer, begin = galactica
    encoder = TextEncoder(tokenizer, begin, tokenizer.eos_token_id)
    (encoded,) = encoder.targets(["Dogs bark. True or False?"], ["True"])
    assert encoded.ids[0] == 2
    assert encoded.ids[encoded.n_prompt :] == (11251, 2)


def test_a_saved_tokenizer_keeps_its_rules(galactica, tmp_path):
    galactica[0].save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert beginning(again) == (2,)
    assert again("a")["input_ids"] == galactica[0]("a")["input_ids"]
    assert prepare_tokenizer("saved", again, {}, None) == (2,)
    assert (again.pad_token_id, again.eos_token_id) == (1, 2)
    assert (again.padding_side, again.truncation_side) == ("left", "left")


def test_nothing_in_front_is_kept_or_made():
    tokenizer = byte_tokenizer()
    assert prepare_tokenizer("tiny", tokenizer, {}, "<s>") == (1,)
    assert prepare_tokenizer("tiny", tokenizer, {}, None) == (1,)
    assert prepare_tokenizer("tiny", tokenizer, {}, "") == ()


def test_padding_falls_back_to_the_end_token():
    tokenizer = byte_tokenizer()
    tokenizer.pad_token = None
    prepare_tokenizer("tiny", tokenizer, {}, None)
    assert tokenizer.pad_token == "</s>"


def test_a_tokenizer_that_cannot_pad_is_refused():
    tokenizer = byte_tokenizer()
    tokenizer.pad_token = tokenizer.eos_token = None
    with pytest.raises(ModelError, match=r"model tiny has no token to pad with; set model\.special_tokens\.pad_token"):
        prepare_tokenizer("tiny", tokenizer, {}, None)


def test_tokens_that_the_vocabulary_lacks_are_refused_and_not_added():
    tokenizer = byte_tokenizer()
    with pytest.raises(ModelError, match=r"model tiny has no token <begin>, <nothing>; correct"):
        prepare_tokenizer("tiny", tokenizer, {"pad_token": "<nothing>"}, "<begin>")
    assert len(tokenizer) == 256 + 3
