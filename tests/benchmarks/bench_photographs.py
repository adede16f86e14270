"""Photographs to augmented batches, against what else there is: ``make bench`` runs it.

Two tasks, with the article's augmentation: from JPEG files of 400×320 to batches of 150×150, and
from decoded images of 150×150. In one process the contenders take turns, with a rest between, in
ROUNDS; their speeds are the medians. It stops with an error when a LIMIT is missed in each of
ATTEMPTS. In processes of their own, 20,000 files are scanned, and 1,000 and 20,000 files run
through the same pipeline, whose speed and memory must not depend on how many there are.

    python tests/benchmarks/bench_photographs.py [--record]

``--record`` writes the table into ``book/_results``, from which chapter 33 draws it.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from multiprocessing.pool import ThreadPool
from pathlib import Path

import bench_scan
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

OURS = "RandomWarp"
GENERATOR = "ImageDataGenerator"
LAYERS = "five Keras layers in tf.data"
ALBUMENTATIONS = "albumentations on two threads"
# Task -> whom ours must be how many times as fast as. From files twice albumentations' speed was
# the aim. Decoding alone, at half the size, takes OpenCV a third of albumentations' whole time,
# and the warp an eighth: 1.6 to 1.8 times were measured.
LIMITS = {
    "files": {GENERATOR: 5, ALBUMENTATIONS: 1.5},
    "arrays": {GENERATOR: 6, ALBUMENTATIONS: 1},
}
FEW, MANY = 1_000, bench_scan.FILES
ALIKE = 0.10  # by which the speeds with FEW and with MANY may differ
GROWTH = 100  # MB that MANY may take more than FEW
PARTS = 10  # in which MANY files are passed through
WARM = 10  # batches before them that are not timed
ATTEMPTS = 3
ROUNDS = 7
REST = 0.2  # seconds between two contenders
SIDE, BATCH = 150, 32
BATCHES = 10  # of each in a turn, but for those that are quick: a whole pass over FEW
ARTICLE = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
}


def main():
    with tempfile.TemporaryDirectory() as folder:
        every, few = Path(folder, "every"), Path(folder, "few")
        every.mkdir()
        bench_scan.make_folder(every)
        for file in every.glob("*/*_0.jpg"):
            (few / file.parent.name).mkdir(parents=True, exist_ok=True)
            os.link(file, few / file.parent.name / file.name)
        rows, missed = [], []
        for task, contenders in {"files": make_files(few), "arrays": make_arrays(few)}.items():
            found, faults = compare(task, contenders)
            rows += found
            missed += faults
        results = {"rows": rows}
        for kind in ("scan", "files"):
            results[kind], faults = attempt(kind, every, few)
            missed += faults
    if "--record" in sys.argv:
        from cnn_tutorial.results import record_result

        command = "python tests/benchmarks/bench_photographs.py --record"
        print(record_result("input_pipelines", results, command=command))
    if missed:
        sys.exit(f"missed: {'; '.join(missed)}")


def make_files(folder):
    """From files to batches: name -> function that returns an iterator over batches."""
    import albumentations
    import cv2
    import keras

    from cnn_tutorial import data

    generator = make_generator().flow_from_directory(
        folder, target_size=(SIDE, SIDE), batch_size=BATCH, class_mode="binary"
    )
    plain = keras.utils.image_dataset_from_directory(
        folder, image_size=(SIDE, SIDE), batch_size=BATCH, label_mode="binary", verbose=False
    )
    report = data.scan_folder(folder, progress=False)
    settings = {"image_size": SIDE, "validation": 0, "test": 0, "keep_aspect": False}
    warp = data.RandomWarp(**ARTICLE)
    augment = make_albumentations([albumentations.Resize(SIDE, SIDE)])

    def read(path):
        return augment(image=cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB))["image"]

    ours = {
        f"{OURS} in folder_dataset": {"augment": warp},
        "decoding and resizing alone": {},
        f"{OURS} from the cache in memory": {"augment": warp, "cache": "memory"},
    }
    return {
        GENERATOR: lambda: (generator[number] for number in range(BATCHES)),
        LAYERS: add_layers(plain).take(BATCHES).__iter__,
        ALBUMENTATIONS: on_threads(read, [str(file) for file in report.files]),
    } | {
        name: data.folder_dataset(report, **settings, **more).__iter__
        for name, more in ours.items()
    }


def make_arrays(folder):
    """From decoded images to batches: the same."""
    import tensorflow as tf

    from cnn_tutorial import data
    from cnn_tutorial.data.folders.reading import read_resized

    files = sorted(folder.glob("*/*.jpg"))
    images = np.stack([read_resized(file, (SIDE, SIDE), keep_aspect=False) for file in files])
    labels = np.arange(len(images)) % 2
    # Which wants floating point, and would convert each time.
    generator = make_generator().flow(images.astype(np.float32), labels, batch_size=BATCH)
    plain = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(FEW).batch(BATCH)
    augment = make_albumentations([])
    return {
        GENERATOR: lambda: (generator[number] for number in range(BATCHES)),
        LAYERS: add_layers(plain).take(BATCHES).__iter__,
        ALBUMENTATIONS: on_threads(lambda image: augment(image=image)["image"], images),
        f"{OURS} in array_dataset": data.array_dataset(
            images, labels, augment=data.RandomWarp(**ARTICLE)
        ).__iter__,
    }


def make_generator():
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(rescale=1.0 / 255, fill_mode="nearest", **ARTICLE)


def add_layers(dataset):
    """The article's settings as the tutorials of Keras 3 write them."""
    import keras
    import tensorflow as tf

    layers = [
        keras.layers.RandomFlip("horizontal"),
        keras.layers.RandomRotation(40 / 360, fill_mode="nearest"),
        keras.layers.RandomTranslation(0.2, 0.2, fill_mode="nearest"),
        keras.layers.RandomShear(0.0035, 0.0035, fill_mode="nearest"),  # 0.2 degrees
        keras.layers.RandomZoom(0.2, 0.2, fill_mode="nearest"),
    ]

    def augment(images, labels):
        images = tf.cast(images, tf.float32)
        for layer in layers:
            images = layer(images, training=True)
        return images / 255, labels

    return dataset.map(augment, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def make_albumentations(first):
    import albumentations
    import cv2

    affine = albumentations.Affine(
        rotate=(-40, 40),
        translate_percent={"x": (-0.2, 0.2), "y": (-0.2, 0.2)},
        shear=(-0.2, 0.2),
        scale={"x": (0.8, 1.2), "y": (0.8, 1.2)},
        border_mode=cv2.BORDER_REPLICATE,
        p=1,
    )
    return albumentations.Compose([*first, affine, albumentations.HorizontalFlip(p=0.5)])


def on_threads(function, items):
    """Function that returns an iterator over batches of what a function makes of items."""
    pool = ThreadPool(2)

    def iterate():
        images = pool.imap(function, items, chunksize=4)
        while batch := list(itertools.islice(images, BATCH)):
            yield np.stack(batch).astype(np.float32), None

    return iterate


def compare(task, contenders):
    """Rows of the table, printed; and what was missed."""
    print(f"\nfrom {task}: {'images a second':>36}   times the generator", flush=True)
    for _ in range(ATTEMPTS):
        speeds = measure(contenders)
        rows = [
            {
                "task": task,
                "what": name,
                "images_per_second": round(speed, 1),
                "times_generator": round(speed / speeds[GENERATOR], 3),
            }
            for name, speed in speeds.items()
        ]
        for row in rows:
            print(
                f"  {row['what']:<38} {row['images_per_second']:8,.0f} "
                f"{row['times_generator']:12.2f}",
                flush=True,
            )
        ours = next(speed for name, speed in speeds.items() if name.startswith(OURS))
        missed = [
            f"from {task}: {ours / speeds[name]:.2f} times {name}; expected {limit}"
            for name, limit in LIMITS[task].items()
            if ours < limit * speeds[name]
        ]
        if not missed:
            break
        print(f"  missed: {'; '.join(missed)}", flush=True)
    return rows, missed


def measure(contenders):
    """Name -> images a second, the median of ROUNDS turns; a turn before them does not count."""
    speeds = {name: [] for name in contenders}
    for _ in range(1 + ROUNDS):
        for name, iterate in contenders.items():
            time.sleep(REST)
            speeds[name].append(time_pass(iterate()))
    return {name: float(np.median(taken[1:])) for name, taken in speeds.items()}


def time_pass(batches):
    """Images a second of one pass, its start included."""
    start = time.perf_counter()
    count = sum(len(images) for images, _ in batches)
    return count / (time.perf_counter() - start)


def attempt(kind, every, few):
    """What a process of its own measures, printed; and what was missed."""
    for _ in range(ATTEMPTS):
        command = [sys.executable, __file__, kind, str(every), str(few)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        print(f"\n{kind}: {found}", flush=True)
        missed = []
        if kind == "scan":
            if found["files_per_second"] < bench_scan.FILES_A_SECOND:
                missed.append(f"scan: fewer than {bench_scan.FILES_A_SECOND} files a second")
            if found["peak_mb"] >= bench_scan.MEGABYTES:
                missed.append(f"scan: {bench_scan.MEGABYTES} MB or more")
        else:
            if abs(found[f"{MANY:,}"] / found[f"{FEW:,}"] - 1) > ALIKE:
                missed.append(f"files: speeds that differ by more than {ALIKE:.0%}")
            if found["growth_mb"] >= GROWTH:
                missed.append(f"files: {GROWTH} MB of growth or more")
        if not missed:
            break
    return found, missed


def run_scan(every):
    """Speed and memory of a scan, in a process that does nothing else."""
    from cnn_tutorial.data.folders import scan_folder

    start = time.perf_counter()
    report = scan_folder(every, progress=False)
    speed = len(report) / (time.perf_counter() - start)
    return {"files_per_second": round(speed), "peak_mb": round(bench_scan.find_peak())}


def run_files(every, few):
    """Speeds with FEW and with MANY files, and the memory that MANY take more.

    One pass over MANY in PARTS, and between two of them as many images from FEW: what else the
    machine does then meets both. The speeds are the medians of the parts'.
    """
    import psutil

    from cnn_tutorial import data

    process = psutil.Process()
    few, many = (
        data.folder_dataset(
            data.scan_folder(folder, progress=False),
            image_size=SIDE,
            validation=0,
            test=0,
            augment=data.RandomWarp(**ARTICLE),
        )
        for folder in (few, every)
    )
    memory, speeds = [], {FEW: [], MANY: []}

    def time_part(batches, number):
        start, count = time.perf_counter(), 0
        for images, _ in itertools.islice(batches, number):
            count += len(images)
            memory.append(process.memory_info().rss)
        return count / (time.perf_counter() - start)

    part = len(many) // PARTS
    # As it ends itself: behind ``repeat`` tf.data would put a buffer of its own, which grows.
    some, every = iter(few.repeat().prefetch(2)), iter(many)
    time_part(some, 2 * part)
    time_part(every, WARM)
    before = max(memory)
    for _ in range(PARTS):
        speeds[FEW].append(time_part(some, part))
        speeds[MANY].append(time_part(every, part - WARM // PARTS))
    return {f"{count:,}": round(float(np.median(found)), 1) for count, found in speeds.items()} | {
        "growth_mb": round((max(memory) - before) / 2**20, 1)
    }


if __name__ == "__main__":
    warnings.filterwarnings("ignore", module="albumentations")
    match sys.argv[1:]:
        case ["scan", every, _]:
            print(json.dumps(run_scan(every)))
        case ["files", every, few]:
            print(json.dumps(run_files(every, few)))
        case _:
            main()
