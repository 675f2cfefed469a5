"""The same pictures from every kernel path, several compilers, and the portable path on ARM (run by qemu).

    python bench/same_bytes.py [--samples 10] [--fuzz 300] [--work FOLDER]

Draws two captured calls (a bare head and a dressed one, bench/capture.py) and random scenes (bench/native/fuzz.cpp)
with each build and path, and compares hashes of all pictures, landmarks and annotations. A compiler that is not
installed is named and left out. On Debian: clang, g++-aarch64-linux-gnu, qemu-user.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from pathlib import Path

from native_builds import ISAS, Build, capture

BUILDS = {
    "gcc -O3": (Build(), ()),
    "gcc -O1": (Build(flags=("-O1",)), ()),
    "clang -O3": (Build("clang++"), ()),
    "gcc -O2, aarch64": (
        Build("aarch64-linux-gnu-g++", ("-O2", "-static"), x86=False),
        ("qemu-aarch64",),
    ),
}
"""And what runs the build."""


def hashes(build: Build, runner: tuple[str, ...], options: argparse.Namespace) -> dict[str, list[str]]:
    """By kernel path: the hash of each call."""
    folder = options.work
    calls = []
    for name, extra in (("bare", ["--bare"]), ("dressed", ["--person", "1"])):
        drawn = capture(folder, f"{name}{options.samples}", *extra, "--samples", str(options.samples))
        calls += [[str(drawn), "1"], [str(drawn), "1", "every-sample"]]
    replay, fuzz = (str(build.program(name, folder)) for name in ("replay", "fuzz"))
    commands = [[replay, *call] for call in calls] + [[fuzz, "0", str(options.fuzz)]]
    out = {}
    for isa in ISAS if build.x86 else ISAS[:1]:
        environment = {**os.environ, "FACEWRIGHT_ISA": isa}
        runs = [
            subprocess.run([*runner, *one], env=environment, check=True, capture_output=True, text=True)
            for one in commands
        ]
        out[isa] = [run.stdout.split()[-1] for run in runs]
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--fuzz", type=int, default=300)
    parser.add_argument("--work", type=Path, default=Path("build/bench"))
    parser.add_argument("--builds", nargs="*", default=list(BUILDS), choices=list(BUILDS))
    options = parser.parse_args()
    found: set[tuple[str, ...]] = set()
    for name in options.builds:
        build, runner = BUILDS[name]
        missing = [tool for tool in (build.compiler, *runner) if shutil.which(tool) is None]
        if missing:
            print(f"{name}: left out, {', '.join(missing)} not found")
            continue
        for isa, each in hashes(build, runner, options).items():
            print(f"{name}, {isa}: {' '.join(each)}", flush=True)
            found.add(tuple(each))
    if len(found) > 1:
        raise SystemExit("the pictures differ")
    print("all the same")


if __name__ == "__main__":
    main()
