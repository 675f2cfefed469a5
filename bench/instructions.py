"""Instructions an image by callgrind, stage by stage: what a busy machine does not disturb.

    python bench/instructions.py [--record bench/results/instructions.json] [--write] [--work FOLDER]

Replays captured calls (bench/capture.py) of a bare and of a dressed person under valgrind, on the portable and the AVX2
path (valgrind knows no AVX-512), and prints thousands of instructions an image beside the record's. --write makes the
new figures the record. What is done once for a person is taken out: the difference of a long and a short call counts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
from pathlib import Path

from native_builds import Build, capture

CALLS = {"bare": ["--bare"], "dressed": ["--person", "1"]}
MODES = {"once a pixel": [], "every sample": ["every-sample"]}
PATHS = ("portable", "avx2")
SHORT, LONG = 2, 8
STAGES = {
    "geometry": r"Stage::(set|express|place|project)$|vertex_normals|::(express|assemble|project)$|framed_view|Rig",
    "shadows": r"ShadowMap|::(place|corner|cast|sky)$",
    "light": r"::light|make_light",
    "raster": r"::(rasterize|walk|draw_set|by_size|set_up|corners)|draw_opaque|need_seen|FarthestBlocks",
    "layers": r"Layers|List|::(outline|cover|keep|blend)$",
    "shade": r"shade|Opaque|::Texture|Places|Fragments|::(sample|polish|see|see_head|lay)$|texels_per_pixel",
    "resolve": r"resolve|Canvas",
    "memory": r"^_*mem|alloc|free|operator",
}
"""By the function that the compiler left; what it put inline counts as part of that."""


def counts(program: Path, call: Path, path: str, mode: list[str], folder: Path) -> dict[str, int]:
    """Instructions of each stage and of everything."""
    out = folder / "callgrind.out"
    environment = {**os.environ, "FACEWRIGHT_ISA": path}
    command = [
        "valgrind",
        "--tool=callgrind",
        f"--callgrind-out-file={out}",
        str(program),
        str(call),
        "1",
        *mode,
    ]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    table = subprocess.run(
        ["callgrind_annotate", "--threshold=100", str(out)], check=True, capture_output=True, text=True
    ).stdout
    found = dict.fromkeys((*STAGES, "other"), 0)
    for line in table.splitlines():
        row = re.match(r"\s*([\d,]+)\s+(?:\([ \d.]+%\)\s+)?\S+?:(.*)", line)
        if row is None:
            continue
        function = row[2].replace("(anonymous namespace)::", "").split("(")[0].split(" [")[0]
        stage = next((name for name, pattern in STAGES.items() if re.search(pattern, function)), "other")
        found[stage] += int(row[1].replace(",", ""))
    found["all"] = sum(found.values())
    return found


def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Thousands of instructions an image: by call, mode and path, then by stage."""
    program = Build().program("replay", folder)
    out = {}
    for call, options in CALLS.items():
        files = [capture(folder, f"{call}{n}", *options, "--samples", str(n)) for n in (SHORT, LONG)]
        for mode, words in MODES.items():
            for path in PATHS:
                short, long = (counts(program, file, path, words, folder) for file in files)
                each = {name: round((long[name] - short[name]) / (LONG - SHORT) / 1000, 1) for name in long}
                out[f"{call}, {mode}, {path}"] = each
    return out


def table(found: dict[str, dict[str, float]], record: dict[str, dict[str, float]]) -> str:
    """Each figure and, where the record has another one, by how many percent it changed."""
    stages = list(next(iter(found.values())))
    lines = [
        f"| thousands of instructions an image | {' | '.join(stages)} |",
        "|---" * (len(stages) + 1) + "|",
    ]
    for key, each in found.items():
        cells = []
        for stage, value in each.items():
            before = record.get(key, {}).get(stage)
            change = f" ({100 * (value / before - 1):+.1f}%)" if before and before != value else ""
            cells.append(f"{value:,.0f}{change}")
        lines.append(f"| {key} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", type=Path, default=Path("bench/results/instructions.json"))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--work", type=Path, default=Path("build/bench"))
    options = parser.parse_args()
    record = json.loads(options.record.read_text()) if options.record.exists() else {}
    found = measure(options.work)
    print(table(found, record))
    if options.write:
        options.record.parent.mkdir(parents=True, exist_ok=True)
        options.record.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
