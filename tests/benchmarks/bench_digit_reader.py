"""The reader on hard pages, and what it refuses: ``make bench`` runs it.

Numbers of 1 to 10 digits, composed from MNIST's test digits on PAGES different pages (chapter 71
shows some), and letters and scribbles on pages drawn in the same way, in fonts and shapes that the
network was not trained with. It stops with an error when a LIMIT is missed.

    python tests/benchmarks/bench_digit_reader.py [--train | --validation] [--pages N] [--record]

The network is the committed one; ``--train`` trains another, in about a minute on two quiet
processor cores. ``--validation`` takes other digits, fonts, scribbles and pages: those that the
reader was developed on. ``--record`` writes the figures into ``book/_results``.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

LIMITS = {"numbers": 0.90, "refused": 0.95}
PAGES = 200
NONDIGITS = 300  # letters, and as many scribbles
A_PAGE = 6  # of them on a page
LONGEST = 10  # digits in a number
SEED = {"test": 72_000_000, "validation": 0}  # of the first page


def main():
    options = read_options()
    split = "validation" if options.validation else "test"
    from cnn_tutorial import data, metrics, session

    session.start(seed=0)
    model = make_model(options.train)
    images, labels = data.load("mnist", split=split)
    start = time.process_time()
    numbers = read_numbers(model, images, labels, split, options.pages)
    seconds = (time.process_time() - start) / options.pages
    right = np.array([text == read for text, read in numbers])
    nondigits = {name: read_nondigits(model, name, split) for name in ("letters", "scribbles")}
    results = {
        "split": split,
        "pages": options.pages,
        "numbers_right": float(right.mean()),
        "numbers_right_interval": list(metrics.wilson_interval(int(right.sum()), len(right))),
        "digits_right": share_of_digits(numbers),
        "by_length": {
            str(length): float(np.mean([t == r for t, r in numbers if len(t) == length]))
            for length in sorted({len(text) for text, _ in numbers})
        },
        "letters_refused": 1 - float(np.mean([taken for _, taken in nondigits["letters"]])),
        "scribbles_refused": 1 - float(np.mean([taken for _, taken in nondigits["scribbles"]])),
        "processor_seconds_a_page": round(seconds, 3),
    }
    refused = (results["letters_refused"] + results["scribbles_refused"]) / 2
    print(f"numbers right: {right.mean():.1%} of {len(right)}; expected {LIMITS['numbers']:.0%}")
    print(f"letters and scribbles refused: {refused:.1%}; expected {LIMITS['refused']:.0%}")
    for name, value in results.items():
        print(f"  {name}: {value}")
    print("  wrong:", *(f"{text}->{read or 'nothing'}" for text, read in numbers if text != read))
    print("  letters taken for digits:", *(name for name, taken in nondigits["letters"] if taken))
    if options.record:
        from cnn_tutorial.results import record_result

        command = "python tests/benchmarks/bench_digit_reader.py " + " ".join(sys.argv[1:])
        print(record_result("digit_reader", results, command=command, seeds=[SEED[split]]))
    missed = [
        f"{name} {value:.1%}; expected {LIMITS[name]:.0%}"
        for name, value in (("numbers", right.mean()), ("refused", refused))
        if value < LIMITS[name]
    ]
    if missed:
        sys.exit(f"missed: {'; '.join(missed)}")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", action="store_true", help="train a network for this")
    parser.add_argument("--validation", action="store_true", help="what it was developed on")
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--record", action="store_true", help="write book/_results")
    options = parser.parse_args()
    if options.record and options.train:
        parser.error("--record is for the committed network: without --train")
    return options


def make_model(train):
    """The committed network, or one trained now on MNIST's training part."""
    from cnn_tutorial import data, digit_reader, models

    if not train:
        return models.load_digit_cnn()
    model = models.make_digit_cnn()
    start = time.perf_counter(), time.process_time()
    digit_reader.train_digit_model(model, *data.load("mnist", split="train"))
    print(
        f"trained in {time.perf_counter() - start[0]:.0f} s, "
        f"{time.process_time() - start[1]:.0f} s of processor time"
    )
    return model


def read_numbers(model, images, labels, split, pages):
    """[(text, what was read)], as many numbers of each length as of any other."""
    from cnn_tutorial import digit_reader

    found = []
    for page in range(pages):
        rng = np.random.default_rng((SEED[split], page))
        chosen = rng.choice(len(images), 1 + page % LONGEST, replace=False)
        photograph = digit_reader.compose_number(images[chosen], seed=SEED[split] + page).image
        text = "".join(str(label) for label in labels[chosen])
        found.append((text, digit_reader.read_number(photograph, model).text))
    return found


def read_nondigits(model, name, split):
    """[(sign, whether a digit was read in its place)] of NONDIGITS, A_PAGE a page."""
    from cnn_tutorial import digit_reader

    first = SEED[split] + 1_000_000
    if name == "letters":
        images, signs = digit_reader.draw_letters(NONDIGITS, split=split, seed=first)
    else:
        images = digit_reader.draw_scribbles(NONDIGITS, split=split, seed=first)
        signs = "~" * NONDIGITS
    found = []
    for start in range(0, NONDIGITS, A_PAGE):
        page = digit_reader.compose_number(images[start : start + A_PAGE], seed=first + start)
        reading = digit_reader.read_number(page.image, model)
        middles = [d.corners.mean(axis=0) for d in reading.digits if d.label is not None]
        for sign, box in zip(signs[start : start + A_PAGE], page.boxes, strict=True):
            found.append((sign, any(lies_in(box, middle) for middle in middles)))
    return found


def lies_in(box, middle):
    top, left, height, width = box
    return 0 <= middle[0] - left <= width and 0 <= middle[1] - top <= height


def share_of_digits(numbers):
    """Of the digits of numbers that were found in full number: how many are right."""
    pairs = [pair for t, r in numbers if len(t) == len(r) for pair in zip(t, r, strict=True)]
    return float(np.mean([digit == read for digit, read in pairs]))


if __name__ == "__main__":
    main()
