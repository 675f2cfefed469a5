"""One side of bench/render.py: a process that draws a round for each case that it is sent, a line of JSON each way."""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from render_cases import CROP, Case, Subject, subjects

from facewright.dataset.generate import encode
from facewright.people.worn import dress
from facewright.render.renderer import draw_heads
from facewright.scenes.backgrounds import draw_backgrounds

Draw = Callable[[int], np.ndarray]
ROUND_S, QUALITY = 0.4, 95


def our_draw(case: Case, people: list[Subject]) -> Draw:
    """All images of one of the people by this package's renderer, of whatever version is installed."""
    look = our_look(case)

    def dressed(which: int) -> tuple:
        one = people[which]
        return dress(one.person, one.scenes) if case.worn else ((), None)

    if case.chain:
        return lambda which: (
            draw_heads(
                people[which].person,
                people[which].scenes,
                CROP,
                draw_backgrounds(people[which].scenes.background, CROP.size_px),
                *dressed(which),
                **look,
            ).images
        )
    clothes = [dressed(which) for which in range(len(people))]
    return lambda which: (
        draw_heads(
            people[which].person,
            people[which].scenes,
            CROP,
            people[which].background,
            *clothes[which],
            **look,
        ).images
    )


def our_look(case: Case) -> dict[str, object]:
    """The light of a case; versions without ShadingConfig have the default light in every sample only."""
    try:
        from facewright.render import LAMBERTIAN, ShadingConfig
    except ImportError:
        if case.lambertian or not case.every_sample:
            raise SystemExit("this version draws the default light in every sample only") from None
        return {}
    import dataclasses

    look = LAMBERTIAN if case.lambertian else ShadingConfig()
    return {"shading": dataclasses.replace(look, every_sample=case.every_sample)}


@functools.cache
def prepared(side: str, case: Case) -> Draw:
    """Ready and warm."""
    people = subjects(case)
    if side == "ours":
        draw = our_draw(case, people)
    else:
        from render_peers import PEERS

        draw = PEERS[side](case, people).draw
    draw(0)
    return draw


def draw_round(draw: Draw, case: Case, people: list[int]) -> dict[str, float]:
    """Draws these people again and again for ROUND_S of CPU time: images, CPU seconds of all threads, seconds."""

    def person(which: int) -> int:
        images = draw(which)
        if case.jpeg:
            for image in images:
                encode(image, QUALITY)
        return len(images)

    images = 0
    with ThreadPoolExecutor(case.threads) as pool:
        cpu, wall = time.process_time(), time.perf_counter()
        while time.process_time() - cpu < ROUND_S:
            images += sum(pool.map(person, people))
        return {
            "images": images,
            "cpu": time.process_time() - cpu,
            "wall": time.perf_counter() - wall,
        }


def name_of(side: str) -> str:
    if side == "ours":
        from facewright import _native

        return getattr(_native, "instruction_set", lambda: "one path")()
    from render_peers import PEERS

    case = Case(samples=4, lambertian=True)
    people = subjects(case)
    peer = PEERS[side](case, people)
    difference = peer.draw(0).astype(np.float64) - our_draw(case, people)(0)
    decibels = 10 * np.log10(255**2 / np.mean(difference**2))
    return f"{peer.name}; its pictures are this package's with a PSNR of {decibels:.0f} dB"


def main() -> None:
    side = sys.argv[1]
    os.environ.setdefault("LP_NUM_THREADS", "0")  # llvmpipe draws in the calling thread
    print(json.dumps(name_of(side)), flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        case = Case(**wanted["case"])
        print(json.dumps(draw_round(prepared(side, case), case, wanted["people"])), flush=True)


if __name__ == "__main__":
    main()
