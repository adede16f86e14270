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

Importing this loads neither TensorFlow nor scikit-learn nor pooch: that happens on first use.
"""

from cnn_tutorial.data.cats_dogs import fetch_folder
from cnn_tutorial.data.fetching import DataUnavailableError
from cnn_tutorial.data.sources import SOURCES, list_sources
from cnn_tutorial.data.splits import load
from cnn_tutorial.data.storage import cache_folder

__all__ = [
    "SOURCES",
    "DataUnavailableError",
    "cache_folder",
    "fetch_folder",
    "list_sources",
    "load",
]
