"""Kill the generator at random moments, run it with other numbers of workers: are the bytes the same?

    python bench/robustness.py WORK [--people 600] [--samples 30] [--kills 10]

Every run is the command line with the real generator. A killed run gets SIGKILL after a random time of up to half an
uninterrupted run; then the same command is given again, killed again, and so on. A data set that is finished in spite
of it is compared, and the kills go on with a new one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path


def command(out: Path, people: int, samples: int, workers: int) -> list[str]:
    program = [sys.executable, "-m", "facewright", "generate", str(out)]
    return [*program, "--people", str(people), "--samples", str(samples), "--workers", str(workers)]


def digest(root: Path) -> str:
    """A hash of all names and bytes in a folder."""
    total = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        total.update(
            str(path.relative_to(root)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest()
        )
    return total.hexdigest()


def uninterrupted(out: Path, people: int, samples: int, workers: int) -> float:
    """Seconds that a whole run takes."""
    start = time.perf_counter()
    subprocess.run(command(out, people, samples, workers), check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def killed(out: Path, people: int, samples: int, after_s: float) -> str:
    """Start a run and kill it; what was there then."""
    process = subprocess.Popen(command(out, people, samples, workers=2), stderr=subprocess.DEVNULL)
    try:
        process.wait(after_s)
        return "had finished"
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    shards, partial = len(list(out.glob("*.shard.json"))), len(list(out.glob("*.partial")))
    return f"{shards} shards complete, {partial} half-written files"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--people", type=int, default=600)
    parser.add_argument("--samples", type=int, default=30)
    parser.add_argument("--kills", type=int, default=10)
    asked = parser.parse_args()
    shutil.rmtree(asked.work, ignore_errors=True)
    digests = {}
    for workers in (2, 1, 5):
        out = asked.work / f"workers{workers}"
        seconds = uninterrupted(out, asked.people, asked.samples, workers)
        digests[f"{workers} workers"] = digest(out)
        print(f"{workers} workers: {seconds:.1f} s, {digests[f'{workers} workers'][:16]}", flush=True)
        if workers == 2:
            whole_s = seconds
    moments, out, finished = random.Random(1), asked.work / "killed", 0
    for number in range(asked.kills):
        after_s = moments.uniform(0.5, 0.5 * whole_s)
        left = killed(out, asked.people, asked.samples, after_s)
        print(f"kill {number + 1} after {after_s:.1f} s: {left}", flush=True)
        if (out / "README.md").exists():
            finished += 1
            digests[f"killed set {finished}"] = digest(out)
            shutil.rmtree(out)
    uninterrupted(out, asked.people, asked.samples, 2)
    digests[f"killed set {finished + 1}"] = digest(out)
    same = len(set(digests.values())) == 1
    print(f"{len(digests)} data sets: {'the same bytes' if same else f'DIFFERENT: {digests}'}")
    sys.exit(not same)


if __name__ == "__main__":
    main()
