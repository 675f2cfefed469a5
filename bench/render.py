"""Speed of drawing beside other renderers, other kernel paths and earlier versions, all in turns in one run.

    python bench/render.py [OUT.md] [--rounds 12] [--beside NAME=PYTHON ...]

Each side is a process of its own and draws one round of a case after the other sides did; a round draws one person. The
peers, which take most of the time, draw in every third round. Times are CPU time of all its threads, an image's, the
median of the rounds; a ratio is the median of each round's. On a machine that others use too, each person's fastest
round says what it does when they do not.
Every side draws the same bare heads (or, for this package alone, dressed ones) at 112 x 112 pixels of 2 x 2 samples.
--beside: the interpreter of another installation of facewright, such as an earlier commit's. A peer that is not
installed is left out and named.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from render_cases import PEOPLE, Case

HERE = Path(__file__).resolve().parent
PATHS, PEERS = ("avx512", "avx2", "portable"), ("moderngl", "trimesh")
PEERS_EVERY = 3  # rounds
LAMBERT = Case(lambertian=True)
ONCE = Case(every_sample=False)
CASES = {
    "11K, Lambertian, 100 a person, JPEG": LAMBERT,
    "11K, Lambertian, 100 a person": dataclasses.replace(LAMBERT, jpeg=False),
    "11K, Lambertian, 100 a person, peers' vertices given": dataclasses.replace(
        LAMBERT, jpeg=False, given=True
    ),
    "11K, Lambertian, 10 a person, JPEG": dataclasses.replace(LAMBERT, samples=10),
    "46K, Lambertian, 100 a person, JPEG": dataclasses.replace(LAMBERT, fine=True),
    "46K, Lambertian, 100 a person": dataclasses.replace(LAMBERT, fine=True, jpeg=False),
    "46K, Lambertian, 100 a person, peers' vertices given": dataclasses.replace(
        LAMBERT, fine=True, jpeg=False, given=True
    ),
    "11K, Lambertian, once a pixel, 100 a person, JPEG": dataclasses.replace(LAMBERT, every_sample=False),
    "11K, Lambertian, once a pixel, 10 a person, JPEG": dataclasses.replace(
        LAMBERT, every_sample=False, samples=10
    ),
    "11K, default light, 100 a person, JPEG": Case(),
    "11K, default light, 10 a person, JPEG": Case(samples=10),
    "46K, default light, 100 a person, JPEG": Case(fine=True),
    "11K, default light, once a pixel, 100 a person, JPEG": ONCE,
    "11K, default light, once a pixel, 10 a person, JPEG": dataclasses.replace(ONCE, samples=10),
    "default scene, once a pixel, 100 a person, JPEG": dataclasses.replace(ONCE, worn=True),
    "default scene, once a pixel, 10 a person, JPEG": dataclasses.replace(ONCE, worn=True, samples=10),
    "default scene, once a pixel, 100 a person, JPEG, dressing, backgrounds": dataclasses.replace(
        ONCE, worn=True, chain=True
    ),
}
SCALING = {
    "11K, Lambertian, 100 a person, JPEG": LAMBERT,
    "default scene, once a pixel, 100 a person, JPEG": dataclasses.replace(ONCE, worn=True),
}


@dataclass
class Side:
    """A process that draws: how to start it, what it calls itself once it runs, what it drew for each case."""

    label: str
    kind: str = "ours"
    python: str = sys.executable
    isa: str = ""
    earlier: bool = False
    rounds: dict[str, dict[int, dict[str, float]]] = field(default_factory=dict)  # by case and number
    name: str = ""

    def __post_init__(self) -> None:
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "FACEWRIGHT_ISA": self.isa,
        }
        self._process = subprocess.Popen(
            [self.python, str(HERE / "render_side.py"), self.kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.name = json.loads(self._answer())

    def can(self, case: Case, number: int) -> bool:
        """Whether it draws this case in this round."""
        if self.kind != "ours":
            if number % PEERS_EVERY:
                return False
            return case.lambertian and case.every_sample and not case.worn and case.threads == 1
        if self.earlier:
            return not case.lambertian and case.every_sample
        return True

    def draw(self, key: str, case: Case, number: int, people: Sequence[int]) -> None:
        assert self._process.stdin is not None
        wanted = {"case": dataclasses.asdict(case), "people": list(people)}
        print(json.dumps(wanted), file=self._process.stdin, flush=True)
        self.rounds.setdefault(key, {})[number] = json.loads(self._answer())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def seconds(self, key: str, clock: str = "cpu") -> dict[int, float]:
        """An image's, by round."""
        return {number: one[clock] / one["images"] for number, one in self.rounds[key].items()}

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            lines = self._process.stderr.read().strip().splitlines()
            raise RuntimeError(lines[-1] if lines else "ended without a word")
        return line


