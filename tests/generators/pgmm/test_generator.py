"""The generators PGMM and TPSMM: their productions, what identifies them, and what they refuse."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from signbench.errors import InputError
from signbench.generators.base import Made
from signbench.generators.pgmm import animation
from signbench.generators.pgmm.animation import Animation, hull_area
from signbench.generators.pgmm.generator import PGMMGenerator, TPSMMGenerator
from signbench.generators.pgmm.pose_maps import PoseMaps
from tests.generators.pgmm.models import TINY, WITHOUT_POSE, built, pictures, written_estimator, written_generator
from tests.generators.runs import prompts

GIVEN = ["source_image", "driving_video"]
VIDEO = Made("video", 25.0, size=(32, 32))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models: an estimator, a PGMM and a TPSMM."""
    path = tmp_path_factory.mktemp("models")
    written_estimator(path / "estimator")
    written_generator(path / "moving", replace(TINY, pose_estimator=str(path / "estimator")))
    written_generator(path / "splines", WITHOUT_POSE, "tpsmm")
    return path


def frames(count, side=32, seed=0):
    return (pictures(count, side, seed).permute(0, 2, 3, 1) * 255).byte().numpy()


def made_by(generator, made=VIDEO, clips=("test-0001", "test-0002")):
    found = prompts(made, GIVEN, clips=clips)
    return {one.clip: np.stack(list(one.frames)) for one in generator.generate(list(found.values()), [0] * len(found))}


@pytest.mark.parametrize(
    ("kind", "model", "options"),
    [
        (PGMMGenerator, "moving", {}),
        (TPSMMGenerator, "splines", {}),
        (TPSMMGenerator, "splines", {"mode": "relative"}),
        (TPSMMGenerator, "splines", {"mode": "avd"}),
        (TPSMMGenerator, "splines", {"background": "true"}),
    ],
)
@pytest.mark.parametrize("size", [(32, 32), (24, 32), (48, 64)])
def test_a_production_has_the_driving_videos_length_and_the_tasks_size(folder, kind, model, options, size):
    generator = kind(folder / model, **options)
    made = made_by(generator, Made("video", 25.0, size=size))
    assert {clip: video.shape for clip, video in made.items()} == {"test-0001": (10, *size, 3), "test-0002": (8, *size, 3)}
    assert all(video.dtype == np.uint8 for video in made.values())


def test_a_production_depends_on_its_own_prompt_alone(folder):
    generator = PGMMGenerator(folder / "moving")
    together = made_by(generator)
    for clip, video in together.items():
        assert np.array_equal(made_by(PGMMGenerator(folder / "moving"), clips=(clip,))[clip], video)


@pytest.mark.parametrize("mode", ["standard", "relative", "avd"])
def test_chunks_give_the_frames_of_the_whole(mode):
    network = built(WITHOUT_POSE)
    driving = frames(7, seed=1)
    with torch.no_grad():
        whole = Animation(network, None, frames(1)[0], mode=mode).frames(driving)
        parts = Animation(network, None, frames(1)[0], mode=mode)
        pieces = np.concatenate([parts.frames(driving[:3]), parts.frames(driving[3:4]), parts.frames(driving[4:])])
    assert np.abs(whole.astype(int) - pieces).max() <= 1


def test_a_long_video_is_made_chunk_by_chunk_and_the_source_encoded_once(folder, monkeypatch):
    sizes, encoded = [], []
    whole, encode = Animation.frames, None
    monkeypatch.setattr(animation, "CHUNK", 3)
    monkeypatch.setattr(Animation, "frames", lambda self, driving: (sizes.append(len(driving)), whole(self, driving))[1])
    generator = PGMMGenerator(folder / "moving")
    inpainting = generator._networks[0].inpainting_network
    encode = inpainting.encode
    monkeypatch.setattr(inpainting, "encode", lambda pictures: (encoded.append(len(pictures)), encode(pictures))[1])
    assert made_by(generator, clips=("test-0001",))["test-0001"].shape == (10, 32, 32, 3)
    assert sizes == [3, 3, 3, 1]
    assert encoded == [1]


def test_the_animation_is_the_networks_picture():
    network = built(WITHOUT_POSE)
    source, driving = frames(1), frames(2, seed=1)
    with torch.no_grad():
        made = Animation(network, None, source[0]).frames(driving)
        shown = [torch.from_numpy(one).permute(0, 3, 1, 2).float() / 255 for one in (source, driving)]
        expected = network(shown[0].expand(2, -1, -1, -1), shown[1], background=False).picture
    assert np.abs(made - (expected * 255).permute(0, 2, 3, 1).numpy()).max() <= 0.51


