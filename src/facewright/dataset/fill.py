"""Fills a data set's folder with shards, whatever makes them: resumable, the same bytes however often it is stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from facewright.dataset.card import CARD, write_card
from facewright.dataset.plan import ShardPlan
from facewright.dataset.progress import ImageProgress
from facewright.dataset.stamp import claimed_folder
from facewright.dataset.workers import Work, run_shards
from facewright.errors import FacewrightError
from facewright.formats.manifest import Manifest, complete_shards, has_manifest, write_manifest
from facewright.formats.storage import Place

__all__ = ["Filling", "fill"]


@dataclass(frozen=True)
class Filling:
    """How a data set is made: its shards, and what makes one of them.

    `origin` is everything that decides the bytes; a folder that was begun with another one is refused.
    """

    format: str
    origin: Mapping[str, Any]
    shards: Sequence[ShardPlan]
    make: Work


def fill(root: Place, filling: Filling, progress: ImageProgress, workers: int = 1) -> Manifest:
    """Make the shards that are not there, then the manifest and the card.

    Raises FacewrightError for a folder with other contents, a full disk or a failing shard, and KeyboardInterrupt with
    a message on Ctrl-C; the shards that were complete stay.
    """
    with claimed_folder(root, filling.origin), progress:
        complete = complete_shards(root)
        missing = [shard for shard in filling.shards if shard.name not in complete]
        progress.begin(sum(shard.images for shard in filling.shards), sum(shard.images for shard in missing))
        try:
            run_shards(filling.make, missing, workers, progress.add)
            return _finish(root, filling, bool(missing))
        except (FacewrightError, KeyboardInterrupt) as error:
            raise _with_advice(error, root, filling.shards) from error


def _finish(root: Place, filling: Filling, changed: bool) -> Manifest:
    records = complete_shards(root)
    shards = {shard.name: records[shard.name] for shard in filling.shards}
    images, people = (sum(getattr(shard, name) for shard in shards.values()) for name in ("images", "people"))
    manifest = Manifest(filling.format, people, images, shards, filling.origin)
    if changed or not has_manifest(root):
        write_manifest(root, manifest)
    if changed or not (root / CARD).exists():
        write_card(root, manifest)
    return manifest


def _with_advice(error: BaseException, root: Place, shards: Sequence[ShardPlan]) -> BaseException:
    complete = complete_shards(root).keys() & {shard.name for shard in shards}
    kind = FacewrightError if isinstance(error, FacewrightError) else KeyboardInterrupt
    reason = str(error) or f"{root}: stopped"
    return kind(
        f"{reason}; {len(complete)} of {len(shards)} shards are complete; run the same command again to continue"
    )
