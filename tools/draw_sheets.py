"""Draw the contact sheets of docs/sheets.md into docs/figures.

python tools/draw_sheets.py [SHEET ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from itertools import count, islice
from pathlib import Path

import cv2
import numpy as np

from facewright.dataset.sheet import contact_sheet
from facewright.distributions import Constant
from facewright.geometry import ARCFACE_112, Crop, arcface_crop
from facewright.models import load_head
from facewright.people.albedo import paint_albedo
from facewright.people.config import PeopleConfig
from facewright.people.hair import HairStyle, grow_hair, paint_roots
from facewright.people.hair.families import FACIAL_HAIR, FAMILIES, USUAL, family_weights
from facewright.people.hair.style import style_values
from facewright.people.palette import hair_colour, skin_colour
from facewright.people.person import Person
from facewright.people.traits import Traits
from facewright.people.worn import dress
from facewright.render import render
from facewright.scenes import CameraConfig, Sampler, SamplerConfig, Scenes
from facewright.scenes.expressions import ExpressionConfig
from facewright.scenes.illumination import LightConfig
from facewright.scenes.worn import Slot, WornConfig
from facewright.streams import Factor, Streams

FIGURES = Path(__file__).parents[1] / "docs/figures"
SEED = 7
LARGEST_BYTES = 450_000
HEAD = load_head()
CALM = ExpressionConfig(
    neutral=1, smile=0.6, laugh=0, talk=0, press=0, surprise=0, frown=0, disgust=0, pout=0, blink=0
)  # fmt: skip
STUDIO = LightConfig(
    key_azimuth_deg=Constant(-25), key_elevation_deg=Constant(35), key_share=Constant(0.6),
    fill_share=Constant(0.25), ground=Constant(0.6), warmth=Constant(0), exposure=Constant(1.3),
)  # fmt: skip
STRAIGHT = replace(
    SamplerConfig(),
    yaw_deg=Constant(0), pitch_deg=Constant(0), roll_deg=Constant(0),
    camera=CameraConfig(
        distance_mm=Constant(1200), jitter_px=Constant(0), jitter_scale=Constant(1), jitter_deg=Constant(0)
    ),
    worn=WornConfig(eyewear=0, headwear=0, facewear=0, makeup=0, restyled=0), expression=CALM, light=STUDIO,
    background="plain",
)  # fmt: skip
# Row of the sheet of things worn: slot, and the name of the attachments that it is recognised by.
WORN = {
    "glasses": (Slot.EYES, "glasses"),
    "sunglasses": (Slot.EYES, "sunglasses"),
    "cap": (Slot.HEAD, "cap"),
    "beanie": (Slot.HEAD, "beanie"),
    "brimmed hat": (Slot.HEAD, "hat"),
    "head scarf": (Slot.HEAD, "scarf"),
    "mask": (Slot.FACE, "mask"),
}
Images = np.ndarray


def main() -> None:
    """Draw the sheets named on the command line, or all of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sheets", nargs="*", metavar="SHEET", help=", ".join(SHEETS) + "; by default all")
    for name in parser.parse_args().sheets or SHEETS:
        write_jpeg(FIGURES / f"{name}.jpg", SHEETS[name]())


def write_jpeg(path: Path, image: np.ndarray) -> None:
    """The best quality up to 90 that keeps the file small."""
    for quality in range(90, 40, -4):
        jpeg = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(jpeg) <= LARGEST_BYTES:
            break
    path.write_bytes(jpeg)
    print(f"{path}: {image.shape[1]} x {image.shape[0]} px, {len(jpeg) / 1000:.0f} kB, quality {quality}")


def sheet() -> np.ndarray:
    """Eight people, nine images each, as training crops."""
    sampler = Sampler(SamplerConfig(), SEED, HEAD)
    return table([draw(sampler.person(i), sampler.scenes(i, 0, 9), ARCFACE_112) for i in range(8)], 9)


