"""What each part of the light does: to the speed of drawing and to what a judge sees.

    python bench/light.py JUDGE.onnx [--people 200] [--samples 5] [--work FOLDER] [--out RESULTS.md]

Draws the same people in the same scenes (frames of 224 px, yaw within 45 degrees) with all of the default light, with
each part of it switched off, and with spherical harmonics alone; finds and aligns their faces and compares all images
with all others, as `facewright analyze separability` does. Speed: CPU time of drawing at 112 px, all kinds in turns.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import tempfile
import time
from pathlib import Path

from render_cases import CROP, PEOPLE, Case, subjects

from facewright.dataset.config import DatasetConfig
from facewright.dataset.drawing import DrawnPerson, open_sampler
from facewright.dataset.generate import generate
from facewright.distributions import TruncatedNormal
from facewright.evaluation.analyze import SetReport, analyze_set, open_judge
from facewright.geometry import named_crop
from facewright.people.worn import dress
from facewright.render import LAMBERTIAN, ShadingConfig, draw_heads, render
from facewright.scenes.sampler import SamplerConfig

SWITCHES = ("occlusion", "shadows", "highlights", "scattering", "eye_reflections")
LOOKS = {
    "default": ShadingConfig(),
    **{f"without {name}": ShadingConfig(**{name: False}) for name in SWITCHES},
    "Lambertian": LAMBERTIAN,
}
ROUNDS = 5


def draw_lit(look: ShadingConfig, config: DatasetConfig, index: int) -> DrawnPerson:
    """As `draw_person`, in another light; with the parameters that the analysis reads."""
    sampler = open_sampler(config)
    scenes = sampler.scenes(index, 0, config.samples)
    drawn = render(sampler.person(index), scenes, named_crop(config.crop), shading=look)
    return DrawnPerson(drawn.images, {"landmarks_px": drawn.landmarks_px, "yaw_deg": scenes.yaw_deg})


def judged(judge: Path, people: int, samples: int, folder: Path) -> dict[str, SetReport]:
    sampler = SamplerConfig(yaw_deg=TruncatedNormal(0, 24, -45, 45))
    config = DatasetConfig(people=people, samples=samples, seed=78, crop="frame224", sampler=sampler)
    opened = open_judge(judge)
    out = {}
    for name, look in LOOKS.items():
        place = folder / name.replace(" ", "_")
        generate(place, config, draw=functools.partial(draw_lit, look), quiet=True)
        out[name] = analyze_set(opened, place)
        print(name, out[name].separability.plain.genuine_mean, flush=True)
    return out


def times() -> dict[str, float]:
    """Microseconds of CPU an image: the median over rounds in which the kinds take turns."""
    people = subjects(Case(samples=20, worn=True))
    clothes = [dress(one.person, one.scenes) for one in people]
    taken: dict[str, list[float]] = {name: [] for name in LOOKS}
    for round_ in range(ROUNDS + 1):
        for name, look in LOOKS.items():
            start = time.process_time()
            for one, worn in zip(people, clothes, strict=True):
                draw_heads(one.person, one.scenes, CROP, one.background, *worn, shading=look)
            if round_:
                taken[name].append((time.process_time() - start) / (PEOPLE * 20) * 1e6)
    return {name: statistics.median(values) for name, values in taken.items()}


def table(taken: dict[str, float], reports: dict[str, SetReport]) -> str:
    lines = [
        "| light | µs an image (of the default's) | genuine (95%) | impostor (95%) | centred impostor | TAR at FAR 1% "
        "| faces found |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, report in reports.items():
        plain, centred = report.separability.plain, report.separability.centred
        assert plain.genuine_mean is not None
        assert centred is not None
        pair = " | ".join(
            f"{mean.estimate:.3f} ({mean.low:.3f} to {mean.high:.3f})"
            for mean in (plain.genuine_mean, plain.impostor_mean)
        )
        found = 0 if report.faces_found is None else 100 * report.faces_found / report.images
        tar = plain.tar_at_far[0.01]
        lines.append(
            f"| {name} | {taken[name]:,.0f} ({taken[name] / taken['default']:.2f}) | {pair} "
            f"| {centred.impostor_mean.estimate:.3f} | {'-' if tar is None else f'{tar:.3f}'} | {found:.1f}% |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("judge", type=Path)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--work", type=Path, help="keep the drawn sets here")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    taken = times()
    with tempfile.TemporaryDirectory() as folder:
        reports = judged(options.judge, options.people, options.samples, options.work or Path(folder))
    text = table(taken, reports)
    print(text)
    if options.out is not None:
        options.out.write_text(text)


if __name__ == "__main__":
    main()
