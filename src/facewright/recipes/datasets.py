"""Data sets by name: each a function from a base configuration to that of a paper or a benchmark.

What a paper's own data cannot be shipped for is replaced by the nearest that can: the Basel Illumination Prior by the
embedded light of real places (`--illumination bip:FOLDER` brings it back), photographs of textures by procedural
backgrounds (`--backgrounds FOLDER`), the Basel Face Model by the embedded head (`--model bfm2017:FILE`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from facewright.dataset.config import DatasetConfig, parse_plan, with_plan
from facewright.distributions import Constant, Normal, TruncatedNormal, Uniform
from facewright.scenes.camera import CameraConfig
from facewright.scenes.expressions import ExpressionConfig
from facewright.scenes.grid import parse_axis
from facewright.scenes.illumination import LightConfig
from facewright.scenes.worn import WornConfig

__all__ = ["DATASETS"]

_NOTHING_WORN = WornConfig(eyewear=0, headwear=0, facewear=0, makeup=0, restyled=0)
_STILL = CameraConfig(
    distance_mm=Constant(1500), jitter_px=Constant(0), jitter_scale=Constant(1), jitter_deg=Constant(0)
)
_RESTING = ExpressionConfig(
    neutral=1, smile=0, laugh=0, talk=0, press=0, surprise=0, frown=0, disgust=0, pout=0, blink=0, gaze_deg=3
)  # fmt: skip
# How many people of LFW have how many photographs. Up to nine as LFW counts them; above, groups that keep its 158
# people with at least ten, 62 with at least twenty and seven with at least seventy, and its 13,233 photographs.
_LFW_PLAN = "7x184+30x32+25x31+53x14+43x13+26x9+33x8+39x7+55x6+112x5+187x4+291x3+779x2+4069x1"


def syn_1m(base: DatasetConfig) -> DatasetConfig:
    """SYN-1M of Kortylewski et al. 2018: 10,000 people x 100, yaw +-90, pitch +-30, roll +-15 degrees, uniform."""
    sampler = replace(
        base.sampler,
        yaw_deg=Uniform(-90, 90),
        pitch_deg=Uniform(-30, 30),
        roll_deg=Uniform(-15, 15),
        camera=replace(base.sampler.camera, distance_mm=Constant(1000)),
        light=LightConfig(illumination="natural"),
        worn=_NOTHING_WORN,
    )
    return replace(base, people=10_000, samples=100, deeper=(), sampler=sampler)


def syn_front(base: DatasetConfig) -> DatasetConfig:
    """SYN-1M-Front of the same paper: yaw within 35 degrees."""
    config = syn_1m(base)
    return replace(config, sampler=replace(config.sampler, yaw_deg=Uniform(-35, 35)))


def syn_2m(base: DatasetConfig) -> DatasetConfig:
    """SYN-2M of the same paper: twice as many people."""
    return replace(syn_1m(base), people=20_000)


def syn_10k_50(base: DatasetConfig) -> DatasetConfig:
    """Syn_10K_50 of SynFace (Qiu et al. 2021): 10,000 people x 50, posed as web photographs; --mixup adds IM."""
    sampler = replace(
        base.sampler,
        yaw_deg=TruncatedNormal(0, 18, -60, 60),
        pitch_deg=TruncatedNormal(0, 7, -25, 25),
        roll_deg=TruncatedNormal(0, 5, -20, 20),
    )
    return replace(base, people=10_000, samples=50, deeper=(), sampler=sampler)


def digiface(base: DatasetConfig) -> DatasetConfig:
    """DigiFace-1M (Bae et al. 2023): 10,000 people x 72 and 100,000 x 5, its poses and its chances of things worn.

    Azimuth and elevation are normal about the front, a thousand times rarer at 90 and at 30 degrees.
    """
    sampler = replace(
        base.sampler,
        yaw_deg=TruncatedNormal(0, 24.2, -90, 90),
        pitch_deg=TruncatedNormal(0, 8.07, -30, 30),
        camera=replace(base.sampler.camera, right_mm=Uniform(-120, 120), up_mm=Uniform(-120, 120)),
        light=LightConfig(illumination="natural"),
        worn=WornConfig(eyewear=0.15, headwear=0.15, facewear=0.01, makeup=0.15, worn_styles=4),
    )
    return with_plan(replace(base, sampler=sampler), parse_plan("10000x72+100000x5"))


def multi_pie_like(base: DatasetConfig) -> DatasetConfig:
    """A studio as Multi-PIE's: 337 people, each from 13 sides 15 degrees apart under 19 lights 10 degrees apart."""
    sampler = replace(
        base.sampler,
        pitch_deg=Constant(0),
        roll_deg=Constant(0),
        camera=_STILL,
        expression=_RESTING,
        light=LightConfig(
            key_elevation_deg=Constant(10), key_share=Constant(0.75), fill_share=Constant(0), ground=Constant(0.7),
            warmth=Constant(0), exposure=Constant(1.2),
        ),
        worn=_NOTHING_WORN,
        background="plain",
        vary="none",
        grid=(parse_axis("yaw_deg=-90:90:15"), parse_axis("key_azimuth_deg=-90:90:10")),
    )  # fmt: skip
    return replace(base, people=337, samples=13 * 19, deeper=(), sampler=sampler)


def lfw_like(base: DatasetConfig) -> DatasetConfig:
    """As many people and photographs of each as LFW has, posed as news photographs are, 250 px with surroundings.

    `facewright pairs` writes its list of pairs.
    """
    sampler = replace(
        base.sampler,
        yaw_deg=TruncatedNormal(0, 15, -70, 70),
        pitch_deg=TruncatedNormal(0, 7, -30, 30),
        roll_deg=Normal(0, 5),
        light=LightConfig(illumination="natural"),
    )
    config = replace(base, crop="frame224", size_px=250, sampler=sampler)
    return with_plan(config, parse_plan(_LFW_PLAN))


DATASETS: dict[str, Callable[[DatasetConfig], DatasetConfig]] = {
    "syn-1m": syn_1m,
    "syn-front": syn_front,
    "syn-2m": syn_2m,
    "syn-10k-50": syn_10k_50,
    "digiface": digiface,
    "multi-pie-like": multi_pie_like,
    "lfw-like": lfw_like,
}
