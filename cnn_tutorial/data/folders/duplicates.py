"""The same photograph twice: in one folder, in two, or on both sides of a split.

Identical files are found by their content hash, and files that only look alike by the Hamming
distance of their fingerprints. Chapter 31 shows what a copy in the test set does to a score.
"""

import dataclasses

import numpy as np

# Of 64 bits. On 1,000 photographs of cats and dogs: re-encoding (JPEG quality 30), resizing (to
# 30 to 90 %) and brightening (by a fifth) changed at most 8; of the 499,500 pairs one, a real
# copy, differed in fewer than 12. Not found are copies that were mirrored or turned (about 32
# bits) or cropped (a tenth off every edge: a median of 18; a twentieth: of 10). Of 40 million
# pairs of parts of them 9 unrelated ones differed in 10 and none in fewer: among 20,000
# photographs two or three may be named that are no copies.
MAX_DISTANCE = 8
_BLOCK = 64  # fingerprints compared with all others at a time: 10 MB for 20,000


@dataclasses.dataclass(frozen=True)
class DuplicateGroup:
    """Files that hold the same photograph.

    Attributes:
        files: tuple of paths, two or more.
        class_names: tuple of str, the class of each.
        places: tuple of str, where each lies: its split, or its folder. Empty if not asked.
        identical: bool, whether all have the same bytes, or some only look alike.
    """

    files: tuple
    class_names: tuple
    places: tuple = ()
    identical: bool = True

    @property
    def contradicts(self):
        """Whether it lies in two classes: if these are copies, one of the labels is wrong."""
        return len(set(self.class_names)) > 1


def find_duplicates(report, *, perceptual=True, max_distance=MAX_DISTANCE):
    """Groups of files in a folder that are copies of each other.

    Two files are copies if their bytes are the same, or, with ``perceptual``, if their
    fingerprints differ in at most ``max_distance`` of 64 bits; copies of copies are in one
    group. What only looks alike should be looked at: photographs with little in them, and
    drawings, digits or X-rays that share a layout, can be alike without being copies. And some
    copies are not found: those that were mirrored, turned or clearly cropped. Files of one grey
    all over are compared by their bytes only.

    Args:
        report: ``FolderReport`` of ``scan_folder``.
        perceptual: bool, whether to look for files that look alike, too.
        max_distance: int, 0 to 64, in bits. More finds more copies, and more that are none.

    Returns:
        List of ``DuplicateGroup``, in the order of their first files.

    Raises:
        TypeError, ValueError: if ``max_distance`` is not an int from 0 to 64.

    Example:
        >>> from types import SimpleNamespace
        >>> report = SimpleNamespace(
        ...     files=["a.jpg", "b.jpg", "c.jpg"], hashes=np.array(["1f", "22", "1f"]),
        ...     fingerprints=np.array([3, 2**40 - 1, 3], np.uint64), labels=np.array([0, 0, 1]),
        ...     class_names=["cat", "dog"],
        ... )
        >>> group, = find_duplicates(report)
        >>> group.files, group.contradicts
        (('a.jpg', 'c.jpg'), True)
    """
    groups = _find_groups(report.hashes, report.fingerprints, perceptual, max_distance)
    return _make_groups([report], groups)


def find_leaks(report, splits, *, perceptual=True, max_distance=MAX_DISTANCE):
    """Groups of copies that lie in more than one split, so that the score is partly memory.

    Args:
        report: ``FolderReport``.
        splits: sequence of str, as long as ``report.files``, as ``assign_splits`` gives.
        perceptual: as in ``find_duplicates``.
        max_distance: as there.

    Returns:
        List of ``DuplicateGroup`` whose ``places`` are the splits.

    Raises:
        ValueError: if there are not as many splits as files.

    Example:
        >>> from types import SimpleNamespace
        >>> report = SimpleNamespace(
        ...     files=["a.jpg", "b.jpg"], hashes=np.array(["1f", "1f"]),
        ...     fingerprints=np.array([3, 3], np.uint64), labels=np.array([0, 0]),
        ...     class_names=["cat"],
        ... )
        >>> find_leaks(report, ["train", "test"])[0].places
        ('train', 'test')
    """
    if len(splits) != len(report.files):
        raise ValueError(
            f"splits must be as long as report.files, {len(report.files)}; received {len(splits)}"
        )
    groups = _find_groups(report.hashes, report.fingerprints, perceptual, max_distance)
    return _torn_apart(_make_groups([report], groups, splits))


def find_shared(report, other, *, perceptual=True, max_distance=MAX_DISTANCE):
    """Groups of copies that lie in both of two folders, such as one to train on and one to test.

    Args:
        report: ``FolderReport`` of the one folder.
        other: ``FolderReport`` of the other.
        perceptual: as in ``find_duplicates``.
        max_distance: as there.

    Returns:
        List of ``DuplicateGroup`` whose ``places`` are the folders' names.

    Example:
        >>> from types import SimpleNamespace
        >>> train, test = (
        ...     SimpleNamespace(
        ...         path=path, files=[f"{path}/{name}"], hashes=np.array([name]),
        ...         fingerprints=np.array([fingerprint], np.uint64), labels=np.array([0]),
        ...         class_names=["cat"],
        ...     )
        ...     for path, name, fingerprint in (("train", "a.jpg", 3), ("test", "b.jpg", 7))
        ... )
        >>> find_shared(train, test)[0].files
        ('train/a.jpg', 'test/b.jpg')
    """
    groups = _find_groups(
        np.concatenate([report.hashes, other.hashes]),
        np.concatenate([report.fingerprints, other.fingerprints]),
        perceptual,
        max_distance,
    )
    places = [str(r.path) for r in (report, other) for _ in r.files]
    return _torn_apart(_make_groups([report, other], groups, places))


