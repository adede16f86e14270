"""Ctrl-C while a model trains."""

import os
import signal
import threading

import pytest

pytestmark = pytest.mark.slow


def test_an_interrupt_saves_and_says_how_to_go_on(
    fit, training, make_model, make_interrupt, assert_same, images, labels, tmp_path
):
    whole, model = make_model(), make_model()
    fit(whole, (images, labels), epochs=4)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(training.TrainingInterrupted) as info:
        fit(
            model, (images, labels), epochs=4, checkpoint=tmp_path, callbacks=[make_interrupt(2, 1)]
        )
    assert isinstance(info.value, KeyboardInterrupt)
    text = str(info.value)
    assert "interrupted in epoch 3 of 4, after step 2" in text
    assert f"Saved in {tmp_path}: the training up to the end of epoch 2" in text
    assert "call fit again with the same arguments" in text
    assert signal.getsignal(signal.SIGINT) is before
    assert int(model.optimizer.iterations) == 8  # what is saved, and not two steps more
    fit(model, (images, labels), epochs=4, checkpoint=tmp_path)
    assert_same(whole, model)


def test_an_interrupt_without_a_checkpoint_says_that_nothing_is_saved(
    fit, training, make_model, make_interrupt, images, labels
):
    model = make_model()
    with pytest.raises(training.TrainingInterrupted, match="Nothing is saved, since no checkpoint"):
        fit(model, (images, labels), callbacks=[make_interrupt(0, 2)])
    assert int(model.optimizer.iterations) == 3


def test_a_second_interrupt_does_not_wait(fit, training, keras, make_model, images, labels):
    class Twice(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    model = make_model()
    with pytest.raises(KeyboardInterrupt) as info:
        fit(model, (images, labels), callbacks=[Twice()])
    assert not isinstance(info.value, training.TrainingInterrupted)
    assert int(model.optimizer.iterations) == 0


def test_outside_of_the_main_thread_it_trains_too(fit, make_model, images, labels):
    found = []
    thread = threading.Thread(
        target=lambda: found.append(fit(make_model(), (images, labels), epochs=1))
    )
    thread.start()
    thread.join()
    assert len(found[0].history["loss"]) == 1
