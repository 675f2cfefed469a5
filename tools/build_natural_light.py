"""Derive the embedded natural light from CC0 environment maps.

    npm pack @pmndrs/assets@1.7.0 && tar xzf pmndrs-assets-1.7.0.tgz
    apt-get download blender-data && dpkg-deb -x blender-data_*.deb blender
    python tools/build_natural_light.py package/hdri blender/usr/share/blender/datafiles/studiolights/world

Both sets are photographs of places by Poly Haven (formerly HDRI Haven), CC0 1.0. Only what is derived from them is
kept: nine spherical harmonics, and direction and irradiance of the brightest 20 degrees above their surroundings. Each
place is scaled so that its light sums to 1 in luminance.
"""

from __future__ import annotations

import argparse
import base64
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from facewright import _native
from facewright.scenes.light_priors import read_map
from facewright.scenes.spherical import N0, PI, luminance

OUT = Path(__file__).parents[1] / "src/facewright/scenes/data/natural_light.json"
PROVENANCE = {
    "pmndrs": "npm @pmndrs/assets 1.7.0, hdri/*.exr.js, from polyhaven.com, CC0 1.0",
    "blender": "Debian blender-data 3.4.1, datafiles/studiolights/world/*.exr, by Greg Zaal (hdrihaven.com), CC0 1.0",
}


def maps(pmndrs: Path, blender: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Name and linear RGB of each map."""
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted(pmndrs.glob("*.exr.js")):
            encoded = file.read_text().split("base64,", 1)[1].split("'", 1)[0]
            exr = Path(folder) / file.name.removesuffix(".js")
            exr.write_bytes(base64.b64decode(encoded))
            yield f"pmndrs/{exr.stem}", read_map(exr)
    for file in sorted(blender.glob("*.exr")):
        yield f"blender/{file.stem}", read_map(file)


def place(name: str, radiance: np.ndarray) -> dict[str, object]:
    """What is kept of one map."""
    projected = _native.project_environment(radiance)
    ambient, direction, irradiance = projected[:9], projected[9], projected[10]
    total = luminance((ambient[0] * (PI * N0) + irradiance)[None])[0]
    return {
        "name": name,
        "ambient": np.round(ambient / total, 5).tolist(),
        "key_direction": np.round(direction, 5).tolist(),
        "key_irradiance": np.round(irradiance / total, 5).tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pmndrs", type=Path)
    parser.add_argument("blender", type=Path)
    arguments = parser.parse_args()
    places = [place(name, radiance) for name, radiance in maps(arguments.pmndrs, arguments.blender)]
    lines = ",\n  ".join(json.dumps(one) for one in places)
    OUT.write_text(f'{{\n "provenance": {json.dumps(PROVENANCE)},\n "places": [\n  {lines}\n ]\n}}\n')
    for one in places:
        key, x = np.array(one["key_irradiance"]), one["key_direction"]
        print(f"{one['name']:22s} key {luminance(key[None])[0]:.2f} of all light, height {x[1]:+.2f}")


if __name__ == "__main__":
    main()
