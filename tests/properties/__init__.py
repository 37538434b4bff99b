"""Bad input of any kind: an error that a user can read, in bounded time and memory.

Each test runs on generated cases: new ones, as many as VAE_TEST_CASES says; without it the same
hundred each time, so that whether other work passes does not depend on luck (the profiles are in
conftest.py). How many there were in all is printed when the tests end.
"""

import functools
import resource
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vae.services.errors import UserError

SECONDS = 20  # after which a case hangs
BYTES = 1 << 29  # more than which no case may ask for

counts: Counter[str] = Counter()  # the cases of each test so far


def tried(read: Callable, *arguments: Any) -> Any:
    """What a function returns, or nothing where it raises a UserError."""
    try:
        return read(*arguments)
    except UserError:
        return None


def cases(*args: Any, **kwargs: Any) -> Callable:
    """Decorator, `given` with these strategies: each case is counted, and limited."""

    def decorate(test: Callable) -> Callable:
        @functools.wraps(test)
        def limited(*values: Any, **named: Any) -> None:
            counts[test.__name__] += 1
            with _limits():
                test(*values, **named)

        return given(*args, **kwargs)(limited)

    return decorate


@contextmanager
def _limits() -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, _hangs)
    signal.alarm(SECONDS)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    statm = Path("/proc/self/statm")
    if statm.exists():  # not on macOS, which has no such limit either
        used = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + BYTES, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _hangs(*_: object) -> None:
    raise AssertionError(f"no end after {SECONDS} s")


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """`content` with some damage: cut, bits turned, bytes lost, put in or repeated."""
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(data)))
        length = draw(st.integers(1, 40))
        match draw(st.sampled_from(["cut", "turn", "lose", "insert", "repeat", "noise"])):
            case "cut":
                del data[place:]
            case "turn" if place < len(data):
                data[place] ^= draw(st.integers(1, 255))
            case "lose":
                del data[place : place + length]
            case "insert":
                data[place:place] = draw(st.binary(max_size=40))
            case "repeat":
                data[place:place] = data[place : place + length]
            case "noise":
                data[place : place + length] = draw(st.binary(min_size=length, max_size=length))
    return bytes(data)
