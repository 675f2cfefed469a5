"""Draw a large data set in one go and watch memory and rate from the first to the last shard.

    python bench/long_run.py OUT LOG.csv FIGURE.png -- --people 1000 --samples 100 --workers 2 ...

What follows -- goes to `facewright generate OUT`. Every second the resident memory of the process and its workers is
read, and how many images' shards are complete; FIGURE shows both over the images.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from pathlib import Path

from matplotlib.figure import Figure

PAGE_MB = 4096 / 1e6


def resident_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def watch(arguments: list[str], out: Path, log: Path) -> None:
    """Run the generator and write one line a second: seconds, images in complete shards, MB of each process."""
    start, images = time.perf_counter(), {}
    command = [sys.executable, "-m", "facewright", "generate", str(out), *arguments]
    process = subprocess.Popen(command)
    with log.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["seconds", "images", "main_mb", "largest_worker_mb", "all_mb"])
        while process.poll() is None:
            for record in out.glob("*.shard.json") if out.exists() else ():
                if record.name not in images:
                    images[record.name] = json.loads(record.read_text())["images"]
            main, workers = resident_mb(process.pid), [resident_mb(pid) for pid in children(process.pid)]
            memory = [main, max(workers, default=0), main + sum(workers)]
            row = [time.perf_counter() - start, sum(images.values()), *memory]
            lines.writerow([f"{value:.1f}" for value in row])
            file.flush()
            time.sleep(1)
    if process.returncode:
        sys.exit(process.returncode)


def draw(log: Path, figure_file: Path) -> None:
    with log.open() as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    seconds, images = [row["seconds"] for row in rows], [row["images"] / 1000 for row in rows]
    figure = Figure(figsize=(7, 4.4), layout="constrained")
    memory, done = figure.subplots(2, 1, sharex=True)
    for name, label in (("main_mb", "main process"), ("largest_worker_mb", "largest worker")):
        memory.plot(seconds, [row[name] for row in rows], label=label)
    memory.set_ylabel("resident MB")
    memory.set_ylim(0, 700)
    memory.axhline(600, color="0.7", linewidth=0.8)
    memory.legend(loc="lower right")
    done.plot(seconds, images, color="0.3")
    done.set_ylabel("thousand images done")
    done.set_xlabel("seconds")
    figure.savefig(figure_file, dpi=80)


def main() -> None:
    out, log, figure = map(Path, sys.argv[1:4])
    watch([argument for argument in sys.argv[4:] if argument != "--"], out, log)
    draw(log, figure)


if __name__ == "__main__":
    main()