def group_duplicates(report, *, perceptual=True, max_distance=MAX_DISTANCE):
    """What to give as ``groups`` to ``assign_splits`` so that no copies are torn apart.

    A group is named after the smallest of its hashes. So a photograph depends on its copies:
    when one comes or goes, the group may get another name, or two become one, and photographs
    may move to another part, even from training to the test. Files that are no copies move
    nothing. Where a test must stay, keep the list of its files, and train on no copy of them.

    Args:
        report: ``FolderReport``.
        perceptual: as in ``find_duplicates``.
        max_distance: as there.

    Returns:
        List as long as ``report.files``: the same str for files that are copies, None for those
        that have none.

    Example:
        >>> from types import SimpleNamespace
        >>> report = SimpleNamespace(
        ...     hashes=np.array(["1f", "22", "1f"]),
        ...     fingerprints=np.array([3, 2**40 - 1, 3], np.uint64),
        ... )
        >>> group_duplicates(report)
        ['1f', None, '1f']
    """
    names = [None] * len(report.hashes)
    for members in _find_groups(report.hashes, report.fingerprints, perceptual, max_distance):
        name = min(str(report.hashes[index]) for index in members)
        for index in members:
            names[index] = name
    return names


def find_alike(fingerprints, max_distance):
    """Pairs (i, j), i < j, of fingerprints that differ in at most ``max_distance`` bits.

    ``d_ij = popcount(f_i XOR f_j)``, for a block of rows at a time: memory grows with N alone,
    time with its square (a second or so for 20,000).

    Args:
        fingerprints: uint64 array ``(N,)``.
        max_distance: int, in bits.

    Returns:
        int64 array ``(P, 2)``.

    Example:
        >>> find_alike(np.array([0b0111, 0b0011, 0b1000], np.uint64), 1)
        array([[0, 1]])
    """
    pairs = [np.empty((0, 2), np.int64)]
    for start in range(0, len(fingerprints), _BLOCK):
        block = fingerprints[start : start + _BLOCK, np.newaxis]
        near = np.bitwise_count(block ^ fingerprints[start:]) <= max_distance
        rows, columns = np.nonzero(near)
        later = columns > rows
        pairs.append(np.stack([rows[later], columns[later]], axis=1) + start)
    return np.concatenate(pairs)


def _find_groups(hashes, fingerprints, perceptual, max_distance):
    """Lists of the indices of files that are copies of each other, two or more in each."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _check_distance(max_distance)
    # Each file and the first one like it: so many pairs, however many copies there are.
    pairs = [_pair_with_first(hashes, np.arange(len(hashes)))]
    if perceptual:
        looked_at = np.flatnonzero(fingerprints)
        pairs.append(_pair_with_first(fingerprints[looked_at], looked_at))
        firsts = np.unique(pairs[-1][:, 1])
        pairs.append(firsts[find_alike(fingerprints[firsts], max_distance)])
    pairs = np.concatenate(pairs)
    edges = coo_array((np.ones(len(pairs), bool), pairs.T), shape=2 * (len(hashes),))
    groups = {}
    for index, component in enumerate(connected_components(edges, directed=False)[1]):
        groups.setdefault(component, []).append(index)
    return [members for members in groups.values() if len(members) > 1]


def _pair_with_first(values, indices):
    """(K, 2): each of the indices, and the index of the first file with the same value."""
    _, firsts, which = np.unique(values, return_index=True, return_inverse=True)
    return np.stack([indices, indices[firsts[which]]], axis=1)


def _make_groups(reports, groups, places=()):
    """The DuplicateGroups of lists of indices, which count through all the reports."""
    files = [file for report in reports for file in report.files]
    names = [report.class_names[label] for report in reports for label in report.labels]
    hashes = [str(text) for report in reports for text in report.hashes]
    return [
        DuplicateGroup(
            files=tuple(files[index] for index in members),
            class_names=tuple(names[index] for index in members),
            places=tuple(str(places[index]) for index in members) if len(places) else (),
            identical=len({hashes[index] for index in members}) == 1,
        )
        for members in groups
    ]


def _torn_apart(groups):
    return [group for group in groups if len(set(group.places)) > 1]


def _check_distance(max_distance):
    expected = f"max_distance must be an int from 0 to 64; received {max_distance!r}"
    if isinstance(max_distance, bool) or not isinstance(max_distance, (int, np.integer)):
        raise TypeError(expected)
    if not 0 <= max_distance <= 64:
        raise ValueError(expected)
