"""The Fréchet distance: closed forms, invariances, weights, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.metrics.frechet import Gaussian, frechet_distance, frechet_scores
from signbench.statistics.jackknife import groups, leave_out


def clip_records(clips, width, frames=(1, 4), *, seed=0, shift=0.3):
    """Records of clips whose sides have different numbers of vectors."""
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(width, width))
    return [
        {
            "prediction": (random.normal(size=(random.integers(*frames), width)) @ mixing + shift).astype(np.float32),
            "reference": (random.normal(size=(random.integers(*frames), width)) @ mixing).astype(np.float32),
        }
        for _ in range(clips)
    ]


def plain(records, *, unbiased=True):
    return float(frechet_scores(records, np.ones((1, len(records)), dtype=np.int64), "fid", unbiased=unbiased)[0])


def repeated(records, row):
    """The records as often as a row of weights says."""
    return [record for record, often in zip(records, row, strict=True) for _ in range(often)]


@pytest.mark.parametrize("width", [2, 16, 400])
def test_two_unit_normals_whose_means_differ_by_one_in_every_dimension_are_d_apart(width):
    unit = np.eye(width)
    assert frechet_distance(np.zeros(width), unit, np.ones(width), unit) == pytest.approx(width, rel=1e-12)


def test_diagonal_covariances_are_apart_by_the_squared_differences_of_their_deviations():
    random = np.random.default_rng(0)
    first, second = random.uniform(0, 3, (2, 40))
    first[3] = second[5] = 0.0
    mean1, mean2 = random.normal(size=(2, 40))
    expected = np.sum((mean1 - mean2) ** 2) + np.sum((first - second) ** 2)
    assert frechet_distance(mean1, np.diag(first**2), mean2, np.diag(second**2)) == pytest.approx(expected, rel=1e-12)


def test_covariances_that_share_no_direction_are_apart_by_the_sum_of_their_traces():
    """The trace of the root is 0 here, and a root of rounding errors would be 1e-8 for each of 200 dimensions."""
    random = np.random.default_rng(0)
    turn = np.linalg.qr(random.normal(size=(200, 200)))[0]
    first, second = turn[:, :100] @ turn[:, :100].T, 4 * turn[:, 100:] @ turn[:, 100:].T
    zero = np.zeros(200)
    assert frechet_distance(zero, first, zero, second) == pytest.approx(500, abs=1e-10)


@pytest.mark.parametrize("frames", [(1, 2), (3, 9)])
def test_a_set_is_at_no_distance_from_itself(frames):
    records = [{"prediction": record["reference"], "reference": record["reference"]} for record in clip_records(30, 8, frames)]
    assert plain(records) == pytest.approx(0, abs=1e-11)


@pytest.mark.parametrize(("clips", "width"), [(12, 40), (200, 10)], ids=["few", "many"])
@pytest.mark.parametrize("unbiased", [True, False])
def test_the_fold_is_the_distance_of_numpys_moments(clips, width, unbiased):
    records = clip_records(clips, width)
    moments = []
    for side in ("prediction", "reference"):
        vectors = np.concatenate([record[side] for record in records]).astype(np.float64)
        moments += [vectors.mean(axis=0), np.cov(vectors, rowvar=False, ddof=int(unbiased))]
    assert plain(records, unbiased=unbiased) == pytest.approx(frechet_distance(*moments), rel=1e-9)


@pytest.mark.parametrize(("clips", "width"), [(12, 40), (200, 10)], ids=["few", "many"])
def test_a_row_of_weights_is_the_fold_of_the_clips_that_it_repeats_and_leaves_out(clips, width):
    records = clip_records(clips, width)
    rows = np.concatenate(
        [
            np.ones((1, clips), dtype=np.int64),
            leave_out(groups(clips)),
            np.random.default_rng(1).integers(0, 3, (3, clips)),
            2 * np.ones((1, clips), dtype=np.int64),
        ]
    )
    scores = frechet_scores(records, rows, "fid", unbiased=True)
    assert scores[0] == plain(records)
    assert scores.tolist() == pytest.approx([plain(repeated(records, row)) for row in rows], rel=1e-9)


def test_unsigned_weights_of_the_jackknife_do_not_wrap_around():
    records = clip_records(40, 3)
    rows = leave_out(groups(40))
    assert rows.dtype == np.uint8
    signed = frechet_scores(records, rows.astype(np.int64), "fid", unbiased=True)
    np.testing.assert_array_equal(frechet_scores(records, rows, "fid", unbiased=True), signed)


@pytest.mark.parametrize(("clips", "width"), [(12, 40), (200, 10)], ids=["few", "many"])
def test_order_and_how_vectors_are_dealt_to_clips_do_not_matter(clips, width):
    records = clip_records(clips, width)
    flat = [np.concatenate([record[side] for record in records]) for side in ("prediction", "reference")]
    one = [{"prediction": flat[0], "reference": flat[1]}]
    assert plain(records[::-1]) == pytest.approx(plain(records), rel=1e-10)
    assert plain(one) == pytest.approx(plain(records), rel=1e-10)


@pytest.mark.parametrize("factor", [0.25, 1024.0])
def test_it_goes_with_the_square_of_the_vectors_scale(factor):
    records = clip_records(60, 10)
    scaled = [{side: vectors * np.float32(factor) for side, vectors in record.items()} for record in records]
    assert plain(scaled) == pytest.approx(factor**2 * plain(records), rel=1e-9)


@pytest.mark.parametrize(("clips", "width"), [(12, 40), (200, 10)], ids=["few", "many"])
def test_vectors_far_from_the_origin_lose_no_digits(clips, width):
    records = clip_records(clips, width)
    moved = [{side: vectors.astype(np.float64) + 1e6 for side, vectors in record.items()} for record in records]
    assert plain(moved) == pytest.approx(plain(records), rel=1e-6)


def test_vectors_that_are_all_alike_have_no_spread():
    same = np.full((30, 4), 0.1, dtype=np.float32)
    assert plain([{"prediction": same, "reference": same}]) == 0.0
    assert plain([{"prediction": same + np.float32(2), "reference": same}]) == pytest.approx(16, rel=1e-6)


def test_a_row_that_leaves_only_clips_that_are_all_alike_has_a_score():
    random = np.random.default_rng(0)
    varied, same = random.normal(size=(50, 4)), np.full((50, 4), 0.1)
    records = [{"prediction": varied, "reference": varied}, {"prediction": same + 1, "reference": same}]
    scores = frechet_scores(records, np.array([[1, 1], [0, 1]]), "fid", unbiased=True)
    assert scores[1] == pytest.approx(4, rel=1e-9)


def test_a_dimension_that_never_changes_adds_nothing():
    records = clip_records(60, 10)
    wider = [{side: np.insert(vectors, 3, 7.0, axis=1) for side, vectors in record.items()} for record in records]
    assert plain(wider) == pytest.approx(plain(records), rel=1e-9)


def test_clips_without_vectors_are_passed_over():
    records = clip_records(20, 3)
    none = {"prediction": np.empty((0, 0), np.float32), "reference": np.empty((0, 0), np.float32)}
    assert plain([*records, none]) == plain(records)
    assert plain([none, *records]) == plain(records)


def test_the_result_is_the_same_bit_for_bit_each_time():
    records = clip_records(60, 12)
    rows = np.concatenate([np.ones((1, 60), np.int64), leave_out(groups(60))])
    first, second = (frechet_scores(records, rows, "fid", unbiased=True) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_fewer_than_two_vectors_are_an_error_that_counts_them():
    one = {"prediction": np.ones((1, 4)), "reference": np.ones((3, 4))}
    with pytest.raises(InputError, match="metric fid needs at least 2 vectors on each side; there are 1 of the predictions and 3"):
        plain([one])


def test_a_row_that_leaves_fewer_than_two_vectors_is_not_a_number():
    records = [{"prediction": np.eye(4)[:1], "reference": np.eye(4)[1:2]} for _ in range(3)]
    scores = frechet_scores(records, np.array([[1, 0, 0], [0, 0, 0], [1, 1, 0]]), "fid", unbiased=True)
    assert np.isnan(scores).tolist() == [True, True, False]


@pytest.mark.parametrize(
    "vectors",
    [np.ones(5), np.ones((5, 1)), np.ones((5, 1, 2)), np.ones((5, 3)) * np.nan, np.full((5, 3), np.inf)],
    ids=["(N,)", "(N, 1)", "(N, 1, D)", "nan", "inf"],
)
def test_what_is_not_a_finite_matrix_of_vectors_is_refused(vectors):
    good = np.random.default_rng(0).normal(size=(5, 3))
    with pytest.raises(InputError, match="metric fid"):
        plain([{"prediction": vectors, "reference": good}])
    with pytest.raises(InputError, match="metric fid"):
        plain([{"prediction": good, "reference": vectors}])


def test_clips_of_different_networks_are_refused():
    random = np.random.default_rng(0)
    records = [{"prediction": random.normal(size=(5, width)), "reference": random.normal(size=(5, 3))} for width in (3, 4)]
    with pytest.raises(InputError, match="one clip's prediction has 3 features, another's 4"):
        plain(records)


@pytest.mark.parametrize(
    "covariance",
    [
        np.diag([1.0, -1.0]),
        np.array([[0.0, 1.0], [1.0, 0.0]]),
        np.array([[1.0, 2.0], [2.0, 1.0]]),
        np.array([[1.0, 0.5], [0.0, 1.0]]),
    ],
    ids=["negative", "no variance", "too correlated", "not symmetric"],
)
def test_something_other_than_a_covariance_is_refused_rather_than_made_real(covariance):
    with pytest.raises(InputError, match="a covariance has negative eigenvalues or is not symmetric"):
        frechet_distance(np.zeros(2), covariance, np.zeros(2), np.eye(2))


@pytest.mark.parametrize(
    ("mean", "covariance"),
    [(np.zeros((1, 2)), np.eye(2)), (np.zeros(3), np.eye(2)), (np.zeros(2), np.ones(2)), (np.full(2, np.nan), np.eye(2))],
)
def test_means_and_covariances_that_do_not_fit_are_refused(mean, covariance):
    with pytest.raises(InputError, match="a Fréchet distance needs means"):
        frechet_distance(np.zeros(2), np.eye(2), mean, covariance)


def test_a_factor_has_no_more_rows_than_its_covariance_has_rank():
    vectors = np.random.default_rng(0).normal(size=(300, 4)) @ np.random.default_rng(1).normal(size=(4, 10))
    covariance = np.cov(vectors, rowvar=False)
    factor = Gaussian.of_moments(vectors.mean(axis=0), covariance).factor
    assert factor.shape == (4, 10)
    np.testing.assert_allclose(factor.T @ factor, covariance, atol=1e-12)
