"""Real photos: finding the face and its five landmarks, and cropping to a template."""

from facewright.photos.align import align, central_landmarks, nearest_to_centre, read_photo
from facewright.photos.landmarks import find_landmarks
from facewright.photos.mtcnn import Detections, Detector, DetectorConfig, load_detector

__all__ = [
    "Detections",
    "Detector",
    "DetectorConfig",
    "align",
    "central_landmarks",
    "find_landmarks",
    "load_detector",
    "nearest_to_centre",
    "read_photo",
]
