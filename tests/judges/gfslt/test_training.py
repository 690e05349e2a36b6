"""The training: what its phases share and train, what is kept, and that an interruption does not affect it."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray
from signbench.errors import InputError
from signbench.judges.base import JudgedClip
from signbench.judges.frame_trunk.config import FrameTrunkConfig
from signbench.judges.frame_trunk.training import pictures as trunk_pictures
from signbench.judges.gfslt.checkpoints import translator_weights
from signbench.judges.gfslt.config import GFSLTConfig
from signbench.judges.gfslt.judge import GFSLTJudge
from signbench.judges.gfslt.training import GFSLTTraining
from signbench.scoring.train import measured
from signbench.training.loop import Settings, train
from signbench.training.recipe import Recipe
from signbench.weights.reference_models import write_model
from tests.clips import moving_square
from tests.training.killing import KilledError, killed_at

pytest.importorskip("accelerate")

TEXTS = ("a bird sees a cat.", "a cat sleeps.", "a bird sleeps.", "a cat sees a bird.", "a bird.", "a cat.")
NETWORK = {"widths": [4, 4, 8, 8], "width": 16, "heads": 2, "feed_forward": 16, "positions": 32, "size": 32}
PHASES = ("pretraining", "features", "frames")


class Filmed:
    """A corpus of a few short videos with texts and glosses."""

    name, version, licence = "filmed", "1", "CC0-1.0"
    splits: tuple[str, ...] = ("train",)

    def ids(self, split):
        return [f"clip-{index}" for index in range(len(TEXTS))]

    def clip(self, clip_id):
        index = int(clip_id[-1])
        video = FrameArray(moving_square(16 + 4 * index, height=32, width=32, seed=index), clip_id, 25.0)
        words = TEXTS[index].rstrip(".").upper().split()
        return Clip(clip_id, video=video, text=TEXTS[index], gloss=tuple(word for word in words if word != "A"), fps=25.0)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_TRAINING_CACHE", str(tmp_path_factory.getbasetemp() / "training"))


def data(phases=PHASES, network=None, **settings):
    recipe = {
        "model": "gfslt",
        "summary": "For tests.",
        "configuration": "small",
        "network": NETWORK if network is None else network,
        "corpus": "filmed",
        "train": ["train"],
        "dev": "train",
        "dev_clips": 2,
        "data": {"trunk": "", "takes": 1, "copies": 2, **settings},
        "phases": [{"name": name, "epochs": 2, "batch": 3, "optimiser": {"name": "adamw", "rate": 1e-3}} for name in phases],
        "select": {"metric": "bleu:order=4", "gives": "text", "direction": "higher"},
    }
    return GFSLTTraining(Recipe.model_validate(recipe), Filmed())


def prepared(**settings):
    made = data(**settings)
    made.prepare(lambda *_: None)
    return made, made.build().train()


def losses(made, network, phase):
    made.begin(phase, network, lambda *_: None)
    batch = made.batch(phase, np.array([0, 3, 5]), np.random.Generator(np.random.PCG64(1)))
    return made.losses(network, batch, phase)


def test_the_pretraining_trains_the_translators_own_encoder_and_decoder():
    _, network = prepared()
    both, decoder, translator = network.visual_language, network.decoder, network.translator
    assert both.model_images.model is translator.backbone
    assert both.model_images.trans_encoder is translator.mbart.model.encoder
    assert decoder.text_decoder is translator.mbart.model.decoder
    assert decoder.lm_head is translator.mbart.lm_head
    assert both.model_txt.model_txt.embed_tokens is not translator.mbart.model.shared


def test_what_is_shared_is_what_published_weights_take_from_the_pretraining():
    _, network = prepared()
    found = translator_weights(network.visual_language.state_dict(), network.decoder.state_dict(), head=True)
    own = network.translator.state_dict()
    assert set(own) - set(found) == {name for name in own if name.startswith(("sign_emb", "gloss_head"))}
    assert [name for name, tensor in found.items() if not torch.equal(tensor, own[name])] == []


@pytest.mark.parametrize("recognition", [1.0, 0.0])
@pytest.mark.parametrize("phase", PHASES)
def test_every_parameter_that_a_phase_trains_gets_a_gradient_and_no_other(phase, recognition):
    made, network = prepared(recognition=recognition)
    wanted = dict(made.trained(network, phase))
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in wanted)
    found = losses(made, network, phase)
    assert set(found) == {"entropy"} | ({"contrast"} if phase == "pretraining" else set()) | ({"ctc"} if recognition else set())
    torch.stack(list(found.values())).sum().backward()
    assert {name for name, parameter in network.named_parameters() if parameter.grad is not None} == set(wanted)
    trunk = any(name.startswith("translator.backbone.conv_2d") for name in wanted)
    assert trunk == (phase == "frames")


def test_the_trunk_begins_with_that_of_a_reference_model(tmp_path):
    torch.manual_seed(3)
    config = replace(FrameTrunkConfig.small(5), widths=(4, 4, 8, 8), hidden=8)
    trunk = config.build().eval()
    card = {"kind": "trunk", "model": "frame-trunk", "configuration": "small", "summary": "For tests.", "licence": "CC0-1.0"}
    write_model(tmp_path / "seen", card, config=asdict(config), tensors=trunk.state_dict(), files={})
    made, network = prepared(trunk=str(tmp_path / "seen"))
    frames = torch.from_numpy(moving_square(3, height=32, width=32))
    with torch.no_grad():
        found = made.trunk_features(network.eval(), frames)
        assert torch.allclose(found, trunk.resnet(trunk_pictures(frames)), atol=1e-5)


def test_only_the_translator_is_kept():
    made, network = prepared()
    assert set(made.kept(network).state_dict()) == set(made.config().build().state_dict())


def test_the_weights_of_a_small_model_have_at_most_eight_megabytes():
    tensors = GFSLTConfig.small(300, 298, 110).build().state_dict().values()
    assert sum(tensor.numel() * tensor.element_size() for tensor in tensors) < 8e6


def test_kept_features_give_the_losses_of_their_frames():
    made, network = prepared(noise=0.0, warp=0.0, copies=1)
    network.eval()
    made.degradations = replace(made.degradations, share=0.0)
    with torch.no_grad():
        found, expected = (losses(made, network, phase) for phase in ("features", "frames"))
    assert {name: float(value) for name, value in found.items()} == pytest.approx(
        {name: float(value) for name, value in expected.items()}, rel=2e-3
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"phases": ("pretraning",)}, "has a phase pretraning, which gfslt has not. .*pretraining"),
        ({"network": {**NETWORK, "positions": 8}}, "has a clip of 18 frames, and the network reads 12"),
        ({"network": {**NETWORK, "levels": "imagenet"}, "trunk": "frame-trunk"}, r"reads pictures on \[-1, 1\]"),
        ({"colour": 1}, "unknown field colour"),
        ({"network": {"width": 16, "glosses": 3}}, "network has an unknown field glosses"),
    ],
    ids=["an unknown phase", "clips that are too long", "a trunk of other levels", "an unknown setting", "a size that follows"],
)
def test_recipes_that_cannot_be_followed_are_refused(changes, why):
    with pytest.raises(InputError, match=why):
        prepared(**changes)


def test_an_interrupted_training_leaves_the_same_model_and_the_judge_reads_it(tmp_path):
    whole = train(data(), measured, Settings(tmp_path / "whole" / "film", save_seconds=0.0))
    for step in (3, 4, 5):
        with pytest.raises(KilledError):
            train(data(), measured, Settings(tmp_path / "again" / "film", save_seconds=0.0, progress=killed_at(step)))
    again = train(data(), measured, Settings(tmp_path / "again" / "film", save_seconds=0.0))
    assert again.digest == whole.digest
    judge = GFSLTJudge(model=str(whole.folder))
    frames = np.array(moving_square(9, height=32, width=32))
    (answer,) = judge.observe([JudgedClip("a", frames=frames, text=TEXTS[0])], judge.gives)
    assert isinstance(answer["text"], str)
    assert answer["likelihood"].tokens == 7
