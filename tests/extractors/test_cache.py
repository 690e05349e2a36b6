from __future__ import annotations

import hashlib
import logging
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.extractors import cache as cache_module
from signbench.extractors import observation_files
from signbench.extractors.cache import CacheDamagedError, ObservationCache, observation_key
from tests.patience import PATIENCE

PARTS = {
    "recording_digest": "a" * 64,
    "reader": "pyav/1",
    "view": "25 frames/s",
    "extractor": "inception/1+6726825d0af5+tf1+float32",
}
KEY = observation_key(**PARTS)
DESCRIPTION = {"extractor": PARTS["extractor"]}


@pytest.fixture
def cache(tmp_path):
    return ObservationCache(tmp_path / "observations", limit=10**9)


def blocks(seed=0, shapes=((3, 5), (1, 5), (0, 5), (7, 5))):
    numbers = np.random.default_rng(seed)
    return [numbers.normal(size=shape).astype(np.float32) for shape in shapes]


def keep(cache, key=KEY, made=None, description=DESCRIPTION):
    with cache.writer(key, description) as writer:
        for block in blocks() if made is None else made:
            writer.add(block)


def read(cache, key=KEY):
    kept = cache.open(key)
    if kept is None:
        return None
    with kept:
        return list(kept.blocks())


def same(left, right):
    return [block.tobytes() for block in left] == [block.tobytes() for block in right] and [
        (block.shape, block.dtype) for block in left
    ] == [(block.shape, block.dtype) for block in right]


def files_of(cache):
    return sorted(path.name for path in cache.folder.iterdir())


def test_a_hit_is_what_was_written_bit_for_bit_and_block_by_block(cache):
    made = blocks()
    made[0][0] = [np.nan, np.inf, -np.inf, -0.0, np.float32(1e-45)]
    keep(cache, made=made)
    assert same(read(cache), made)
    assert same(read(cache), made)


def test_what_comes_out_may_be_changed_by_its_reader(cache):
    keep(cache)
    first = read(cache)[0]
    first += 1
    assert same(read(cache), blocks())


@pytest.mark.parametrize(
    "made", [[], [np.zeros((0, 4), np.float32)], [np.zeros((2, 0), np.float32)]], ids=["none", "rows", "columns"]
)
def test_an_observation_may_be_empty(made, cache):
    keep(cache, made=made)
    assert same(read(cache), made)


def test_an_array_in_another_order_of_memory_is_kept_as_the_array_that_it_is(cache):
    block = np.asfortranarray(blocks()[0])
    keep(cache, made=[block, block[:, ::-1], block[::2]])
    assert all(map(np.array_equal, read(cache), [block, block[:, ::-1], block[::2]]))


@pytest.mark.parametrize(
    "block",
    [np.zeros((2, 3)), np.zeros(3, np.float32), np.zeros((1, 2, 3), np.float32)],
    ids=["float64", "one axis", "three axes"],
)
def test_something_other_than_a_block_of_rows_is_refused_and_nothing_is_kept(block, cache):
    with pytest.raises(ValueError, match=r"float32 \(n, D\)"), cache.writer(KEY, DESCRIPTION) as writer:
        writer.add(block)
    assert files_of(cache) == []


def test_rows_of_two_lengths_are_refused(cache):
    with pytest.raises(ValueError, match=r"got float32 \(1, 3\)"):
        keep(cache, made=[np.zeros((2, 4), np.float32), np.zeros((1, 3), np.float32)])


def test_there_is_nothing_before_something_was_kept(cache):
    assert cache.open(KEY) is None
    assert not cache.folder.exists()
    assert cache.entries() == []


@pytest.mark.parametrize("part", PARTS)
def test_a_change_of_any_part_of_the_key_misses(part, cache):
    keep(cache)
    assert read(cache, observation_key(**{**PARTS, part: PARTS[part] + "0"})) is None
    assert read(cache, observation_key(**PARTS)) is not None


@pytest.mark.parametrize(
    "extractor",
    ["inception/2+6726825d0af5+tf1+float32", "inception/1+0726825d0af5+tf1+float32", "inception/1+6726825d0af5+bicubic+float32",
     "inception/1+6726825d0af5+tf1+bf16"],
    ids=["code revision", "weights", "resize", "precision"],
)  # fmt: skip
def test_another_extractor_misses(extractor, cache):
    keep(cache)
    assert read(cache, observation_key(**{**PARTS, "extractor": extractor})) is None


