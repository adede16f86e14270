import html
import re
import subprocess
import sys

import pytest

from cnn_tutorial import data
from cnn_tutorial.data import decoding


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("minst", "mnist"), ("Fashion-MNIST", "fashion_mnist"), ("CIFAR10", "cifar10")],
)
def test_an_unknown_name_is_answered_with_the_nearest(name, nearest):
    with pytest.raises(ValueError, match=f"received '{name}'. Did you mean '{nearest}'") as error:
        data.load(name)
    assert "digits, mnist, fashion_mnist, cifar10, faces" in str(error.value)


def test_a_name_like_no_other_is_answered_with_the_list_alone():
    with pytest.raises(ValueError, match=r"received 'zzz'$"):
        data.load("zzz")


@pytest.mark.parametrize("name", [None, 3, ["mnist"]])
def test_a_name_that_is_no_str_is_a_type_error(name):
    with pytest.raises(TypeError, match="name must be a str; received"):
        data.load(name)
    with pytest.raises(TypeError, match="name must be a str; received"):
        data.fetch_folder(name)


def test_every_entry_is_complete_and_can_be_decoded():
    for name, source in data.SOURCES.items():
        assert source.name == name
        assert name in decoding.DECODERS
        assert re.fullmatch("[0-9a-f]{64}", source.checksum)
        assert source.licence
        assert re.search(r"\(\d{4}\)", source.citation)
        assert source.canonical or source.package.client == "installed"


def test_the_list_names_every_set_with_size_licence_and_citation():
    table = data.list_sources()
    for shown in (repr(table), html.unescape(table._repr_html_())):
        for source in data.SOURCES.values():
            for fact in (source.name, f"{source.num_images:,}", source.licence, source.citation):
                assert fact in shown
    assert "Alpaydin &amp; Kaynak" in table._repr_html_()


def test_importing_data_loads_no_heavy_package():
    code = (
        "import sys\nfrom cnn_tutorial import data\n"
        "print([m for m in ('tensorflow', 'keras', 'sklearn', 'pooch', 'requests', 'PIL', 'tqdm')"
        " if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stdout + run.stderr
