"""CLIP's embeddings, on small files of the published form."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from signbench.errors import InputError
from signbench.generators.signavatar.clip import TOKENIZER, WEIGHTS, Clip
from signbench.weights.registry import find
from signbench.weights.store import file_of

transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")

WORDS = {"<|startoftext|>": 0, "b</w>": 1, "o": 2, "book</w>": 3, "k": 4, "a</w>": 5, "<|endoftext|>": 6}


def tokenizer():
    """A byte-level tokenizer of seven words in the form of CLIP's, with its normalisation and its two special words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    made = Tokenizer(
        models.WordLevel({word.replace("</w>", ""): index for word, index in WORDS.items()}, unk_token="<|endoftext|>")
    )
    made.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.RobertaProcessing(("<|endoftext|>", 6), ("<|startoftext|>", 0), add_prefix_space=False)
    return made


def network():
    config = transformers.CLIPConfig(
        text_config={
            "vocab_size": 7,
            "hidden_size": 64,
            "intermediate_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 1,
            "max_position_embeddings": 6,
            "projection_dim": 12,
            "bos_token_id": 0,
            "eos_token_id": 6,
        },
        vision_config={
            "hidden_size": 128,
            "intermediate_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": 32,
            "patch_size": 8,
            "projection_dim": 12,
        },
        projection_dim=12,
    )
    torch.manual_seed(0)
    return transformers.CLIPModel(config).eval()


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The two files in a folder of weights, in which any digest is accepted."""
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("signbench.extractors.network_loading.signed_digest", lambda name: "")
    whole = network()
    # published files also hold the numbers of the positions
    old = {
        "text_model.embeddings.position_ids": torch.arange(6)[None],
        "vision_model.embeddings.position_ids": torch.arange(17)[None],
    }
    for name in (WEIGHTS, TOKENIZER):
        file_of(find(name)).parent.mkdir(parents=True, exist_ok=True)
    torch.save({**whole.state_dict(), **old}, file_of(find(WEIGHTS)))
    tokenizer().save(str(file_of(find(TOKENIZER))))
    return whole


def test_a_word_is_embedded_by_the_projection_of_the_state_at_its_end(files):
    with torch.no_grad():
        found = Clip("cpu").words(["Book", "a book"])
        one = files.text_model(torch.tensor([[0, 3, 6]])).last_hidden_state[0, 2]
        two = files.text_model(torch.tensor([[0, 5, 3, 6]])).last_hidden_state[0, 3]
        torch.testing.assert_close(found, torch.stack([files.text_projection(one), files.text_projection(two)]))
    assert found.shape == (2, 12)
    assert not torch.allclose(found.norm(dim=1), torch.ones(2))  # not normalised


def test_a_long_text_is_cut_and_keeps_its_end(files):
    with torch.no_grad():
        found = Clip("cpu").words(["a a a a a book"])
        cut = files.text_model(torch.tensor([[0, 5, 5, 5, 5, 6]])).last_hidden_state[0, 5]
        torch.testing.assert_close(found[0], files.text_projection(cut))


@pytest.mark.parametrize("shape", [(32, 32), (48, 32), (20, 60)])
def test_a_picture_is_scaled_cropped_and_embedded_as_transformers_does(files, shape):
    from PIL import Image

    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    sizes = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
    processor = transformers.CLIPImageProcessor(**sizes)
    pixels = processor(Image.fromarray(picture), return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        found = Clip("cpu").pictures([picture])
        expected = files.visual_projection(files.vision_model(pixels).pooler_output)
    torch.testing.assert_close(found, expected, rtol=2e-2, atol=2e-2)


def test_missing_weights_are_named_with_the_command_that_fetches_them(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path))
    with pytest.raises(InputError, match=f"signbench weights fetch {WEIGHTS}"):
        Clip("cpu")


def test_a_damaged_file_is_refused(files):
    torch.save({"weight": torch.zeros(1)}, file_of(find(WEIGHTS)))
    with pytest.raises(InputError, match=r"have no text_model\.embeddings\.token_embedding\.weight"):
        Clip("cpu")
    file_of(find(TOKENIZER)).write_text("{}")
    with pytest.raises(InputError, match="is not a tokenizer"):
        Clip("cpu")


def test_the_published_text_encoder_has_63_million_parameters():
    with torch.device("meta"):
        whole = transformers.CLIPModel(transformers.CLIPConfig())
    text = sum(parameter.numel() for parameter in whole.text_model.parameters()) + whole.text_projection.weight.numel()
    assert text == 63_428_096
    assert whole.config.vision_config.image_size == 224
