"""RandomWarp on TensorFlow and on JAX: what it computes, and where it changes images."""

import math

import numpy as np
import pytest
from scipy import ndimage

from cnn_tutorial import session
from cnn_tutorial.data import warp_ranges, warping

pytestmark = pytest.mark.slow

SIZES = [(8, 9), (13, 6), (1, 5), (40, 33)]
RANGES = {
    "rotation_range": 60,
    "width_shift_range": 0.3,
    "height_shift_range": [1, 2],
    "shear_range": 20,
    "zoom_range": (0.5, 1.8),
    "horizontal_flip": True,
}


def make_case(size, fill_mode, dtype):
    """Six images, their matrices, and SciPy's result in float64."""
    rng = np.random.default_rng(sum(size))
    images = rng.integers(0, 256, (6, *size, 3)).astype(dtype)
    parameters = warp_ranges.draw_parameters(
        rng.random((6, 9)), warp_ranges.check_ranges(**RANGES), *size
    )
    matrices = warping.make_matrices(parameters, *size)
    expected = np.empty(images.shape)
    for image, matrix, output in zip(images, matrices, expected, strict=True):
        for channel in range(3):
            output[..., channel] = ndimage.affine_transform(
                image[..., channel].astype(float),
                matrix[:2, :2],
                matrix[:2, 2],
                order=1,
                mode=fill_mode,
                cval=40,
            )
    return images, matrices, expected


CASES = [
    (size, fill_mode, dtype)
    for size in SIZES
    for fill_mode in warping.FILL_MODES
    for dtype in ("float32", "uint8")
]


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def seen(request):
    """What RandomWarp does on a backend, found out in a process of its own: {name: value}."""
    arrays = [make_case(*case)[:2] for case in CASES]
    fills = [fill_mode for _, fill_mode, _ in CASES]

    def look(ranges):
        import tempfile

        import keras
        import numpy as np
        import tensorflow as tf

        from cnn_tutorial.data import warp_ranges, warping
        from cnn_tutorial.data.augment import RandomWarp, warp_tensors

        def numpy(tensor):
            return np.array(keras.ops.convert_to_numpy(tensor))

        found = {"backend": keras.backend.backend()}
        found["warped"] = [
            numpy(
                warp_tensors(
                    keras.ops.convert_to_tensor(images),
                    keras.ops.cast(matrices, "float32"),
                    fill_mode=fill_mode,
                    cval=40,
                )
            )
            for (images, matrices), fill_mode in zip(arrays, fills, strict=True)
        ]
        uniforms = np.random.default_rng(5).random((50, 9)).astype("float32")
        checked = warp_ranges.check_ranges(**ranges)
        found["parameters"] = [
            numpy(value)
            for value in warp_ranges.draw_parameters(
                keras.ops.convert_to_tensor(uniforms), checked, 60, 40, ops=keras.ops
            )
        ]
        found["matrices"] = numpy(warping.make_matrices(found["parameters"], 60, 40, ops=keras.ops))

        images = np.random.default_rng(0).integers(0, 256, (10, 12, 14, 3)).astype("float32")
        labels = np.arange(10) % 2
        found["images"] = images

        def make_warp(**changes):
            return RandomWarp(**{**ranges, "seed": 5, **changes})

        warp = make_warp()
        found["default"] = numpy(warp(images))
        found["second call"] = numpy(warp(images))
        found["same seed"] = numpy(make_warp()(images))
        found["other seed"] = numpy(make_warp(seed=6)(images))
        found["not training"] = numpy(warp(images, training=False))
        found["training"] = numpy(make_warp()(images, training=True))
        found["without ranges"] = numpy(RandomWarp(seed=1)(images, training=True))
        found["one image"] = numpy(make_warp()(images[0]))
        found["bfloat16"] = str(make_warp(dtype="bfloat16")(images).dtype)
        same = np.repeat(images[:1], 200, axis=0)
        found["a batch of one image"] = numpy(make_warp()(same))

        def through(dataset):
            return [np.array(batch) for batch in dataset.as_numpy_iterator()]

        both = tf.data.Dataset.from_tensor_slices
        found["map"] = through(both(images).batch(4).map(make_warp()))
        found["map again"] = through(both(images).batch(4).map(make_warp()))
        found["map uint8"] = through(both(images.astype("uint8")).batch(4).map(make_warp()))
        found["map images"] = through(both(images).map(make_warp()))
        found["map spec"] = both(images).batch(4).map(make_warp()).element_spec.shape.as_list()
        warp = make_warp()
        pairs = both((images, labels)).batch(10)
        found["map pairs"] = next(iter(pairs.map(lambda x, y: (warp(x), y))))[0].numpy()
        off = pairs.map(lambda x, y: (warp(x, training=False), y))
        found["map off"] = next(iter(off))[0].numpy()
        epochs = pairs.map(lambda x, y: (warp(x), y)).repeat(2)
        found["two epochs"] = [x.numpy() for x, _ in epochs]
        try:
            pairs.map(make_warp())
        except TypeError as error:
            found["map with labels"] = str(error)

        class Watch(keras.layers.Layer):
            """Keeps the sum of the images' first rows, which tells whether they were changed."""

            def build(self, shape):
                self.sums = self.add_weight(shape=(), trainable=False, name="sums")

            def call(self, images):
                ours = keras.ops.cast(images, "float32")
                rows = keras.ops.sum(ours[:, 0], axis=(1, 2))
                self.sums.assign(keras.ops.sum(rows))
                return ours

        def make_model(layer):
            return keras.Sequential(
                [
                    keras.Input((None, None, 3)),
                    layer,
                    Watch(),
                    keras.layers.GlobalAveragePooling2D(),
                    keras.layers.Dense(1),
                ]
            )

        model = make_model(make_warp())
        model.compile("sgd", "mse")

        def first_rows(call):
            call()
            return float(model.layers[1].sums.value)

        found["first rows"] = float(images[:, 0].sum())
        found["in predict"] = first_rows(lambda: model.predict(images, verbose=0))
        found["in model(x)"] = first_rows(lambda: model(images))
        found["in evaluate"] = first_rows(lambda: model.evaluate(images, labels, verbose=0))
        found["in model(x, training=True)"] = first_rows(lambda: model(images, training=True))
        quiet = {"epochs": 1, "verbose": 0, "batch_size": 10, "shuffle": False}
        found["in fit"] = first_rows(lambda: model.fit(images, labels, **quiet))
        one, two = make_model(make_warp()), make_model(make_warp())
        two.set_weights(one.get_weights())
        for other in (one, two):
            other.compile("sgd", "mse")
            other.fit(images / 255, labels, epochs=2, verbose=0, shuffle=False)
        found["two fits"] = [numpy(other.layers[-1].kernel) for other in (one, two)]
        with tempfile.TemporaryDirectory() as folder:
            model.save(f"{folder}/model.keras")
            loaded = keras.models.load_model(
                f"{folder}/model.keras", custom_objects={"Watch": Watch}
            )
            found["config"] = loaded.layers[0].get_config()
            found["before"] = model.predict(images, verbose=0)
            found["loaded"] = [loaded.predict(images, verbose=0), numpy(loaded(images))]
            still = keras.Sequential([keras.Input((12, 14, 3)), make_warp()])
            still.export(f"{folder}/exported", verbose=False)
            exported = tf.saved_model.load(f"{folder}/exported")
            found["exported"] = exported.serve(images).numpy()
        functional = keras.Model(
            inputs := keras.Input((12, 14, 3), dtype="uint8"), make_warp()(inputs)
        )
        found["functional"] = (
            functional.output.shape,
            functional.output.dtype,
            functional.predict(images.astype("uint8"), verbose=0),
        )
        return found

    return session.run_with(request.param, look, RANGES)


