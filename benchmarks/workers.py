"""Worker processes, told when to work: one does at a time, all stay until their turns are over."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any

Answer = dict[str, Any]


class WorkerError(Exception):
    """A worker ended before its time; the message is what it printed last."""


class Worker:
    """A process that answers a line of JSON once it is ready, and one for each line it gets.

    To be used in a `with` block, at whose end it ends.
    """

    def __init__(self, command: Sequence[str], env: dict[str, str] | None = None):
        self._errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._process.kill()
        self._process.communicate()  # no more input: it ends
        self._errors.close()

    def answer(self) -> Answer:
        """Wait for the next answer.

        Raises WorkerError where the process has ended.
        """
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._errors.seek(0)
            said = self._errors.read().strip().splitlines()[-3:]
            raise WorkerError("\n".join([f"exit code {code}", *said]))
        return json.loads(line)

    def work(self) -> Answer:
        """Have it work once, and wait for its answer."""
        try:
            self._process.stdin.write("go\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # `answer` says why
        return self.answer()


def alternate(
    workers: dict[str, Worker], rounds: int, said: Callable[[str], None] = print
) -> dict[str, list[Answer]]:
    """The answers of each worker in so many rounds, in which all take turns.

    Every other round goes backwards, so that none always follows the same one. A worker that fails
    is left out, which is said.
    """
    answers: dict[str, list[Answer]] = {name: [] for name in workers}
    for number in range(rounds):
        order: Iterable[str] = list(answers) if number % 2 == 0 else reversed(list(answers))
        for name in order:
            try:
                answers[name].append(workers[name].work())
            except WorkerError as error:
                said(f"{name} is left out: {error}")
                del answers[name]
    return answers


def module(python: str | None, name: str, *arguments: str) -> list[str]:
    """The command that runs a module of this project; with this interpreter where none is named."""
    return [python or sys.executable, "-m", name, *arguments]
