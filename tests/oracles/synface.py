"""SynFace's classification loss written out image by image in float64: the margin product, identity and domain
mixup."""

import math

import numpy as np


def arc_margin_product(feature, weight, label, s, m):
    """Scores of all classes for one image, the label's with ArcFace's margin."""
    unit = feature / np.linalg.norm(feature)
    scores = []
    for j, row in enumerate(weight):
        cosine = float(unit @ (row / np.linalg.norm(row)))
        if j == label:
            sine = math.sqrt(1 - cosine * cosine)
            phi = cosine * math.cos(m) - sine * math.sin(m)
            cosine = phi if cosine > math.cos(math.pi - m) else cosine - math.sin(math.pi - m) * m
        scores.append(s * cosine)
    return np.array(scores)


def cross_entropy(scores, label):
    return math.log(np.exp(scores - scores.max()).sum()) - (scores[label] - scores.max())


def domain_mixup_loss(features, weight, drawn, real, lam, s, m):
    """drawn: (label_a, w_a, label_b, w_b) of each image; real: labels. lam: the drawn images' part; 1 is identity
    mixup alone."""
    loss_a, loss_b, loss_real = [], [], []
    for feature, (a, w_a, b, w_b), r in zip(features, drawn, real, strict=True):
        output = w_a * arc_margin_product(feature, weight, a, s, m)
        output = output + w_b * arc_margin_product(feature, weight, b, s, m)
        output = lam * output + (1 - lam) * arc_margin_product(feature, weight, r, s, m)
        loss_a.append(w_a * cross_entropy(output, a))
        loss_b.append(w_b * cross_entropy(output, b))
        loss_real.append(cross_entropy(output, r))
    return lam * (np.mean(loss_a) + np.mean(loss_b)) + (1 - lam) * np.mean(loss_real)
