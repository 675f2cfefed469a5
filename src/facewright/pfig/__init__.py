"""Reading and writing what the parametric-face-image-generator of Kortylewski et al. reads and writes."""

from facewright.pfig.config import PfigJob, read_pfig
from facewright.pfig.generate import generate_pfig
from facewright.pfig.redraw import redraw

__all__ = ["PfigJob", "generate_pfig", "read_pfig", "redraw"]
