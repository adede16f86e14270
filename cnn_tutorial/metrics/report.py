"""All of it at once: what a classifier can do, as text, tables, figures and files. Chapter 61."""

import csv
import dataclasses
import io
import json
import math
from pathlib import Path

import numpy as np

from cnn_tutorial.metrics.calibration import reliability_curve
from cnn_tutorial.metrics.curves import precision_recall_curve, roc_curve

COLUMNS = ("precision", "recall", "f1_score", "examples")
SHOWN = 30  # classes in the printed tables; with more, those of the lowest F1


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Report:
    """What ``make_report`` found.

    Attributes:
        class_names: list of K str.
        matrix: int64 ``(K, K)``, the confusion matrix, rows true and columns predicted.
        precision, recall, f1_score: float64 ``(K,)``; 0.0 where a class does not define it.
        examples: int64 ``(K,)``, how many examples each class has.
        summary: dict from name to number: ``accuracy``, its interval's ends, ``majority_share``
            (the accuracy of always answering the commonest class), ``balanced_accuracy``, …
        confidence: float, of the interval.
        labels, probs: the arrays; of two classes the probabilities of class 1, ``(N,)``; None
            where classes were given.
    """

    class_names: list
    matrix: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    f1_score: np.ndarray
    examples: np.ndarray
    summary: dict
    confidence: float
    labels: np.ndarray
    probs: np.ndarray | None

    def remarks(self):
        """What should not be overlooked, a list of sentences."""
        best = self.class_names[int(self.examples.argmax())]
        found = []
        if self.summary["accuracy_high"] < self.summary["majority_share"]:
            found.append(f"Worse than always answering '{best}'.")
        elif self.summary["accuracy_low"] <= self.summary["majority_share"]:
            found.append(f"Not shown to be better than always answering '{best}'.")
        silent = (self.matrix.sum(axis=0) == 0) & (self.examples > 0)
        for text, chosen in (
            ("Never predicted", silent),
            ("No example of", self.examples == 0),
        ):
            if chosen.any():
                names = [self.class_names[k] for k in np.flatnonzero(chosen)]
                more = f" and {len(names) - 5} more" if len(names) > 5 else ""
                found.append(f"{text}: {', '.join(names[:5])}{more}.")
        if confusions := self.find_confusions(3):
            listed = ", ".join(f"{a} for {b} ({n:,})" for a, b, n in confusions)
            found.append(f"Most often taken for another: {listed}.")
        return found

    def find_confusions(self, count=5):
        """The commonest errors: a list of (true class, predicted class, how often).

        Args:
            count: int, how many at most.
        """
        errors = self.matrix - np.diag(self.matrix.diagonal())
        order = np.argsort(-errors, axis=None, kind="stable")[:count]
        places = [np.unravel_index(place, errors.shape) for place in order]
        names = self.class_names
        return [(names[a], names[b], int(errors[a, b])) for a, b in places if errors[a, b]]

    def plot(self):
        """The confusion matrix: a ``matplotlib.figure.Figure``."""
        from cnn_tutorial import plotting

        return plotting.plot_confusion(self.matrix, self.class_names)

    def plot_curves(self):
        """ROC and precision-recall curves: a ``matplotlib.figure.Figure``.

        Of class 1 where there are two classes, otherwise of every class against the rest (the
        four with the lowest F1 where there are more).

        Raises:
            ValueError: if the report was made without probabilities, or all labels are of one
                class.
        """
        from cnn_tutorial import plotting

        probs = self._known_probs("plot_curves")
        defined = np.flatnonzero((self.examples > 0) & (self.examples < len(self.labels)))
        if not defined.size:
            raise ValueError("plot_curves needs examples of two classes; received one")
        if probs.ndim == 1:
            columns = {1: probs}
        else:
            lowest = defined[np.argsort(self.f1_score[defined], kind="stable")[:4]]
            columns = {int(k): probs[:, k] for k in np.sort(lowest)}
        roc, steps = {}, {}
        for k, scores in columns.items():
            name, truth = self.class_names[k], self.labels == k
            roc[name] = roc_curve(truth, scores)[:2]
            precision, recall, _ = precision_recall_curve(truth, scores)
            steps[name] = (recall, precision)
        return plotting.plot_rates(roc, steps)

    def plot_calibration(self, *, bins=15):
        """The reliability diagram: a ``matplotlib.figure.Figure``.

        Args:
            bins: int, how many bins of equal width.

        Raises:
            ValueError: if the report was made without probabilities.
        """
        from cnn_tutorial import plotting

        probs = self._known_probs("plot_calibration")
        return plotting.plot_reliability(*reliability_curve(self.labels, probs, bins=bins))

    def to_dict(self):
        """Everything as plain numbers, lists and dicts."""
        rows = zip(self.class_names, *self._columns(), strict=True)
        return {
            "summary": dict(self.summary),
            "classes": {name: dict(zip(COLUMNS, row, strict=True)) for name, *row in rows},
            "averages": {
                name: dict(zip(COLUMNS, row, strict=True)) for name, row in self.averages().items()
            },
            "confusion_matrix": self.matrix.tolist(),
        }

    def to_json(self, path=None):
        """``to_dict`` as JSON text, with null for what is not a number.

        Args:
            path: where to write it as well, or None.
        """
        content = self.to_dict()
        content["summary"] = {
            name: None if math.isnan(value) else value for name, value in self.summary.items()
        }
        return _write(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False), path)

    def to_csv(self, path=None):
        """The table by class as CSV text, every digit kept, its averages in the last two rows.

        Args:
            path: where to write it as well, or None.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("class", *COLUMNS))
        writer.writerows(zip(self.class_names, *self._columns(), strict=True))
        writer.writerows((name, *row) for name, row in self.averages().items())
        return _write(text.getvalue(), path)

    def averages(self):
        """{"macro mean": (precision, recall, F1, examples), "weighted mean": the same}."""
        total = int(self.examples.sum())
        scores = (self.precision, self.recall, self.f1_score)
        return {
            name: (*(float(np.average(score, weights=weights)) for score in scores), total)
            for name, weights in (("macro mean", None), ("weighted mean", self.examples))
        }

    def lines(self):
        """The summary as (name, value, remark) to show: a list of three str each."""
        low, high = self.summary["accuracy_low"], self.summary["accuracy_high"]
        best = self.class_names[int(self.examples.argmax())]
        interval = f"{100 * self.confidence:g} % interval {low:.3f} to {high:.3f}"
        mean = "each class against the rest, mean" if len(self.class_names) > 2 else ""
        chosen = [
            ("accuracy", "accuracy", interval),
            (f"always '{best}'", "majority_share", ""),
            ("balanced accuracy", "balanced_accuracy", ""),
            ("Matthews correlation", "matthews_correlation", ""),
            ("ROC AUC", "roc_auc", mean),
            ("average precision", "average_precision", mean),
            ("calibration error", "expected_calibration_error", "15 bins"),
            ("Brier score", "brier_score", ""),
        ]
        return [
            (name, f"{self.summary[key]:.3f}", remark)
            for name, key, remark in chosen
            if key in self.summary
        ]

    def rows(self):
        """The table by class to show: a list of (name, precision, recall, F1, examples), str."""
        worst = np.sort(np.argsort(self.f1_score, kind="stable")[:SHOWN])
        columns = self._columns()
        rows = [(self.class_names[k], *(column[k] for column in columns)) for k in worst]
        rows += [(name, *row) for name, row in self.averages().items()]
        return [(name, *(f"{x:.3f}" for x in row[:3]), f"{row[3]:,}") for name, *row in rows]

    def headline(self):
        """How many examples and classes there are, a str."""
        classes, total = len(self.class_names), int(self.examples.sum())
        shown = f", of which the {SHOWN} with the lowest F1 are listed" if classes > SHOWN else ""
        return f"{_count(total, 'example')}, {_count(classes, 'class')}{shown}"

    def __str__(self):
        summary, rows = self.lines(), self.rows()
        wide = max(len(name) for name, *_ in summary)
        text = [self.headline()]
        for name, value, remark in summary:
            text.append(f"{name:{wide}} {value:>5}" + (f"  ({remark})" if remark else ""))
        wide = max(13, *(len(name) for name, *_ in rows))
        text += ["", f"{'class':{wide}} precision recall     F1 examples"]
        text += [f"{name:{wide}} {p:>9} {r:>6} {f:>6} {n:>8}" for name, p, r, f, n in rows]
        return "\n".join([*text, *([""] if self.remarks() else []), *self.remarks()])

    __repr__ = __str__

    def _repr_html_(self):
        from cnn_tutorial.metrics.report_html import render_report

        return render_report(self)

    def _columns(self):
        arrays = (self.precision, self.recall, self.f1_score, self.examples)
        return [array.tolist() for array in arrays]

    def _known_probs(self, name):
        if self.probs is None:
            raise ValueError(
                f"{name} needs probabilities; received classes: give make_report probabilities"
            )
        return self.probs


def _write(text, path):
    if path is not None:
        Path(path).write_text(text, encoding="utf-8", newline="")
    return text


def _count(number, noun):
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{number:,} {noun if number == 1 else plural}"
