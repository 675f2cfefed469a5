"""What storing costs beside drawing: JPEG, tar and table of one shard, in microseconds of CPU an image.

python bench/writing.py [--people 10] [--samples 100]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from facewright.dataset import DatasetConfig, draw_person
from facewright.dataset.generate import encode
from facewright.dataset.plan import sample_key
from facewright.formats import WRITERS, Sample, open_dataset
from facewright.formats.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--samples", type=int, default=100)
    asked = parser.parse_args()
    config = DatasetConfig(people=asked.people, samples=asked.samples)
    draw_person(config, 0)  # loads the head
    people = range(asked.people)
    drawn = report("drawing", config, lambda: [draw_person(config, person) for person in people])
    jpegs = report("JPEG", config, lambda: [[encode(image, 95) for image in one.images] for one in drawn])
    samples = [
        Sample(sample_key(person, number), jpeg, person)
        for person, images in enumerate(jpegs)
        for number, jpeg in enumerate(images)
    ]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for format in WRITERS:
            report(f"writing {format}", config, lambda format=format: write(format, root, samples))
        keys = [sample.key for sample in samples]
        report(
            "table", config, lambda: write_table(root / "t.parquet", keys, [one.parameters for one in drawn])
        )
        reader = open_dataset(root / "shard.tar")
        report("reading the shard in order", config, lambda: sum(len(sample.jpeg) for sample in reader))
        report("reading it by index", config, lambda: [reader.read(index) for index in range(len(reader))])


def write(format: str, root: Path, samples: list[Sample]) -> None:
    writer = WRITERS[format](root, "shard")
    for sample in samples:
        writer.add(sample)
    writer.close()


def report(name: str, config: DatasetConfig, work: Callable[[], Any]) -> Any:
    start = time.process_time()
    result = work()
    print(f"{name:28s} {1e6 * (time.process_time() - start) / config.images:8.1f} us an image", flush=True)
    return result


if __name__ == "__main__":
    main()