def test_tensors_are_warped_as_scipy_warps_arrays(seen):
    for case, warped in zip(CASES, seen["warped"], strict=True):
        (height, width), fill_mode, dtype = case
        _, matrices, expected = make_case(*case)
        assert warped.dtype == dtype
        wrong = np.abs(warped - expected).max(axis=-1)
        if fill_mode in ("constant", "wrap"):  # they jump where rounding decides
            positions = warping.find_positions(matrices, height, width)
            for position, size in zip(positions, (height, width), strict=True):
                period = max(size - 1, 1)
                wrong[np.abs((position + 0.5) % period - 0.5) < 2e-4] = 0
        # float32 positions: 1e-5 pixel of a slope of up to 255 a pixel, each way.
        assert wrong.max() <= (0.501 if dtype == "uint8" else 5e-3), case


def test_tensors_are_warped_by_the_same_matrices_as_arrays(seen):
    uniforms = np.random.default_rng(5).random((50, 9)).astype("float32")
    parameters = warp_ranges.draw_parameters(
        uniforms.astype(float), warp_ranges.check_ranges(**RANGES), 60, 40
    )
    for name, value, ours in zip(parameters._fields, seen["parameters"], parameters, strict=True):
        np.testing.assert_allclose(value, ours, rtol=1e-5, atol=1e-5, err_msg=name)
    matrices = warping.make_matrices(parameters, 60, 40)
    np.testing.assert_allclose(seen["matrices"], matrices, rtol=1e-5, atol=2e-5)