def start_sides(beside: Sequence[str]) -> tuple[list[Side], list[str]]:
    """All sides that run here, ours first, and why others do not."""
    plans = [{"label": isa, "isa": isa} for isa in PATHS]
    plans += [{"label": peer, "kind": peer} for peer in PEERS]
    for one in beside:
        label, _, python = one.partition("=")
        plans.append({"label": label, "python": python, "earlier": True})
    sides, missing = [], []
    for plan in plans:
        try:
            sides.append(Side(**plan))  # type: ignore[arg-type]
        except RuntimeError as error:
            missing.append(f"{plan['label']}: {error}")
    return sides, missing


def take_turns(sides: Sequence[Side], rounds: int) -> None:
    """Every round has a person of its own, whom all sides draw in the same scenes."""
    for number in range(rounds):
        for key, case in CASES.items():
            for side in sides:
                if side.can(case, number):
                    side.draw(key, case, number, [number % PEOPLE])
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)


def median_ratio(of: dict[int, float], to: dict[int, float]) -> float:
    """Of the rounds that both have."""
    return statistics.median(seconds / to[number] for number, seconds in of.items() if number in to)


def undisturbed(seconds: dict[int, float]) -> float:
    """The mean of each person's fastest round."""
    people = {number % PEOPLE for number in seconds}
    return statistics.mean(
        min(took for number, took in seconds.items() if number % PEOPLE == person) for person in people
    )


def speed_table(sides: Sequence[Side]) -> list[str]:
    """Microseconds an image, and how many times that of the first side."""
    first = sides[0]
    lines = [
        f"| case | {first.label}: images/s | fastest rounds' | µs an image | "
        f"{' | '.join(side.label for side in sides[1:])} |",
        "|---|" + "---|" * (len(sides) + 2),
    ]
    for key in CASES:
        ours = first.seconds(key)
        median = statistics.median(ours.values())
        cells = [key, f"{1 / median:,.0f}", f"{1 / undisturbed(ours):,.0f}", f"{1e6 * median:,.0f}"]
        for side in sides[1:]:
            if key not in side.rounds:
                cells.append("-")
                continue
            theirs = side.seconds(key)
            cells.append(
                f"{1e6 * statistics.median(theirs.values()):,.0f} ({median_ratio(theirs, ours):.2f})"
            )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def scaling_table(side: Side, rounds: int) -> list[str]:
    """One thread and two in turns."""
    lines = [
        "| case | µs of CPU an image: 1 thread | 2 threads | scaling in CPU time | in wall time | load |",
        "|---|---|---|---|---|---|",
    ]
    for key, case in SCALING.items():
        loads = []
        for number in range(rounds):
            for threads in (1, 2):
                timed = dataclasses.replace(case, threads=threads)
                side.draw(f"{key} {threads}", timed, number, range(PEOPLE))
            loads.append(os.getloadavg()[0])
        one, two = (side.seconds(f"{key} {threads}") for threads in (1, 2))
        walls = [side.seconds(f"{key} {threads}", "wall") for threads in (1, 2)]
        lines.append(
            f"| {key} | {1e6 * statistics.median(one.values()):,.0f} | {1e6 * statistics.median(two.values()):,.0f} "
            f"| {2 * median_ratio(one, two):.2f} | {median_ratio(*walls):.2f} | {statistics.median(loads):.1f} |"
        )
    return lines


def peak_memory() -> str:
    """Of the largest process of `facewright generate` with the default scene."""
    people, samples = 40, 100
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "facewright", "generate", f"{folder}/set"]
        command += ["--people", str(people), "--samples", str(samples)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return f"Peak resident memory of `facewright generate`, {people} people x {samples}, default scene: {peak:.0f} MB."


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = {line.split(":")[1].strip() for line in lines if line.startswith("model name")}
    return f"{os.cpu_count()} cores, {', '.join(sorted(names)) or 'unknown'}"


def report(sides: Sequence[Side], missing: Sequence[str], rounds: int, memory: str) -> str:
    parts = [
        "# The renderer beside others",
        f"`python bench/render.py {' '.join(sys.argv[1:])}`, {time.strftime('%Y-%m-%d')}, {machine()}; "
        f"{rounds} rounds, {PEOPLE} people, 112 x 112, 2 x 2 samples. CPU time on one core; in "
        "brackets how many times that of the first side.",
        "Every sample is shaded unless it says once a pixel. 11K is the embedded head (11,460 triangles), 46K the same "
        "with each triangle divided into four.",
        "\n".join(f"- {side.label}: {side.name}" for side in sides),
        *(["Left out:\n" + "\n".join(f"- {one}" for one in missing)] if missing else []),
        "\n".join(speed_table(sides)),
        "\n".join(scaling_table(sides[0], rounds)),
        memory,
    ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--beside", nargs="*", default=[], metavar="NAME=PYTHON")
    options = parser.parse_args()
    memory = peak_memory()  # before other children are waited for
    sides, missing = start_sides(options.beside)
    take_turns(sides, options.rounds)
    text = report(sides, missing, options.rounds, memory)
    for side in sides:
        side.close()
    print(text)
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text)


if __name__ == "__main__":
    main()
