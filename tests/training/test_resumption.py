"""A training that was ended somewhere, and goes on, ends as one that was not."""

import numpy as np
import pytest

pytestmark = pytest.mark.slow

EPOCHS = 4


@pytest.fixture
def run(training, make_model, make_killer, Killed, images, labels):
    """A function that trains, and is killed before a step of this run if one is given."""

    def run(make_train, checkpoint=None, *, killed=None, weights=5, model=None, **options):
        model = model or make_model(seed=weights)
        options = {"epochs": EPOCHS, "progress": False, "batch_size": 32} | options
        options["callbacks"] = list(options.get("callbacks", ()))
        validation = (images[:40], labels[:40])
        if killed is None:
            history = training.fit(
                model, make_train(), validation, checkpoint=checkpoint, **options
            )
            return model, history.history
        options["callbacks"].append(make_killer(killed))
        with pytest.raises(Killed):
            training.fit(model, make_train(), validation, checkpoint=checkpoint, **options)
        return model, None

    return run


@pytest.fixture
def kinds(keras, images, labels):
    """Functions that make training data, of every kind that ``fit`` takes; four batches."""
    import tensorflow as tf

    from cnn_tutorial import data

    class Batches(keras.utils.PyDataset):
        def __init__(self):
            super().__init__()
            self.order, self.rng = np.arange(100), np.random.default_rng(3)

        def __len__(self):
            return 4

        def __getitem__(self, index):
            chosen = self.order[25 * index : 25 * index + 25]
            noise = np.random.normal() + self.rng.normal()  # noqa: NPY002
            return images[chosen] + np.float32(noise), labels[chosen]

        def on_epoch_end(self):
            self.rng.shuffle(self.order)

    def plain():
        dataset = tf.data.Dataset.from_tensor_slices((images, labels))
        return dataset.shuffle(100, seed=1).batch(32)

    def batches(augment):
        return data.array_dataset(images, labels, batch_size=32, augment=augment)

    def brightness():
        return keras.layers.RandomBrightness(0.3, value_range=(0, 255), seed=3)

    def mix():
        layer = keras.layers.RandomFlip(seed=4)
        return plain().map(lambda images, labels: (layer(images, training=True), labels))

    return {
        "arrays": lambda: (images, labels),
        "weighted arrays": lambda: (images, labels, np.linspace(0, 1, 100)),
        "array_dataset": lambda: batches(data.RandomWarp(rotation_range=30, seed=1)),
        "array_dataset with a layer": lambda: batches(brightness()),
        "tf.data": plain,
        "tf.data with a layer": mix,
        "PyDataset": Batches,
    }


ALL_KINDS = [
    "arrays",
    "weighted arrays",
    "array_dataset",
    "array_dataset with a layer",
    "tf.data",
    "tf.data with a layer",
    "PyDataset",
]


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_kind_of_data_goes_on_in_its_order(run, kinds, assert_same, tmp_path, kind):
    whole, history = run(kinds[kind])
    run(kinds[kind], tmp_path, killed=2)  # in the first epoch: other weights must not matter
    run(kinds[kind], tmp_path, killed=9, weights=6)  # in the third
    resumed, resumed_history = run(kinds[kind], tmp_path, weights=7)
    assert_same(whole, resumed)
    assert resumed_history == history
    assert len(history["val_loss"]) == EPOCHS


