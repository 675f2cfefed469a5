"""Which triplets a batch has, by plain loops."""


def all_triplets(distances, labels, alpha, semi_hard):
    """For each pair (anchor, positive), ordered once, the set of negatives that may be drawn; pairs without are left
    out."""
    found = {}
    n = len(labels)
    for a in range(n):
        for p in range(a + 1, n):
            if labels[a] != labels[p]:
                continue
            negatives = set()
            for other in range(n):
                if labels[other] == labels[a]:
                    continue
                lead = distances[a, other] - distances[a, p]
                if lead < alpha and (not semi_hard or lead > 0):
                    negatives.add(other)
            if negatives:
                found[(a, p)] = negatives
    return found
