"""Pipelines from files to batches, and how to find out who waits; chapter 33 explains them.

- ``batches.py``        from anything that can be indexed to batches: ``array_dataset``
- ``shard_writing.py``  a folder of photographs as a few large files: ``write_shards``
- ``shard_reading.py``  from those to batches: ``shard_dataset``
- ``profiling.py``      the data's speed, the model's, and both together: ``profile``
"""

from cnn_tutorial.data.batches import array_dataset
from cnn_tutorial.data.profile_report import Profile
from cnn_tutorial.data.profiling import profile
from cnn_tutorial.data.shard_reading import check_shards, read_manifest, shard_dataset
from cnn_tutorial.data.shard_writing import write_shards

__all__ = [
    "Profile",
    "array_dataset",
    "check_shards",
    "profile",
    "read_manifest",
    "shard_dataset",
    "write_shards",
]