def people() -> np.ndarray:
    """64 people from in front."""
    sampler = Sampler(STRAIGHT, SEED, HEAD)
    crop = portrait(160)
    return table(
        [stamped(draw(sampler.person(i), sampler.scenes(i, 0, 1), crop), str(i)) for i in range(64)], 8
    )


def poses() -> np.ndarray:
    """8 people at 9 yaws from -90 to 90 degrees."""
    sampler = Sampler(STRAIGHT, SEED, HEAD)
    rows = []
    for i in range(100, 108):
        turned = replace(
            repeated(sampler.scenes(i, 0, 1), 9), yaw_deg=np.linspace(-90, 90, 9, dtype=np.float32)
        )
        rows.append(stamped(draw(sampler.person(i), turned, portrait(150)), str(i)))
    return table(rows, 9)


def scenes() -> np.ndarray:
    """One person in 24 scenes of the default kind, as training crops at twice the size."""
    sampler = Sampler(SamplerConfig(), SEED, HEAD)
    return table([draw(sampler.person(3), sampler.scenes(3, 0, 24), arcface_crop(224))], 6)


def hair() -> np.ndarray:
    """Every family of hair and beard on three people who could wear it, from in front and turned."""
    sampler = Sampler(STRAIGHT, SEED, HEAD)
    rows = []
    for number, name in enumerate([*FAMILIES, *(kind for kind in FACIAL_HAIR if FACIAL_HAIR[kind])]):
        wearers = islice(styled(sampler, name, 40 * number), 3)
        rows += [stamped(two_views(sampler, person), f"{name} {person.index}") for person in wearers]
    return table(rows, 12)


def worn() -> np.ndarray:
    """Every kind of thing worn, and make-up, by nine people."""
    sampler = Sampler(STRAIGHT, SEED, HEAD)
    rows = []
    for name, (slot, shown_as) in WORN.items():
        for i in range(300, 309):
            scene = replace(sampler.scenes(i, 0, 1), yaw_deg=np.array([9 * (i - 304)], np.float32))
            person = sampler.person(i)
            rows.append(draw(person, wearing(person, scene, slot, shown_as), portrait(150)))
        rows[-9] = stamped(rows[-9], f"{name} 300-308")
    return table(rows + made_up(sampler), 9)


def controls() -> np.ndarray:
    """Six people, each asked to be a woman and a man of five ages; two people for each ancestry."""
    ancestries = {
        "african": PeopleConfig(african=Constant(1)),
        "asian": PeopleConfig(asian=Constant(1)),
        "caucasian": PeopleConfig(caucasian=Constant(1)),
    }
    rows = []
    for i, (name, ancestry) in enumerate([*ancestries.items()] * 2, 400):
        for masculinity in (0, 1):
            for age in (20, 35, 50, 65, 80):
                asked = replace(ancestry, age=Constant(age), masculinity=Constant(masculinity))
                person = Sampler(replace(STRAIGHT, people=asked), SEED, HEAD).person(i)
                drawn = draw(person, Sampler(STRAIGHT, SEED, HEAD).scenes(5, 0, 1), portrait(130))
                rows.append(stamped(drawn, f"{name if age == 20 else ''} {'FM'[masculinity]}{age}"))
    return table(rows, 10)


def relation() -> np.ndarray:
    """Five people related to person 400, from the same (0) over strangers (1) to opposite (1.41)."""
    rows = []
    for i in range(410, 415):
        for distance in (0, 0.25, 0.5, 0.75, 1, 1.41):
            asked = PeopleConfig(related_to=400, relation=Constant(distance))
            person = Sampler(replace(STRAIGHT, people=asked), SEED, HEAD).person(i)
            drawn = draw(person, Sampler(STRAIGHT, SEED, HEAD).scenes(5, 0, 1), portrait(160))
            rows.append(stamped(drawn, f"{i}: {distance:g}"))
    return table(rows, 6)


SHEETS: dict[str, Callable[[], np.ndarray]] = {
    "sheet": sheet,
    "people": people,
    "poses": poses,
    "scenes": scenes,
    "hair": hair,
    "worn": worn,
    "controls": controls,
    "relation": relation,
}