def test_parts_of_a_key_do_not_run_into_one_another():
    keys = {observation_key("ab", "c", "d", "e"), observation_key("a", "bc", "d", "e"), observation_key("a", "b", "cd", "e")}
    assert len(keys) == 3
    assert observation_key("a", 'b","view":"c', "d", "e") != observation_key("a", "b", "c", "e")


def test_the_key_is_sha256_over_canonical_json():
    text = '{"extractor":"e","reader":"b","recording":"a","view":"c"}'
    assert observation_key("a", "b", "c", "e") == hashlib.sha256(text.encode()).hexdigest()


def test_an_error_while_writing_leaves_nothing(cache):
    with pytest.raises(ZeroDivisionError):
        keep(cache, made=(block / (1 // len(block)) for block in [blocks()[1], *blocks()[2:]]))
    assert files_of(cache) == []
    assert cache.open(KEY) is None


def test_what_its_writer_discards_is_not_kept(cache, caplog):
    with cache.writer(KEY, DESCRIPTION) as writer:
        writer.add(blocks()[0])
        writer.discard()
        writer.add(blocks()[1])
    assert files_of(cache) == []
    assert caplog.records == []


def test_an_observation_is_not_seen_before_it_is_whole(cache):
    with cache.writer(KEY, DESCRIPTION) as writer:
        writer.add(blocks()[0])
        assert cache.open(KEY) is None
    assert read(cache) is not None


def test_the_last_of_two_writers_of_one_key_wins_and_both_are_whole(cache):
    with cache.writer(KEY, DESCRIPTION) as first, cache.writer(KEY, DESCRIPTION) as second:
        for writer in (first, second):
            for block in blocks():
                writer.add(block)
    assert same(read(cache), blocks())
    assert files_of(cache) == [f"{KEY}.observation"]


def test_what_is_being_read_can_be_written_again_and_removed(cache):
    keep(cache)
    with cache.open(KEY) as kept:
        reading = kept.blocks()
        next(reading)
        keep(cache, made=blocks(seed=1))
        (cache.folder / f"{KEY}.observation").unlink()
        assert same(list(reading), blocks()[1:])


def positions(path):
    """A byte of every kind of thing that a file holds, and many others."""
    size = path.stat().st_size
    return sorted({*range(0, size, 7), *range(60), *range(size - 60, size)})


def test_a_flipped_byte_anywhere_is_a_miss_and_never_rows(cache, caplog):
    keep(cache)
    path = cache.folder / f"{KEY}.observation"
    whole = path.read_bytes()
    for position in positions(path):
        damaged = bytearray(whole)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        assert cache.open(KEY) is None, position
        assert not path.exists()
    assert "was damaged and will be computed again" in caplog.text
    keep(cache)
    assert same(read(cache), blocks())


def test_a_truncated_or_lengthened_file_is_a_miss(cache):
    keep(cache)
    path = cache.folder / f"{KEY}.observation"
    whole = path.read_bytes()
    for content in [whole[:end] for end in range(0, len(whole), 5)] + [whole + b"\0", whole + whole]:
        path.write_bytes(content)
        assert cache.open(KEY) is None
        assert not path.exists()


def test_blocks_that_were_left_out_or_exchanged_are_a_miss(cache):
    made = [np.full((1, 2), value, np.float32) for value in range(3)]
    keep(cache, made=made)
    path = cache.folder / f"{KEY}.observation"
    with path.open("rb") as stream:
        ends = [len(observation_files._MAGIC)]
        ends += [stream.tell() for _ in observation_files._sections(stream)]
    pieces = [path.read_bytes()[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    for order in ([0, 1, 2, 4, 5], [0, 1, 3, 2, 4, 5], [0, 1, 2, 2, 3, 4, 5], [0, 1, 5]):
        path.write_bytes(b"".join(pieces[index] for index in order))
        assert cache.open(KEY) is None


def test_an_entry_under_the_name_of_another_is_a_miss(cache):
    keep(cache)
    other = "0" * 64
    (cache.folder / f"{KEY}.observation").rename(cache.folder / f"{other}.observation")
    assert cache.open(other) is None


@pytest.mark.parametrize("change", [{"version": 9}, {"more": 1}], ids=["number", "fields"])
def test_an_entry_of_another_version_is_a_miss_and_is_made_again(change, cache, monkeypatch):
    plain = observation_files.json.dumps
    monkeypatch.setattr(observation_files.json, "dumps", lambda head, **words: plain({"version": 9, **change}, **words))
    keep(cache)
    monkeypatch.undo()
    assert cache.open(KEY) is None
    keep(cache)
    assert read(cache) is not None


@pytest.fixture
def another_user(tmp_path, monkeypatch):
    """Lets somebody else do something, on another machine say."""

    def act(something):
        own = os.environ["SIGNBENCH_SECRET"]
        monkeypatch.setenv("SIGNBENCH_SECRET", str(tmp_path / "another secret"))
        something()
        monkeypatch.setenv("SIGNBENCH_SECRET", own)

    return act


def test_an_entry_that_somebody_else_made_is_a_miss_although_all_its_checksums_are_right(cache, another_user):
    """A number cannot be changed by a downloaded file."""
    another_user(lambda: keep(cache, made=[np.full((3, 5), 9.0, np.float32)]))
    (entry,) = cache.entries()
    assert "another user's" in entry.damage()
    assert entry.extractor() == "unknown"
    assert cache.open(KEY) is None
    keep(cache)
    assert same(read(cache), blocks())


def test_a_section_cannot_be_replaced_by_who_knows_all_that_a_file_says(cache):
    """Each digest covers the previous one, which is in the file; without the secret, continuing the chain fails."""
    keep(cache, made=[np.full((1, 2), value, np.float32) for value in range(2)])
    path = cache.folder / f"{KEY}.observation"
    with path.open("rb") as stream:
        ends = [len(observation_files._MAGIC)]
        ends += [stream.tell() for _ in observation_files._sections(stream)]
    content = path.read_bytes()
    head, rows = content[: ends[1]], content[ends[1] : ends[2]]
    digest = hashlib.sha256(head[-32:] + rows[:-32]).digest()
    path.write_bytes(head + rows[:-32] + digest + content[ends[2] :])
    assert cache.open(KEY) is None


def test_without_a_place_for_the_secret_the_run_continues_without_the_cache(cache, tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("SIGNBENCH_SECRET", str(tmp_path / "file" / "secret"))
    keep(cache)
    assert cache.open(KEY) is None
    assert cache.entries() == []
    assert "set SIGNBENCH_SECRET to a writable file" in caplog.text


def test_a_file_that_changes_after_it_was_opened_stops_its_reader(cache):
    large = [np.random.default_rng(number).normal(size=(64, 1024)).astype(np.float32) for number in range(4)]
    keep(cache, made=large)
    path = cache.folder / f"{KEY}.observation"
    with cache.open(KEY) as kept:
        reading = kept.blocks()
        assert np.array_equal(next(reading), large[0])
        with path.open("r+b") as stream:
            stream.seek(-1000, os.SEEK_END)
            stream.write(b"changed")
        with pytest.raises(CacheDamagedError, match="signbench cache verify"):
            list(reading)
    assert issubclass(CacheDamagedError, MediaError)


def test_foreign_files_are_left_alone(cache):
    keep(cache)
    foreign = [cache.folder / name for name in ("notes.txt", f"{KEY}.observation.bak", "abc.observation", ".hidden")]
    for path in foreign:
        path.write_bytes(b"mine")
    (cache.folder / "folder").mkdir()
    assert [entry.key for entry in cache.entries()] == [KEY]
    assert ObservationCache(cache.folder, limit=1).open(KEY) is not None
    small = ObservationCache(cache.folder, limit=400)
    keep(small, key="1" * 64, made=[])
    assert all(path.read_bytes() == b"mine" for path in foreign)


def test_a_foreign_file_under_a_name_of_the_cache_is_a_miss(cache):
    cache.folder.mkdir()
    (cache.folder / f"{KEY}.observation").write_bytes(b"\x80\x04cbuiltins\nexit\n.")
    assert cache.open(KEY) is None


def test_memory_stays_flat_for_a_large_entry(cache):
    block = np.random.default_rng(0).normal(size=(256, 1024)).astype(np.float32)
    keep(cache, made=(block for _ in range(2)))
    tracemalloc.start()
    try:
        keep(cache, key="1" * 64, made=(block for _ in range(40)))
        with cache.open("1" * 64) as kept:
            assert sum(len(found) for found in kept.blocks()) == 40 * 256
        assert tracemalloc.get_traced_memory()[1] < 8 * block.nbytes
    finally:
        tracemalloc.stop()


@pytest.fixture
def unwritable(tmp_path):
    """A folder that nobody can make, not even the superuser."""
    (tmp_path / "file").touch()
    return tmp_path / "file" / "observations"


def test_a_cache_that_cannot_be_written_is_reported_once_and_the_run_continues(unwritable, caplog):
    cache = ObservationCache(unwritable, limit=10**9)
    for key in (KEY, "1" * 64):
        keep(cache, key=key)
        assert cache.open(key) is None
    assert len(caplog.records) == 1
    assert caplog.records[0].levelno == logging.WARNING
    assert str(unwritable) in caplog.text
    assert "the run continues without it" in caplog.text
    assert cache.problem is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder_still_gives_what_it_holds(cache, caplog):
    keep(cache)
    cache.folder.chmod(0o555)
    try:
        assert same(read(cache), blocks())
        keep(cache, key="1" * 64)
        assert len(caplog.records) == 1
    finally:
        cache.folder.chmod(0o755)


def test_the_errors_of_a_run_are_not_swallowed_by_a_cache_that_cannot_be_written(unwritable):
    cache = ObservationCache(unwritable, limit=10**9)
    with pytest.raises(ZeroDivisionError), cache.writer(KEY, DESCRIPTION):
        raise ZeroDivisionError
    with pytest.raises(ValueError, match="float32"), cache.writer(KEY, DESCRIPTION) as writer:
        writer.add(np.zeros(3))


def entry_of(number, size=1000):
    """A key and rows that do not pack well."""
    return f"{number:064x}", [np.random.default_rng(number).normal(size=(1, size)).astype(np.float32)]


def age(cache, key, seconds):
    path = cache.folder / f"{key}.observation"
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_what_was_not_used_for_longest_goes_when_the_cache_is_full(cache):
    keep(cache, *entry_of(9))
    (one,) = cache.entries()
    one.path.unlink()
    small = ObservationCache(cache.folder, limit=int(4.2 * one.size))
    keys = []
    for number in range(4):
        key, made = entry_of(number)
        keep(small, key=key, made=made)
        age(small, key, seconds=1000 - number)
        keys.append(key)
    assert len(small.entries()) == 4
    assert read(small, keys[0]) is not None
    key, made = entry_of(4)
    keep(small, key=key, made=made)
    kept = {entry.key for entry in small.entries()}
    assert kept == {keys[0], keys[3], key}
    assert sum(entry.size for entry in small.entries()) <= 0.9 * small.limit


def test_the_limit_holds_over_many_entries_of_several_caches(cache):
    several = [ObservationCache(cache.folder, limit=50_000) for _ in range(3)]
    for number in range(60):
        key, made = entry_of(number)
        keep(several[number % 3], key=key, made=made)
    assert sum(entry.size for entry in cache.entries()) <= 50_000
    assert len(cache.entries()) > 8


def test_an_observation_larger_than_the_limit_is_not_kept_and_drives_nothing_out(cache, caplog):
    small = ObservationCache(cache.folder, limit=10_000)
    keep(small, *entry_of(0))
    keep(small, *entry_of(1, size=10_000))
    assert [entry.key for entry in small.entries()] == [entry_of(0)[0]]
    assert "GB and one observation has" in caplog.text
    assert files_of(small) == [f"{entry_of(0)[0]}.observation"]


def test_a_limit_of_nothing_switches_the_cache_off(cache, caplog):
    keep(cache)
    off = ObservationCache(cache.folder, limit=0)
    keep(off, key="1" * 64)
    assert off.open(KEY) is None
    assert [entry.key for entry in cache.entries()] == [KEY]
    assert caplog.records == []


def test_what_was_abandoned_long_ago_is_removed_and_what_is_being_written_is_not(cache, monkeypatch):
    cache.folder.mkdir()
    old, new = (cache.folder / f".{KEY}.7.{digit * 16}.part" for digit in "ab")
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    keep(cache)
    assert not old.exists()
    assert new.exists()


SCRIPT = """
import sys, time
import numpy as np
from pathlib import Path
from signbench.extractors.cache import ObservationCache
cache = ObservationCache(Path(sys.argv[1]), limit=10**9)
for key in sys.argv[3:]:
    rows = np.random.default_rng(int(key[:2], 16)).normal(size=(200, 50)).astype(np.float32)
    with cache.writer(key, {"extractor": "inception/1"}) as writer:
        for start in range(0, 200, 10):
            writer.add(rows[start : start + 10])
            if sys.argv[2] == "hang":
                print("writing", flush=True)
                time.sleep(60)
"""


def started(cache, how, *keys):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", SCRIPT, str(cache.folder), how, *keys]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_a_killed_writer_leaves_no_entry_and_the_next_one_succeeds(cache):
    with started(cache, "hang", KEY) as process:
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    assert cache.open(KEY) is None
    assert [entry.key for entry in cache.entries()] == [None]
    keep(cache)
    assert same(read(cache), blocks())


def test_processes_that_write_the_same_and_different_entries_at_once_do_not_disturb_one_another(cache):
    keys = [f"{number:02x}" * 32 for number in range(12)]
    processes = [started(cache, "run", *order) for order in (keys, keys[::-1], keys[6:] + keys[:6])]
    assert [process.wait(PATIENCE) for process in processes] == [0, 0, 0]
    for process in processes:
        process.stdout.close()
    assert files_of(cache) == sorted(f"{key}.observation" for key in keys)
    for key in keys:
        rows = np.random.default_rng(int(key[:2], 16)).normal(size=(200, 50)).astype(np.float32)
        assert np.array_equal(np.concatenate(read(cache, key)), rows)


FULL_DISK = """
import resource, sys
import numpy as np
from pathlib import Path
from signbench.extractors.cache import ObservationCache
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
cache = ObservationCache(Path(sys.argv[1]), limit=10**9)
for key in ("1" * 64, "2" * 64):
    with cache.writer(key, {}) as writer:
        for _ in range(20):
            writer.add(np.random.default_rng(0).normal(size=(10, 1000)).astype(np.float32))
    assert cache.open(key) is None
print("the run continued")
"""


def test_a_full_disk_costs_the_entry_only_and_is_reported_once(cache):
    # A limit on the size of files stands in for the disk.
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", FULL_DISK, str(cache.folder)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (ran.returncode, ran.stdout) == (0, "the run continued\n"), ran.stderr
    assert ran.stderr.count("\n") == 1
    assert "cannot be written: File too large; the run continues without it." in ran.stderr
    assert files_of(cache) == []


@pytest.mark.parametrize(
    ("settings", "folder", "limit"),
    [
        ({"SIGNBENCH_CACHE": "/a"}, "/a", 50 * 10**9),
        ({"XDG_CACHE_HOME": "/c", "SIGNBENCH_CACHE_LIMIT": "0.5"}, "/c/signbench/observations", 5 * 10**8),
        ({"HOME": "/h", "SIGNBENCH_CACHE_LIMIT": ""}, "/h/.cache/signbench/observations", 50 * 10**9),
        ({"HOME": "/h", "SIGNBENCH_CACHE_LIMIT": "0"}, "/h/.cache/signbench/observations", 0),
    ],
    ids=str,
)
def test_folder_and_limit_come_from_the_environment(settings, folder, limit, monkeypatch):
    for name in ("SIGNBENCH_CACHE", "SIGNBENCH_CACHE_LIMIT", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    cache = ObservationCache.from_environment()
    assert (cache.folder, cache.limit) == (Path(folder), limit)


@pytest.mark.parametrize("text", ["much", "-1", "nan", "inf", "50 GB"])
def test_a_limit_that_is_not_a_size_is_refused(text, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_CACHE_LIMIT", text)
    with pytest.raises(InputError, match="write a number of gigabytes"):
        ObservationCache.from_environment()


def test_counting_again_waits_until_much_was_written(cache, monkeypatch):
    counted = []
    plain = cache_module.ObservationCache.entries
    monkeypatch.setattr(cache_module.ObservationCache, "entries", lambda self: counted.append(1) or plain(self))
    for number in range(20):
        keep(cache, *entry_of(number))
    assert len(counted) == 1