def test_called_by_itself_it_changes_images_unless_training_is_false(seen):
    for name in ("default", "training", "other seed", "second call"):
        changed = np.abs(seen[name] - seen["images"]).max(axis=(1, 2, 3))
        assert (changed > 10).all(), name
    np.testing.assert_array_equal(seen["not training"], seen["images"])
    np.testing.assert_array_equal(seen["without ranges"], seen["images"])


def test_the_seed_decides_the_sequence_of_changes(seen):
    np.testing.assert_array_equal(seen["default"], seen["same seed"])
    np.testing.assert_array_equal(seen["default"], seen["training"])
    assert not np.array_equal(seen["default"], seen["second call"])
    assert not np.array_equal(seen["default"], seen["other seed"])


def test_every_image_of_a_batch_is_changed_in_its_own_way(seen):
    batch = seen["a batch of one image"]
    assert len(np.unique(batch.reshape(len(batch), -1), axis=0)) == len(batch)


def test_a_single_image_is_changed_too(seen):
    assert seen["one image"].shape == (12, 14, 3)
    assert np.abs(seen["one image"] - seen["images"][0]).max() > 10


def test_the_compute_dtype_is_kept(seen):
    assert "bfloat16" in seen["bfloat16"]


def test_a_dataset_is_changed_by_map_in_batches_and_image_by_image(seen):
    images = seen["images"]
    assert [batch.shape for batch in seen["map"]] == [(4, 12, 14, 3)] * 2 + [(2, 12, 14, 3)]
    assert seen["map spec"] == [None, 12, 14, 3]
    assert len(seen["map images"]) == 10
    for changed in (np.concatenate(seen["map"]), np.stack(seen["map images"]), seen["map pairs"]):
        assert (np.abs(changed - images).max(axis=(1, 2, 3)) > 10).all()
    assert seen["map uint8"][0].dtype == np.uint8
    np.testing.assert_array_equal(seen["map off"], images)


def test_map_is_reproducible_and_fresh_in_every_epoch(seen):
    np.testing.assert_array_equal(seen["map"][0], seen["map again"][0])
    assert not np.array_equal(*seen["two epochs"])


def test_labels_are_never_taken_for_the_training_flag(seen):
    assert "takes images alone" in seen["map with labels"]


def test_in_a_model_it_changes_images_in_training_only(seen):
    unchanged = seen["first rows"]
    for name in ("in predict", "in model(x)", "in evaluate"):
        assert math.isclose(seen[name], unchanged, rel_tol=1e-5), name
    for name in ("in model(x, training=True)", "in fit"):
        assert not math.isclose(seen[name], unchanged, rel_tol=1e-3), name


def test_two_fits_with_the_same_seed_end_with_the_same_weights(seen):
    np.testing.assert_allclose(*seen["two fits"], rtol=1e-6)


def test_a_saved_model_comes_back_with_its_arguments_and_does_nothing_at_inference(seen):
    config = {name: seen["config"][name] for name in (*RANGES, "fill_mode", "cval", "seed")}
    expected = RANGES | {"zoom_range": [0.5, 1.8], "fill_mode": "nearest", "cval": 0, "seed": 5}
    assert config == expected
    for predictions in seen["loaded"]:
        np.testing.assert_allclose(predictions, seen["before"], rtol=1e-5)
    np.testing.assert_array_equal(seen["exported"], seen["images"])


def test_a_functional_model_keeps_shape_and_dtype(seen):
    shape, dtype, outputs = seen["functional"]
    assert (shape, dtype) == ((None, 12, 14, 3), "uint8")
    np.testing.assert_array_equal(outputs, seen["images"])


IMAGES = np.random.default_rng(1).integers(0, 256, (5, 20, 30, 3)).astype(np.uint8)


def make_warp(**options):
    from cnn_tutorial.data.augment import RandomWarp

    return RandomWarp(**options)


def test_warp_batch_changes_an_image_as_its_own_seed_says():
    warp = make_warp(**RANGES)
    batch = warp.warp_batch(IMAGES, np.arange(5))
    assert batch.dtype == np.uint8
    for n in range(5):
        np.testing.assert_array_equal(warp.warp_batch(IMAGES[n : n + 1], [n])[0], batch[n])
    assert not np.array_equal(warp.warp_batch(IMAGES, np.arange(1, 6)), batch)


def test_warp_batch_of_another_layer_seed_is_another_one():
    draws = [make_warp(**RANGES, seed=seed).warp_batch(IMAGES, np.arange(5)) for seed in (1, 2)]
    assert not np.array_equal(*draws)
    again = make_warp(**RANGES, seed=1).warp_batch(IMAGES, np.arange(5))
    np.testing.assert_array_equal(draws[0], again)


