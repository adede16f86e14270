"""The report: what it says, how it prints and shows, and that its files can be read again."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from cnn_tutorial import metrics

NAMES = ["cat", "dog", "frog"]
LABELS = np.array([0, 0, 0, 0, 1, 1, 2, 2])
ANSWERS = np.array([0, 0, 1, 1, 1, 1, 0, 2])


@pytest.fixture
def of_classes():
    return metrics.make_report(LABELS, ANSWERS, class_names=NAMES)


@pytest.fixture
def of_probs(rng):
    labels = rng.integers(0, 3, 300)
    probs = metrics.apply_temperature(rng.normal(size=(300, 3)) + 2 * np.eye(3)[labels])
    return metrics.make_report(labels, probs, class_names=NAMES)


def test_a_report_holds_what_the_functions_give(of_probs):
    labels, probs = of_probs.labels, of_probs.probs
    answers = probs.argmax(axis=1)
    assert (of_probs.matrix == metrics.confusion_matrix(labels, answers)).all()
    assert (of_probs.recall == metrics.recall(labels, answers)).all()
    assert of_probs.examples.tolist() == np.bincount(labels).tolist()
    low, high = metrics.wilson_interval(int((labels == answers).sum()), 300)
    assert of_probs.summary == {
        "accuracy": metrics.accuracy(labels, answers),
        "accuracy_low": low,
        "accuracy_high": high,
        "majority_share": np.bincount(labels).max() / 300,
        "balanced_accuracy": metrics.balanced_accuracy(labels, answers),
        "matthews_correlation": metrics.matthews_correlation(labels, answers),
        "roc_auc": metrics.roc_auc(labels, probs),
        "average_precision": metrics.average_precision(labels, probs),
        "expected_calibration_error": metrics.expected_calibration_error(labels, probs),
        "brier_score": metrics.brier_score(labels, probs),
    }


def test_confidence_widens_the_interval():
    plain = metrics.make_report(LABELS, ANSWERS).summary
    wide = metrics.make_report(LABELS, ANSWERS, confidence=0.99)
    assert wide.summary["accuracy_low"] < plain["accuracy_low"]
    assert "99 % interval" in str(wide)


def test_probabilities_of_class_one_and_of_both_classes_give_one_report(rng):
    labels, probs = rng.integers(0, 2, 50), rng.uniform(size=50)
    one = metrics.make_report(labels, probs)
    both = metrics.make_report(labels, np.column_stack([1 - probs, probs]))
    assert one.to_dict() == both.to_dict()
    assert one.summary["roc_auc"] == metrics.roc_auc(labels, probs)
    assert one.matrix.sum(axis=0)[1] == (probs > 0.5).sum()


def test_the_printed_report_names_the_constant_answer(of_classes):
    text = str(of_classes)
    assert text.startswith("8 examples, 3 classes\naccuracy             0.625  (95 % interval ")
    assert "always 'cat'         0.500" in text
    assert re.search(r"^dog +0.500 +1.000 +0.667 +2$", text, re.M)
    assert "Not shown to be better than always answering 'cat'." in text
    assert "Most often taken for another: cat for dog (2), frog for cat (1)." in text
    assert repr(of_classes) == text


def test_95_percent_that_are_worthless_are_called_so():
    labels = [0] * 95 + [1] * 5
    report = metrics.make_report(labels, np.zeros(100, int), class_names=["well", "ill"])
    assert report.summary["accuracy"] == 0.95
    assert report.remarks()[:2] == [
        "Not shown to be better than always answering 'well'.",
        "Never predicted: ill.",
    ]
    better = metrics.make_report(labels * 10, labels * 10, class_names=["well", "ill"])
    assert better.remarks() == []
    worse = metrics.make_report(labels, [1] * 100, class_names=["well", "ill"])
    assert worse.remarks()[0] == "Worse than always answering 'well'."


def test_a_report_names_classes_without_examples_and_stays_silent_about_them():
    report = metrics.make_report([0, 0, 1], [0, 1, 1], class_names=NAMES)
    assert "No example of: frog." in report.remarks()
    assert not any("Never predicted" in remark for remark in report.remarks())
    assert report.recall[2] == 0.0
    many = metrics.make_report([0], [0], class_names=[f"c{i}" for i in range(40)])
    assert "No example of: c1, c2, c3, c4, c5 and 34 more." in many.remarks()


def test_find_confusions_sorts_the_errors(of_classes):
    assert of_classes.find_confusions() == [("cat", "dog", 2), ("frog", "cat", 1)]
    assert of_classes.find_confusions(1) == [("cat", "dog", 2)]


def test_with_many_classes_those_of_the_lowest_f1_are_listed():
    labels = np.arange(50)
    answers = labels.copy()
    answers[[7, 41]] = [8, 42]
    report = metrics.make_report(labels, answers)
    shown = [name for name, *_ in report.rows()]
    assert len(shown) == 32
    assert {"7", "41", "8", "42"} < set(shown)
    assert "of which the 30 with the lowest F1 are listed" in str(report)
    assert "Confusion matrix" not in report._repr_html_()


def test_the_tables_have_captions_and_headings_and_escape_names(of_classes):
    tree = ElementTree.fromstring(of_classes._repr_html_())
    tables = tree.findall("table")
    captions = [table.find("caption").text for table in tables]
    assert captions[:2] == ["8 examples, 3 classes", "By class"]
    assert captions[2].startswith("Confusion matrix")
    for table in tables:
        assert {th.get("scope") for th in table.findall("thead/tr/th")} == {"col"}
        assert all(th.text for th in table.findall("thead/tr/th"))
        for row in table.findall("tbody/tr"):
            assert [th.get("scope") for th in row.findall("th")] == ["row"]
    cells = [[cell.text for cell in row] for row in tables[2].findall("tbody/tr")]
    assert cells == [["cat", "2", "2", "0"], ["dog", "0", "2", "0"], ["frog", "1", "0", "1"]]
    # The colours are the page's own, light or dark.
    assert not re.search("color(?!: inherit)|background", of_classes._repr_html_())
    wild = metrics.make_report([0, 1], [0, 1], class_names=["<b>", '"&'])._repr_html_()
    assert "<b>" not in wild
    assert "&lt;b&gt;" in wild


def test_json_can_be_read_again_and_has_null_for_what_is_not_defined(of_probs, tmp_path):
    path = tmp_path / "report.json"
    text = of_probs.to_json(path)
    assert path.read_text("utf-8") == text
    assert json.loads(text) == of_probs.to_dict()
    one_class = metrics.make_report([1, 1], [0.7, 0.2])
    assert json.loads(one_class.to_json())["summary"]["roc_auc"] is None
    assert np.isnan(one_class.to_dict()["summary"]["roc_auc"])


def test_csv_keeps_every_digit(of_probs, tmp_path):
    path = tmp_path / "report.csv"
    text = of_probs.to_csv(path)
    assert path.read_bytes() == text.encode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["class"] for row in rows] == [*NAMES, "macro mean", "weighted mean"]
    for row, expected in zip(rows, of_probs.f1_score, strict=False):
        assert float(row["f1_score"]) == expected
    macro = metrics.precision(of_probs.labels, of_probs.probs.argmax(1), average="macro")
    assert float(rows[3]["precision"]) == macro
    assert int(rows[4]["examples"]) == 300


def test_the_report_draws_its_matrix_curves_and_calibration(of_probs):
    (axes,) = of_probs.plot().axes
    assert [text.get_text() for text in axes.texts] == [str(n) for n in of_probs.matrix.flat]
    left, right = of_probs.plot_curves().axes
    assert [line.get_label() for line in left.lines] == [*NAMES, "chance"]
    fpr, tpr, _ = metrics.roc_curve(of_probs.labels == 1, of_probs.probs[:, 1])
    np.testing.assert_array_equal(left.lines[1].get_xydata(), np.column_stack([fpr, tpr]))
    assert right.lines[0].get_xdata()[0] == 1.0  # recall, falling
    above, below = of_probs.plot_calibration(bins=4).axes
    bins = metrics.reliability_curve(of_probs.labels, of_probs.probs, bins=4)
    assert [bar.get_height() for bar in below.patches] == bins.counts[bins.counts > 0].tolist()
    assert len(above.patches) < len(of_probs.plot_calibration().axes[0].patches)


def test_of_two_classes_the_curve_is_class_ones():
    report = metrics.make_report([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.6], class_names=["no", "yes"])
    assert [line.get_label() for line in report.plot_curves().axes[0].lines] == ["yes", "chance"]


def test_more_than_four_curves_are_those_of_the_lowest_f1(rng):
    labels = np.tile(np.arange(7), 20)
    probs = metrics.apply_temperature(rng.normal(size=(140, 7)) + np.eye(7)[labels] * range(7))
    report = metrics.make_report(labels, probs)
    drawn = [line.get_label() for line in report.plot_curves().axes[0].lines][:-1]
    assert drawn == [str(k) for k in sorted(np.argsort(report.f1_score)[:4])]


def test_without_probabilities_or_a_second_class_there_are_no_curves(of_classes):
    for plot in (of_classes.plot_curves, of_classes.plot_calibration):
        with pytest.raises(ValueError, match="needs probabilities; received classes"):
            plot()
    with pytest.raises(ValueError, match="plot_curves needs examples of two classes"):
        metrics.make_report([1, 1], [0.7, 0.2]).plot_curves()
