"""Photographs on disk, a folder a class: looked through, reported on, split, made into batches.

- ``photographs.py``  one file to an array, whatever is in it
- ``inspection.py``   what a scan wants to know of one file, and its fingerprint
- ``scan.py``         every file of a folder, in parallel
- ``report.py``       what was found and what was set aside (``report_html.py``: in a notebook)
- ``duplicates.py``   the same photograph twice, in a folder or in two splits
- ``messy.py``        a folder with something wrong with it, for chapter 31
- ``assign.py``       which photographs are for training, validation and test
- ``reading.py``      one file at the size that a network wants, quickly
- ``caching.py``      what was decoded and resized, kept
- ``dataset.py``      batches for training

Importing this loads neither TensorFlow nor Pillow: that happens on first use.
"""

from cnn_tutorial.data.folders.assign import assign_splits
from cnn_tutorial.data.folders.dataset import folder_dataset
from cnn_tutorial.data.folders.duplicates import (
    DuplicateGroup,
    find_duplicates,
    find_leaks,
    find_shared,
    group_duplicates,
)
from cnn_tutorial.data.folders.messy import make_messy_folder
from cnn_tutorial.data.folders.photographs import UnusablePhotographError, read_photograph
from cnn_tutorial.data.folders.report import FolderReport
from cnn_tutorial.data.folders.scan import scan_folder

__all__ = [
    "DuplicateGroup",
    "FolderReport",
    "UnusablePhotographError",
    "assign_splits",
    "find_duplicates",
    "find_leaks",
    "find_shared",
    "folder_dataset",
    "group_duplicates",
    "make_messy_folder",
    "read_photograph",
    "scan_folder",
]