@pytest.mark.parametrize(
    "options",
    [
        {"schedule": "cosine"},
        {"averaging": 0.9},
        {"averaging": 0.9, "patience": 2, "epochs": 6},
        {"patience": 1, "epochs": 6},
        {"callbacks": "plateau"},
    ],
    ids=str,
)
def test_every_option_goes_on_where_it_was(
    run, kinds, keras, training, assert_same, tmp_path, options
):
    def make_options():
        made = dict(options)
        if "schedule" in made:
            made["schedule"] = lambda steps: training.cosine(0.02, steps, warmup=0.3)
        if "callbacks" in made:
            plateau = keras.callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=1, min_delta=9)
            made["callbacks"] = [plateau]
        return made

    whole, history = run(kinds["arrays"], **make_options())
    run(kinds["arrays"], tmp_path, killed=7, **make_options())
    resumed, resumed_history = run(kinds["arrays"], tmp_path, weights=7, **make_options())
    finished, finished_history = run(kinds["arrays"], tmp_path, weights=8, **make_options())
    assert_same(whole, resumed)
    assert resumed_history == history == finished_history
    for one, other in zip(whole.get_weights(), finished.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", ["arrays", "array_dataset", "PyDataset"])
def test_in_the_same_process_the_same_model_and_data_go_on(run, kinds, assert_same, tmp_path, kind):
    whole, history = run(kinds[kind])
    data = kinds[kind]()
    model, _ = run(lambda: data, tmp_path, killed=6)
    resumed, resumed_history = run(lambda: data, tmp_path, model=model)
    assert_same(whole, resumed)
    assert resumed_history == history


def test_a_dataset_that_cannot_be_set_back_is_refused(run, kinds, assert_same, tmp_path):
    whole, _ = run(kinds["tf.data"])
    data = kinds["tf.data"]()
    run(lambda: data, tmp_path, killed=6)
    with pytest.raises(ValueError, match=r"used further .* make it anew"):
        run(lambda: data, tmp_path)
    resumed, _ = run(kinds["tf.data"], tmp_path)  # made anew
    assert_same(whole, resumed)


def test_more_epochs_go_on_and_fewer_are_refused(run, kinds, assert_same, tmp_path):
    whole, _ = run(kinds["arrays"], epochs=5)
    run(kinds["arrays"], tmp_path, epochs=3)
    longer, history = run(kinds["arrays"], tmp_path, epochs=5, weights=9)
    assert_same(whole, longer)
    assert len(history["loss"]) == 5
    with pytest.raises(ValueError, match=r"epochs must be at least 5.*received 4"):
        run(kinds["arrays"], tmp_path, epochs=4)


def test_a_damaged_checkpoint_costs_one_epoch_and_no_bit(
    run, kinds, training, assert_same, tmp_path
):
    whole, _ = run(kinds["arrays"])
    run(kinds["arrays"], tmp_path, killed=13)
    newest = tmp_path / "epoch-0003.npz"
    newest.write_bytes(newest.read_bytes()[:-100])
    assert training.count_epochs(tmp_path) == 2
    with pytest.warns(UserWarning, match=r"damaged.*epoch-0002.npz, is used"):
        resumed, _ = run(kinds["arrays"], tmp_path, weights=7)
    assert_same(whole, resumed)


def test_a_checkpoint_of_another_model_is_refused(
    run, kinds, keras, training, make_model, tmp_path
):
    run(kinds["arrays"], tmp_path)
    with pytest.raises(training.CheckpointError, match="another model"):
        run(kinds["arrays"], tmp_path, model=make_model(units=4))
    with pytest.raises(training.CheckpointError, match=r"optimizer Adam, here SGD"):
        run(kinds["arrays"], tmp_path, model=make_model(keras.optimizers.SGD(0.01)))
    other = make_model()
    other.layers[5].rate = 0.4  # as many weights of the same shapes
    with pytest.raises(training.CheckpointError, match="layers have other settings"):
        run(kinds["arrays"], tmp_path, model=other)


@pytest.mark.parametrize("name", ["keras", "tensorflow", "backend"])
def test_a_checkpoint_of_another_version_is_refused_and_its_weights_can_be_had(
    run, kinds, training, loaded, make_model, tmp_path, monkeypatch, name
):
    state = loaded["state"]
    trained, _ = run(kinds["arrays"], tmp_path)
    versions = state.find_versions() | {name: "0.1"}
    monkeypatch.setattr(state, "find_versions", lambda: versions)
    with pytest.raises(training.CheckpointError, match=rf"{name} .* \(here 0.1\).*load_weights"):
        run(kinds["arrays"], tmp_path)
    model = make_model(seed=9)
    assert training.load_weights(model, tmp_path) == EPOCHS == training.count_epochs(tmp_path)
    for one, other in zip(trained.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(training.CheckpointError, match="another model"):
        training.load_weights(make_model(units=4), tmp_path)


def test_a_learning_rate_changed_by_hand_is_taken_and_said(run, kinds, keras, make_model, tmp_path):
    run(kinds["arrays"], tmp_path, killed=6)
    model = make_model(keras.optimizers.Adam(0.5))
    with pytest.warns(UserWarning, match=r"learning_rate was 0.0\d+ and is 0.5"):
        run(kinds["arrays"], tmp_path, model=model)
    assert float(model.optimizer.learning_rate) == 0.5


def test_another_global_seed_is_said_since_it_decides_the_order_of_a_dataset(
    run, kinds, keras, tmp_path
):
    def make():
        keras.utils.set_random_seed(6)
        return kinds["tf.data"]()

    run(kinds["tf.data"], tmp_path, killed=6)
    with pytest.warns(UserWarning, match="not as it began: global seed was 5 and is 6"):
        run(make, tmp_path)


def test_another_seed_is_said(run, kinds, tmp_path):
    run(kinds["arrays"], tmp_path, killed=6)
    with pytest.warns(UserWarning, match="not as it began: seed was 0 and is 1"):
        run(kinds["arrays"], tmp_path, seed=1)
