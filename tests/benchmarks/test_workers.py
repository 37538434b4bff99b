import sys

import pytest

from benchmarks.workers import Worker, WorkerError, alternate

# Answers with its name and how often it has been asked; ends at the question that is too many.
FAKE = """
import json, sys
name, most = sys.argv[1], int(sys.argv[2])
for asked in range(most + 1):
    print(json.dumps({"name": name, "asked": asked}), flush=True)
    if not sys.stdin.readline():
        sys.exit()
sys.exit("out of breath")
"""


def fake(name="a", most=100):
    return Worker([sys.executable, "-c", FAKE, name, str(most)])


def test_a_worker_answers_once_when_ready_and_once_each_time_it_is_asked():
    with fake() as worker:
        assert worker.answer() == {"name": "a", "asked": 0}
        assert [worker.work()["asked"] for _ in range(3)] == [1, 2, 3]


def test_a_worker_has_ended_behind_its_block():
    with fake() as worker:
        worker.answer()
    assert worker._process.returncode == 0


def test_a_worker_that_fails_is_quoted():
    with fake(most=0) as worker:
        worker.answer()
        with pytest.raises(WorkerError, match="exit code 1\nout of breath"):
            worker.work()


def test_a_worker_that_fails_at_once_is_quoted():
    with (
        Worker([sys.executable, "-c", "1 / 0"]) as worker,
        pytest.raises(WorkerError, match="Zero"),
    ):
        worker.answer()


def test_all_take_turns_there_and_back():
    order = []

    class Noted(Worker):
        def work(self):
            answer = super().work()
            order.append(answer["name"])
            return answer

    workers = {name: Noted([sys.executable, "-c", FAKE, name, "9"]) for name in "abc"}
    for worker in workers.values():
        worker.answer()
    answers = alternate(workers, 3)
    for worker in workers.values():
        worker.__exit__(None, None, None)
    assert "".join(order) == "abccbaabc"
    assert {name: [a["asked"] for a in given] for name, given in answers.items()} == {
        name: [1, 2, 3] for name in "abc"
    }


def test_one_that_fails_is_left_out_and_the_others_go_on():
    said = []
    with fake("a", most=1) as a, fake("b") as b:
        for worker in (a, b):
            worker.answer()
        answers = alternate({"a": a, "b": b}, 3, said.append)
    assert list(answers) == ["b"]
    assert len(answers["b"]) == 3
    assert len(said) == 1
    assert "a is left out: exit code 1\nout of breath" in said[0]