def portrait(size_px: int) -> Crop:
    """The whole head: the ArcFace template scaled about the middle of the image, a little low."""
    scale = 0.56 * size_px / 112
    points = (ARCFACE_112.points_px - [56, 58]) * scale + size_px / 2
    return Crop("portrait", size_px, points)


def draw(person: Person, of: Scenes, crop: Crop) -> Images:
    return render(person, of, crop).images


def repeated(of: Scenes, times: int) -> Scenes:
    return replace(of, **{name: np.repeat(value, times, axis=0) for name, value in vars(of).items()})


def two_views(sampler: Sampler, person: Person) -> Images:
    scene = repeated(sampler.scenes(5, 0, 1), 2)
    return draw(person, replace(scene, yaw_deg=np.array([0, 50], np.float32)), portrait(116))


def styled(sampler: Sampler, name: str, first: int) -> Iterator[Person]:
    """People from index `first` who could wear this family of hair or beard, with a style of it."""
    for index in count(first):
        person = sampler.person(index)
        traits = Traits(**{f.name: person.traits[f.name] for f in fields(Traits)})
        if name in FACIAL_HAIR and not grows(name, traits):
            continue
        family = "cropped" if name in FACIAL_HAIR else name
        if not family_weights(traits).get(family):
            continue
        ranges = USUAL | FAMILIES[family] | FACIAL_HAIR.get(name, {})
        shares = Streams(SEED, index).uniform(Factor.HAIR, 2, 1, len(fields(HairStyle)))[0]
        colour = hair_colour(traits.hair_lightness, traits.hair_red, traits.grey)
        style = HairStyle(**style_values(ranges, shares.tolist()))
        skin = skin_colour(traits.melanin, traits.redness, traits.yellowness)
        texture = paint_albedo(HEAD, traits)
        paint_roots(HEAD, texture, style, (colour, skin), traits.beard, traits.moustache)
        grown = grow_hair(HEAD, person.neutral_mm, style, colour, traits.grey)
        yield replace(person, texture=texture, hair=grown)


def grows(name: str, traits: Traits) -> bool:
    """Whether a face has the shadow of such a beard, as in `draw_hair_style`."""
    return traits.beard < 0.5 and traits.moustache > 0.3 if name == "moustache" else traits.beard >= 0.5


def wearing(person: Person, scene: Scenes, slot: Slot, shown_as: str) -> Scenes:
    """The scene with the person's first style that shows as such an attachment."""
    for number in count(1):
        things = np.zeros((1, len(Slot)), np.uint32)
        things[0, slot] = number
        dressed = replace(scene, worn=things)
        if any(one.name == shown_as for one in dress(person, dressed)[0]):
            return dressed
    raise AssertionError("count ends")


def made_up(sampler: Sampler) -> list[Images]:
    """Nine women, without and with make-up."""
    women = islice((p for p in map(sampler.person, count(300)) if p.traits["masculinity"] < 0.5), 9)
    pairs = []
    for person in women:
        both = repeated(sampler.scenes(5, 0, 1), 2)
        both.worn[1, Slot.MAKE_UP] = 1
        pairs.append(stamped(draw(person, both, portrait(150)), f"make-up {person.index}"))
    return [pair[view : view + 1] for view in (0, 1) for pair in pairs]


def stamped(images: Images, text: str) -> Images:
    """The same images, a line of text in the first one."""
    cv2.putText(images[0], text.strip(), (3, 11), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 0, 0), 1, cv2.LINE_AA)
    return images


def table(images: list[Images], columns: int) -> np.ndarray:
    flat = np.concatenate(images)
    blank = np.full((-len(flat) % columns, *flat.shape[1:]), 255, np.uint8)
    return contact_sheet(np.concatenate([flat, blank]).reshape(-1, columns, *flat.shape[1:]))


if __name__ == "__main__":
    main()