def test_relative_key_points_move_the_sources_by_the_displacement_on_its_scale():
    network = built(WITHOUT_POSE)
    animated = Animation(network, None, frames(1)[0], mode="relative")
    driving = torch.rand(3, 10, 2, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        moved = animated._moved(driving)
        source = network.kp_detector(torch.from_numpy(frames(1)).permute(0, 3, 1, 2).float() / 255)[0]
    scale = (hull_area(source) / hull_area(driving[0])) ** 0.5
    assert torch.allclose(moved, source + scale * (driving - driving[0]), atol=1e-6)


def test_the_area_of_a_hull_ignores_points_inside():
    assert hull_area(torch.tensor([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0], [1.0, 0.5]])) == pytest.approx(2)


def test_a_larger_frame_keeps_the_sources_sharpness_where_nothing_moves(folder):
    network = built(WITHOUT_POSE)
    network.inpainting_network.final_blend = True
    with torch.no_grad():
        for convolution in network.dense_motion_network.occlusion:
            convolution.weight.zero_()
            convolution.bias.fill_(30.0)
        network.dense_motion_network.maps.weight.zero_()
        network.dense_motion_network.maps.bias.copy_(torch.tensor([30.0, 0.0, 0.0]))
        source = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        made = Animation(network, None, source).frames(frames(1))
    assert np.abs(made[0].astype(int) - source).max() <= 1


def test_the_card_names_the_checkpoint_and_the_parameters(folder):
    cards = [
        PGMMGenerator(folder / "moving").card,
        PGMMGenerator(folder / "moving", estimator=folder / "estimator").card,
        TPSMMGenerator(folder / "splines", mode="relative", background="true").card,
    ]
    assert [card.name for card in cards] == [
        "pgmm:checkpoint=moving",
        "pgmm:checkpoint=moving,estimator=estimator",
        "tpsmm:checkpoint=splines,mode=relative,background=true",
    ]
    assert cards[0].modalities == ("video",) and cards[0].prompt_fields == ("source_image", "driving_video")
    assert cards[0].checkpoint == cards[1].checkpoint != cards[2].checkpoint


def test_another_estimator_is_another_checkpoint(folder, tmp_path):
    other = written_estimator(tmp_path / "other")
    weights = {name: tensor + 1 if tensor.is_floating_point() else tensor for name, tensor in other.weights().items()}
    from signbench.weights.reference_models import write_model

    card = other.card.as_json()
    write_model(
        tmp_path / "changed",
        {name: value for name, value in card.items() if name not in ("files", "name")},
        config=other.config(),
        tensors=weights,
        files={},
    )
    first, second = (PGMMGenerator(folder / "moving", estimator=path).card for path in (folder / "estimator", tmp_path / "changed"))
    assert first.checkpoint != second.checkpoint


@pytest.mark.parametrize(
    ("kind", "model", "options", "words"),
    [
        (PGMMGenerator, "moving", {"mode": "absolute"}, "mode=absolute is unknown; use standard, relative or avd"),
        (PGMMGenerator, "moving", {"background": "maybe"}, "neither true nor false"),
        (PGMMGenerator, "moving", {"size": "large"}, "not a number of pixels"),
        (PGMMGenerator, "splines", {}, "of the kind tpsmm, not pgmm"),
        (PGMMGenerator, "estimator", {}, "of the kind pose-estimator, not pgmm"),
        (TPSMMGenerator, "moving", {}, "of the kind pgmm, not tpsmm"),
        (TPSMMGenerator, "splines", {"estimator": "pose-estimator"}, "takes no estimator"),
        (PGMMGenerator, "nothing", {}, "does not exist"),
    ],
)
def test_what_does_not_fit_is_refused(folder, kind, model, options, words):
    with pytest.raises(InputError, match=re.escape(words)):
        kind(folder / model, **options)


def test_without_a_trained_model_the_message_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("signbench.generators.pgmm.generator.has_model", lambda name: False)
    with pytest.raises(InputError, match="run signbench train tpsmm --out reference_models/tpsmm"):
        TPSMMGenerator()


@pytest.mark.parametrize(
    ("changed", "options", "words"),
    [
        ({}, {"mode": "relative"}, "mode=relative moves key points, but not the pose maps"),
        ({"fusion": "none"}, {"mode": "avd"}, "needs a checkpoint with an avd_network"),
        ({"background_widths": ()}, {"background": True}, "needs a model with a bg_predictor"),
    ],
)
def test_a_mode_that_the_model_lacks_is_refused(changed, options, words):
    with pytest.raises(InputError, match=re.escape(words)):
        Animation(built(replace(TINY, **changed)), None, frames(1)[0], **options)


@pytest.mark.parametrize(
    ("points", "size", "words"),
    [((0, 133), 32, "without 133"), ((0, 1), 64, "is for pictures of 32 x 32, not of 64")],
)
def test_an_estimator_that_does_not_fit_is_refused(folder, points, size, words):
    with pytest.raises(InputError, match=re.escape(words)):
        PoseMaps(folder / "estimator", points, size)
    with pytest.raises(InputError, match="of the kind tpsmm, not pose-estimator"):
        PoseMaps(folder / "splines", points, size)
