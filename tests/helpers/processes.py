"""Processes that a test starts and waits for."""

import multiprocessing


def started(method, function, *arguments):
    """Start a process, by "fork" or "spawn", that calls `function(*arguments, event)`.

    Returns it when it has set the event.
    """
    context = multiprocessing.get_context(method)
    event = context.Event()
    process = context.Process(target=function, args=(*arguments, event))
    process.start()
    assert event.wait(60)
    return process
