"""Random scenes under AddressSanitizer and UndefinedBehaviorSanitizer, on every kernel path of this machine.

    python bench/fuzz.py [--count 2000] [--first 0] [--work FOLDER]

bench/native/fuzz.cpp draws them without Python: soups with vertices that are not finite, huge, in one place or off the
picture, broken indices, textures of one texel, cameras inside the head. The first report of a sanitizer ends a run;
the paths must give the same pictures and annotations.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from native_builds import ISAS, Build

SANITIZED = Build(
    flags=(
        *("-O1", "-g", "-fno-omit-frame-pointer"),
        "-fsanitize=address,undefined,float-cast-overflow",
        "-fno-sanitize-recover=all",
    )
)


def run(program: Path, isa: str, first: int, count: int) -> str | None:
    """What the program printed; None where a sanitizer stopped it, after printing its report."""
    command = [str(program), str(first), str(count)]
    done = subprocess.run(command, env={**os.environ, "FACEWRIGHT_ISA": isa}, capture_output=True, text=True)
    if done.returncode == 0:
        return done.stdout.strip()
    print(f"{isa}: {done.stderr[:6000]}", file=sys.stderr)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--work", type=Path, default=Path("build/bench"))
    options = parser.parse_args()
    program = SANITIZED.program("fuzz", options.work)
    found = {isa: run(program, isa, options.first, options.count) for isa in ISAS}
    for isa, text in found.items():
        print(f"{isa}: {text or 'stopped by a sanitizer'}")
    if None in found.values() or len(set(found.values())) > 1:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