@pytest.mark.parametrize(
    "changes",
    [
        *({name: RANGES[name]} for name in RANGES),
        {"rotation_range": 40, "fill_mode": "constant"},
        {"rotation_range": 40, "fill_mode": "constant", "cval": 200},
        {"rotation_range": 40, "fill_mode": "reflect"},
        {"rotation_range": 40, "fill_mode": "wrap"},
    ],
    ids=str,
)
def test_each_argument_changes_what_warp_batch_gives(changes):
    without = {name: value for name, value in changes.items() if name != list(changes)[-1]}
    seeds = np.arange(5)
    changed = make_warp(**changes).warp_batch(IMAGES, seeds)
    assert not np.array_equal(changed, make_warp(**without).warp_batch(IMAGES, seeds))


def test_warp_batch_without_ranges_copies():
    copy = make_warp().warp_batch(IMAGES, np.arange(5))
    np.testing.assert_array_equal(copy, IMAGES)
    assert not np.shares_memory(copy, IMAGES)


@pytest.mark.filterwarnings("ignore:Please import")
@pytest.mark.parametrize("fill_mode", ["constant", "nearest", "reflect", "wrap"])
@pytest.mark.parametrize("size", [30, 31])
def test_the_same_draw_equals_the_old_generators_image(fill_mode, size):
    """For square images; for others the generator turns about a point that is not the centre."""
    import cv2
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    rng = np.random.default_rng(size)
    images = rng.integers(0, 256, (6, size, size, 3)).astype(np.float32)
    warp = make_warp(**RANGES, fill_mode=fill_mode, cval=40, seed=4)
    uniforms = warp_ranges.draw_uniforms(np.arange(6), stream=4)
    drawn = warp_ranges.draw_parameters(uniforms, warp.ranges, size, size)
    generator = ImageDataGenerator(fill_mode=fill_mode, cval=40)
    warped = warp.warp_batch(images, np.arange(6))
    for n in range(6):
        # apply_transform calls columns x and rows y.
        parameters = {
            "theta": drawn.rotation[n],
            "tx": drawn.column_shift[n],
            "ty": drawn.row_shift[n],
            "shear": drawn.shear[n],
            "zx": drawn.column_zoom[n],
            "zy": drawn.row_zoom[n],
            "flip_horizontal": bool(drawn.flip[n]),
        }
        expected = generator.apply_transform(images[n], parameters)
        wrong = np.abs(warped[n] - expected)
        # OpenCV 4 rounds positions to 1/32 pixel: a value is off by 1/64 of a difference each
        # way and, for a pixel or two, on the other side of a jump.
        is_on_grid = int(cv2.__version__.split(".")[0]) < 5
        off = 1 / 64 + 1 / 256 if is_on_grid else 1e-5
        assert np.quantile(wrong, 0.98 if is_on_grid else 1) <= 2 * 255 * off


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"fill_mode": "mirror"}, ValueError, "fill_mode must be one of"),
        ({"cval": None}, TypeError, "cval"),
        ({"zoom_range": (1.1, 0.9)}, ValueError, "zoom_range"),
        ({"seed": 1.5}, TypeError, "seed must be an int or None"),
        ({"seed": True}, TypeError, "seed"),
        ({"seed": -1}, ValueError, "seed must not be negative"),
        ({"shear": 1}, ValueError, "shear"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, error, message):
    with pytest.raises(error, match=message):
        make_warp(**arguments)


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros((4, 4)), ValueError, r"\(N, H, W, C\) or \(H, W, C\); received \(4, 4\)"),
        (np.zeros((1, 2, 4, 4, 3)), ValueError, r"\(N, H, W, C\)"),
        (np.zeros((2, 4, 4, 3), np.int32), TypeError, "uint8 or floating point; received int32"),
        (np.zeros((2, 4, 4, 3), bool), TypeError, "received bool"),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_images_that_are_none_are_refused(images, error, message, training):
    with pytest.raises(error, match=message):
        make_warp(rotation_range=5)(images, training=training)


@pytest.mark.parametrize(
    ("images", "seeds", "error", "message"),
    [
        (IMAGES[0], [1], ValueError, r"images must have shape \(N, H, W, C\)"),
        (IMAGES.astype(float), np.arange(5), TypeError, "uint8 or float32"),
        (IMAGES, np.arange(4), ValueError, "seeds must be 5 integers"),
        (IMAGES, np.zeros(5), ValueError, "seeds must be 5 integers"),
        (IMAGES, 3, ValueError, "seeds must be 5 integers"),
    ],
)
def test_warp_batch_refuses_what_does_not_fit(images, seeds, error, message):
    with pytest.raises(error, match=message):
        make_warp(rotation_range=5).warp_batch(images, seeds)
