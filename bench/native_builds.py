"""Builds bench/native's programs from the renderer's sources with a compiler and flags of choice, without Python."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ISAS = ("portable", "avx2", "avx512")
ROOT = Path(__file__).resolve().parent.parent
STRICT = (
    "-std=c++20",
    "-ffp-contract=off",
    "-fno-fast-math",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wno-psabi",
)
ISA_FLAGS = {
    "render_kernels_avx2": ("-mavx2",),
    "render_kernels_avx512": (
        *("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512"),
    ),
}
"""As in CMakeLists.txt."""


@dataclass(frozen=True)
class Build:
    """A compiler, its flags beside the strict ones, and whether it compiles for x86-64 or the portable path alone."""

    compiler: str = "g++"
    flags: tuple[str, ...] = ("-O3",)
    x86: bool = True

    def program(self, name: str, folder: Path) -> Path:
        """Compile and link bench/native/NAME.cpp with the renderer; objects newer than the sources are kept."""
        key = hashlib.sha256(repr(self).encode()).hexdigest()[:12]
        objects = folder / f"{Path(self.compiler).name}-{key}"
        objects.mkdir(parents=True, exist_ok=True)
        sources = [*renderer_sources(self.x86), ROOT / "bench" / "native" / f"{name}.cpp"]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            compiled = list(pool.map(lambda source: self._compile(source, objects), sources))
        out = objects / name
        subprocess.run([self.compiler, *self.flags, *map(str, compiled), "-o", str(out)], check=True)
        return out

    def _compile(self, source: Path, folder: Path) -> Path:
        out = folder / f"{source.stem}.o"
        newest = max(path.stat().st_mtime for path in [source, *(ROOT / "native").glob("*.[hi]pp")])
        if out.exists() and out.stat().st_mtime > newest:
            return out
        flags = [
            *STRICT,
            *self.flags,
            *(["-DFW_X86_64", *ISA_FLAGS.get(source.stem, ())] if self.x86 else []),
        ]
        subprocess.run(
            [self.compiler, *flags, f"-I{ROOT / 'native'}", "-c", str(source), "-o", str(out)], check=True
        )
        return out


def renderer_sources(x86: bool) -> Sequence[Path]:
    """Everything of the renderer but its binding, and the kernels of instruction sets only where there are such."""
    found = sorted((ROOT / "native").glob("render_*.cpp"))
    return [path for path in found if x86 or path.stem not in ISA_FLAGS]


def capture(folder: Path, name: str, *options: str) -> Path:
    """A draw call in a file, made once: options of bench/capture.py."""
    out = folder / f"{name}.capture"
    if not out.exists():
        folder.mkdir(parents=True, exist_ok=True)
        script = ROOT / "bench" / "capture.py"
        subprocess.run([sys.executable, str(script), str(out), *options], check=True)
    return out
