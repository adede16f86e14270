"""Ctrl-C that waits for the end of a step."""

import contextlib
import signal
import threading


@contextlib.contextmanager
def deferred_interrupt(watch):
    """Ctrl-C waits until the step is done, so that nothing is half updated; a second does not.

    Python handles signals in its main thread only; in another one nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(number, frame):
        if watch.interrupted:
            raise KeyboardInterrupt
        watch.interrupted = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.SIG_DFL)
