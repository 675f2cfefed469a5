"""Runs that are stopped from outside, at a moment that is certainly in the middle."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from facewright.dataset import DatasetConfig, generate
from tests.dataset.fakes import STOP_AT, STOP_FOLDER, draw_fake

CONFIG = DatasetConfig(people=7, samples=10)
SCRIPT = """
import sys
from pathlib import Path
from facewright.dataset import DatasetConfig, generate, plan
from tests.dataset import fakes

if __name__ == "__main__":
    _, root, workers, draw, people, format = sys.argv
    plan._IMAGES_PER_SHARD = 20
    config = DatasetConfig(people=int(people), samples=10)
    try:
        generate(Path(root), config, format=format, workers=int(workers), draw=getattr(fakes, draw))
    except KeyboardInterrupt as error:
        print(error, file=sys.stderr)
        sys.exit(130)
"""
PATIENCE_S = 60


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }


def start(tmp_path, workers, draw, people, format="webdataset", **environment):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    (tmp_path / "pids").mkdir()
    paths = {STOP_FOLDER: str(tmp_path / "pids"), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "set"), str(workers), draw, str(people), format],
        env={**os.environ, **paths, **environment},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(("workers", "format"), [(2, "webdataset"), (1, "folder")])
def test_killed_and_resumed_equals_uninterrupted(tmp_path, workers, format):
    process = start(tmp_path, workers, "draw_and_wait", CONFIG.people, format, **{STOP_AT: "3"})
    stopped = tmp_path / "pids"
    first_shard = tmp_path / "set/000000.shard.json"
    wait_until(lambda: list(stopped.iterdir()) and first_shard.exists())
    process.kill()
    process.communicate()
    pids = [int(path.name) for path in stopped.iterdir()]
    wait_until(lambda: not any(map(is_running, pids)))
    assert not any((tmp_path / "set" / name).exists() for name in ("000001.tar", "00000002"))
    assert not (tmp_path / "set/manifest.json").exists()

    report = generate(tmp_path / "set", CONFIG, format=format, draw=draw_fake, quiet=True)
    assert 0 < report.drawn < report.images
    generate(tmp_path / "whole", CONFIG, format=format, draw=draw_fake, quiet=True)
    assert contents(tmp_path / "set") == contents(tmp_path / "whole")


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_stops_cleanly_and_says_how_to_continue(tmp_path, workers):
    people = 5000
    process = start(tmp_path, workers, "draw_slowly", people)
    drawing = tmp_path / "pids"
    wait_until(
        lambda: len(list(drawing.iterdir())) == workers and (tmp_path / "set/000000.shard.json").exists()
    )
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    (line,) = err.splitlines()
    assert line.startswith(f"{tmp_path}/set: stopped; ")
    assert line.endswith(" of 2500 shards are complete; run the same command again to continue")
    assert not any(is_running(int(path.name)) for path in drawing.iterdir())
    assert not list((tmp_path / "set").glob("*.partial"))
