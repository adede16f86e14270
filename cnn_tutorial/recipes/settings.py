"""Every hyperparameter of the CIFAR-10 recipe, with its unit. Chapter 53 turns them one by one."""

import math
import numbers
from dataclasses import dataclass

FLIPS = ("alternating", "random", "none")
OPTIMIZERS = ("muon", "sgd", "adam")
SCHEDULES = ("linear", "constant")
SIDE = 32  # pixels a side of CIFAR-10's images


@dataclass(frozen=True, kw_only=True)
class CIFAR10:
    """What decides a training of the recipe; change one with ``dataclasses.replace``.

    The rates of the optimiser ``"muon"`` are peaks, for a gradient that is the sum over a batch,
    so that another ``batch_size`` needs no other rate; those of ``"sgd"`` and ``"adam"`` are for
    the mean, as Keras has it.

    Attributes:
        epochs: int, passes over the training images.
        batch_size: int, images an update; what does not fill a batch is left out of an epoch.
        widths: three ints, channels of the three groups; multiples of 16 are quick.
        small_epochs: int, epochs at the beginning with images made smaller; if all of them are,
            images are made smaller to be predicted too.
        small_side: int, pixels a side in these epochs.
        whitening: bool, whether the first layer is computed from patches and not trained.
        identity: bool, whether the kernels begin as near the identity as they can.
        fused_norm: bool, whether batch normalisation takes TensorFlow's fused kernel.
        norm_momentum: float in [0, 1), part of the running moments kept at each update.
        activation: str, a name that Keras knows, after every normalisation.
        optimizer: ``"muon"`` (kernels by Muon, the rest by SGD), ``"sgd"`` or ``"adam"``.
        rate: float, peak rate: of the kernels (part of a kernel's norm an update, in essence)
            with ``"muon"``, of everything otherwise.
        bias_rate: float, of the offsets of normalisation, with ``"muon"``.
        head_rate: float, of the last layer, with ``"muon"``.
        weight_decay: float, part of a weight that decays an image, for what SGD trains.
        schedule: ``"linear"``, from the peak to zero along a line, or ``"constant"``.
        label_smoothing: float in [0, 1), probability given to all classes alike.
        flips: ``"alternating"``, by chance in the first epoch and then in turns; ``"random"``, by
            chance every time; or ``"none"``.
        shift: int, pixels that an image moves at most each way, filled by reflection.
        averaging: float between 0 and 1, momentum of an exponential moving average (EMA) of the
            weights, or None.
        flip_averaging: bool, whether logits are averaged over an image and its mirror image.
        shift_averaging: int, pixels by which further views are moved, or 0 for none.

    Raises:
        TypeError: if a value is of the wrong type.
        ValueError: if it is out of range.

    Reference:
        Jordan, 94% on CIFAR-10 in 3.29 seconds on a single GPU (2024), section 3.

    Example:
        >>> import dataclasses
        >>> settings = dataclasses.replace(FAST, label_smoothing=0.0)
        >>> settings.batch_size, settings.label_smoothing
        (250, 0.0)
    """

    epochs: int = 3
    batch_size: int = 250
    widths: tuple[int, int, int] = (32, 128, 128)
    small_epochs: int = 0
    small_side: int = 24
    whitening: bool = True
    identity: bool = True
    fused_norm: bool = True
    norm_momentum: float = 0.9
    activation: str = "relu"
    optimizer: str = "muon"
    rate: float = 0.12
    bias_rate: float = 0.053
    head_rate: float = 0.67
    weight_decay: float = 2e-6
    schedule: str = "linear"
    label_smoothing: float = 0.2
    flips: str = "alternating"
    shift: int = 2
    averaging: float | None = None
    flip_averaging: bool = True
    shift_averaging: int = 0

    @property
    def final_side(self):
        """Pixels a side of the images in the last epochs, and so in predictions."""
        return self.small_side if self.small_epochs == self.epochs else SIDE

    def __post_init__(self):
        """Refuse what cannot be trained with."""
        _check_ints(self)
        for name in ("rate", "bias_rate", "head_rate"):
            _check_real(name, getattr(self, name), "positive", lambda x: 0 < x < math.inf)
        _check_real("weight_decay", self.weight_decay, "not negative", lambda x: 0 <= x < math.inf)
        for name in ("norm_momentum", "label_smoothing"):
            _check_real(name, getattr(self, name), "in [0, 1)", lambda x: 0 <= x < 1)
        if self.averaging is not None:
            _check_real("averaging", self.averaging, "between 0 and 1", lambda x: 0 < x < 1)
        for name in ("whitening", "identity", "fused_norm", "flip_averaging"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False; received {getattr(self, name)!r}")
        for name, known in (("flips", FLIPS), ("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in known:
                listed = ", ".join(map(repr, known))
                raise ValueError(
                    f"{name} must be one of {listed}; received {getattr(self, name)!r}"
                )


def _check_ints(settings):
    least = {"epochs": 1, "batch_size": 1, "small_epochs": 0, "small_side": 16, "shift": 0}
    least["shift_averaging"] = 0
    values = {name: getattr(settings, name) for name in least}
    if not isinstance(settings.widths, tuple) or len(settings.widths) != 3:
        raise ValueError(f"widths must be a tuple of three ints; received {settings.widths!r}")
    for place, width in enumerate(settings.widths):
        values[f"widths[{place}]"], least[f"widths[{place}]"] = width, 1
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise TypeError(f"{name} must be an int; received {value!r}")
        if value < least[name]:
            raise ValueError(f"{name} must be at least {least[name]}; received {value}")
    if settings.small_epochs > settings.epochs:
        raise ValueError(
            f"small_epochs must be at most epochs, {settings.epochs}; "
            f"received {settings.small_epochs}"
        )
    if settings.small_side > SIDE:
        raise ValueError(f"small_side must be at most {SIDE}; received {settings.small_side}")
    for name in ("shift", "shift_averaging"):
        if values[name] > 8:
            raise ValueError(f"{name} must be at most 8 pixels; received {values[name]}")


def _check_real(name, value, words, holds):
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number; received {value!r}")
    if not holds(value):
        raise ValueError(f"{name} must be {words}; received {value}")


SPRINT = CIFAR10(epochs=1, small_epochs=1, widths=(16, 64, 64), rate=0.24)
FAST = CIFAR10(epochs=3, small_epochs=1)
LONG = CIFAR10(
    epochs=9,
    batch_size=500,
    widths=(64, 256, 256),
    small_epochs=3,
    rate=0.15,
    shift_averaging=1,
)
