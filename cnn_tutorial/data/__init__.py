"""The data sets of the book: fetched from wherever they are within reach, verified, cached.

``load`` gives arrays, ``fetch_folder`` gives a folder of photographs, ``list_sources`` says
where everything comes from, under which licence, and whom to cite. Chapter 11 uses it first.

- ``sources.py``    the registry: one entry a data set
- ``splits.py``     training, validation and test parts, and balanced subsets
- ``fetching.py``   cache, mirror, canonical source, package: in this order
- ``storage.py``   the cache folder and its locks
- ``clients.py``    downloads, and the package managers called as clients
- ``archives.py``   reading files out of folders and archives without unpacking them
- ``decoding.py``   bytes in, arrays out
- ``cats_dogs.py``  the photographs
- ``folders``       photographs on disk: looked through, reported on, split, made into batches
- ``augment.py``   photographs turned, shifted, sheared, zoomed and flipped at random
- ``warping.py``   the affine map behind it, and ``warp_ranges.py`` what it draws
- ``mixing.py``    Mixup and CutMix
- ``batches.py``   from anything that can be indexed to batches for training
- ``pipeline.py``  shards, and who waits for whom: all of it in one place
- ``writing.py``   a data set as a folder of image files
- ``checks.py``    checks of arguments

Importing this loads neither TensorFlow nor scikit-learn nor pooch: that happens on first use.
"""

from cnn_tutorial.data.batches import array_dataset
from cnn_tutorial.data.cats_dogs import fetch_folder
from cnn_tutorial.data.fetching import DataUnavailableError
from cnn_tutorial.data.folders import (
    DuplicateGroup,
    FolderReport,
    UnusablePhotographError,
    assign_splits,
    find_duplicates,
    find_leaks,
    find_shared,
    folder_dataset,
    group_duplicates,
    make_messy_folder,
    read_photograph,
    scan_folder,
)
from cnn_tutorial.data.mixing import mix_dataset
from cnn_tutorial.data.pipeline import profile, shard_dataset, write_shards
from cnn_tutorial.data.sources import SOURCES, list_sources
from cnn_tutorial.data.splits import load
from cnn_tutorial.data.writing import write_folder
from cnn_tutorial.places import cache_folder

__all__ = [
    "SOURCES",
    "DataUnavailableError",
    "DuplicateGroup",
    "FolderReport",
    "RandomWarp",
    "UnusablePhotographError",
    "array_dataset",
    "assign_splits",
    "cache_folder",
    "fetch_folder",
    "find_duplicates",
    "find_leaks",
    "find_shared",
    "folder_dataset",
    "group_duplicates",
    "list_sources",
    "load",
    "make_messy_folder",
    "mix_dataset",
    "profile",
    "read_photograph",
    "scan_folder",
    "shard_dataset",
    "write_folder",
    "write_shards",
]


def __getattr__(name):
    """``RandomWarp`` is a Keras layer, and Keras is loaded when someone asks for it."""
    if name == "RandomWarp":
        from cnn_tutorial.data.augment import RandomWarp

        return RandomWarp
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
