"""The callback that saves a training after every epoch, and brings it back."""

import contextlib
import warnings
import weakref
from collections import Counter

import keras
import numpy as np

from cnn_tutorial.training import attributes, checkpoints, state

_LEFT = weakref.WeakKeyDictionary()  # the learning rate that ``fit`` left in an optimiser


class Keeper(keras.callbacks.Callback):
    """Saves all of a training's state after every epoch; after it comes ``Finish`` alone.

    Args:
        folder: of the checkpoints, or None to save nothing.
        model: compiled and built.
        feed: see ``feeding.make_feed``.
        watch: ``Watch``, which explains weights that are not finite.
        others: the callbacks whose attributes are to be saved.
        description: what ``state.describe`` says of the model.
    """

    def __init__(self, folder, model, feed, watch, others, description):
        super().__init__()
        self.folder, self.feed, self.watch = folder, feed, watch
        self.others, self.description = _name_callbacks(others), description
        self.variables = state.list_variables(model)
        self._optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
        self.epoch, self.is_stopped = 0, False  # as in the checkpoint
        self._saved = None  # what the checkpoint knows of callbacks and data
        self._before, self._changed = {}, {name: set() for name in self.others}

    def load(self):
        """Set the model to the newest checkpoint, if there is one."""
        if self.folder is None:
            return
        checkpoints.clean_folder(self.folder)
        found = checkpoints.read_newest(self.folder)
        if found is None:
            return
        path, arrays, manifest = found
        variables = self._choose_variables(arrays, manifest)
        state.check_same(path, manifest, self.description)
        state.put_arrays(variables, arrays)
        self.epoch = manifest["epoch"]
        settings = [one["settings"].get("patience") for one in (manifest, self.description)]
        self.is_stopped = manifest["stopped"] and settings[0] == settings[1]
        if self.is_stopped and self.epoch < self.watch.epochs:
            warnings.warn(
                f"training had been ended after epoch {self.epoch}, by patience or another "
                f"callback, and is not continued: the model gets its weights from {path}. With "
                "another patience it goes on; ended by a callback of yours, in another folder, "
                "from training.load_weights",
                stacklevel=3,
            )
        self._saved = attributes.join_arrays(manifest["memory"], arrays)

    def reload(self):
        """Set the model to the newest checkpoint again, after an interrupt."""
        if self.folder is not None and (found := checkpoints.read_newest(self.folder)):
            state.put_arrays(self.variables, found[1])
            self.epoch = found[2]["epoch"]

    def on_train_begin(self, logs=None):
        """Give the other callbacks, which have begun, and the data their memory back."""
        self._before = {name: attributes.take_plain(one) for name, one in self.others.items()}
        saved = self._saved or {"callbacks": {}, "feed": None}
        for name, plain in saved["callbacks"].items():
            if name in self.others:
                attributes.put_plain(self.others[name], plain)
                self._changed[name] |= plain.keys()
        if saved["feed"]:
            self.feed.put(saved["feed"])
        self.feed.seek(self.epoch)
        if self.folder is not None and self._saved is None:
            self._save(0)  # so that a run killed in its first epoch begins with the same weights

    def on_epoch_end(self, epoch, logs=None):
        """Save, or at least look at the weights.

        On a processor TensorFlow computes a convolution together with its ReLU, which makes zeros
        of NaN: the loss can stay finite while weights are not.
        """
        if self.folder is not None:
            self._save(epoch + 1)
        else:
            weights = {name: v for name, v in self.variables.items() if name.startswith("model/")}
            self._check_finite(epoch + 1, state.take_arrays(weights))

    def on_train_end(self, logs=None):
        """Add the weights that the model ends with, where they are not the last epoch's."""
        found = checkpoints.read_newest(self.folder) if self.folder is not None else None
        if found is None:
            return
        _, arrays, manifest = found
        last = state.take_arrays({k: v for k, v in self.variables.items() if k in arrays})
        final = {
            f"final/{name}": value
            for name, value in last.items()
            if name.startswith("model/")
            and value.tobytes() != arrays.get(f"final/{name}", arrays[name]).tobytes()
        }
        if final:
            checkpoints.write_checkpoint(self.folder, self.epoch, arrays | final, manifest)

    def remember_rate(self):
        """Note the learning rate that is left, so that it is not taken for one set by hand."""
        with contextlib.suppress(TypeError):  # on JAX it is gone when the first step has failed
            rate = keras.ops.convert_to_numpy(self._optimizer.learning_rate)
            _LEFT[self._optimizer] = float(rate)

    def _save(self, epoch):
        if epoch and state.list_variables(self.model).keys() != self.variables.keys():
            raise ValueError(
                "checkpoint needs every optimiser of the model to be built before training, so "
                "that its variables can be restored: call optimizer.build(variables) on each"
            )
        callbacks = {name: self._take(name) for name in self.others}
        memory = {"callbacks": callbacks, "feed": self.feed.take()}
        self._write(epoch, *attributes.split_arrays(memory, "memory"))

    def _write(self, epoch, memory, arrays):
        values = state.take_arrays(self.variables)
        self._check_finite(epoch, values)
        manifest = self.description | {
            "step": int(self.model.optimizer.iterations),
            "stopped": bool(self.model.stop_training),
            "memory": memory,
        }
        checkpoints.write_checkpoint(self.folder, epoch, values | arrays, manifest)
        self.epoch = epoch

    def _take(self, name):
        now = attributes.take_plain(self.others[name])
        self._changed[name] |= attributes.find_changes(self._before[name], now).keys()
        return {key: now[key] for key in sorted(self._changed[name] & now.keys())}

    def _check_finite(self, epoch, values):
        for name, value in values.items():
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                path = self.variables[name].path
                raise self.watch.explain(
                    f"weights are not finite any more after epoch {epoch} ({path})"
                )

    def _choose_variables(self, arrays, manifest):
        """All variables, but for a learning rate that was meanwhile set to another by hand."""
        settings = [_find_config(one) for one in (manifest, self.description)]
        before, now = (one.get("learning_rate") for one in settings)
        for name, variable in self.variables.items():
            is_rate = variable is self._optimizer.learning_rate
            if is_rate and before != now and name in arrays:
                if now not in (float(arrays[name]), _LEFT.get(self._optimizer)):
                    return {key: one for key, one in self.variables.items() if key != name}
                settings[1]["learning_rate"] = before  # a callback's doing, saved as such
        return self.variables


def _find_config(description):
    """The optimiser's settings, inside of a ``LossScaleOptimizer`` too."""
    config = description["settings"]["optimizer"]
    return config.get("inner_optimizer", {}).get("config", config)


def _name_callbacks(callbacks):
    """{class and how manieth: callback}, so that another one more or less changes no name."""
    count, names = Counter(), {}
    for callback in callbacks:
        kind = type(callback).__name__
        names[f"{kind}/{count[kind]}"] = callback
        count[kind] += 1
    return names
