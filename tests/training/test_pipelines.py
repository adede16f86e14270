import pytest

pytestmark = pytest.mark.slow  # TensorFlow loads


def test_a_pipeline_that_tensorflow_does_not_show_is_a_warning(rows, monkeypatch):
    from cnn_tutorial.training import pipelines

    train = rows().shuffle(64, seed=1).repeat().batch(16).take(4)
    with pytest.raises(ValueError, match="order can be had again"):
        pipelines.check_order(train, None)
    for kind in type(train).__mro__:
        if "_inputs" in vars(kind):
            monkeypatch.delattr(kind, "_inputs")
    with pytest.warns(UserWarning, match="does not show what lies in a pipeline"):
        pipelines.check_order(train, None)
    assert pipelines.has_order(train)


def test_only_another_backend_without_a_distribution_takes_batches_by_way_of_python(
    keras, monkeypatch
):
    from cnn_tutorial.training import pipelines

    assert pipelines.are_read_by_keras()
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    assert not pipelines.are_read_by_keras()
    monkeypatch.setattr(keras.distribution, "distribution", object)
    assert pipelines.are_read_by_keras()
