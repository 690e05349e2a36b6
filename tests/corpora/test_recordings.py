"""Handles of media: what they remember about files, and when they look again."""

from __future__ import annotations

import pytest

from signbench.corpora.recordings import PoseFile
from signbench.errors import MediaError
from signbench.media import pose_files
from signbench.media.pose_files import write_pose
from tests.clips import swaying_pose


def test_a_file_of_key_points_is_probed_once_and_again_when_it_changes(tmp_path, monkeypatch):
    probed = []
    plain = pose_files.probe_pose
    monkeypatch.setattr(pose_files, "probe_pose", lambda *words: probed.append(words) or plain(*words))
    path = tmp_path / "clip.pose"
    write_pose(path, swaying_pose(frames=4))
    assert [PoseFile(path).probe(fps).frames for fps in (None, 10.0, None)] == [4, 4, 4]
    assert PoseFile(path).probe(10.0).fps == 10
    assert len(probed) == 1
    write_pose(path, swaying_pose(frames=6))
    assert PoseFile(path).probe(None).frames == 6
    path.unlink()
    with pytest.raises(MediaError, match=r"clip\.pose does not exist"):
        PoseFile(path).probe(None)
