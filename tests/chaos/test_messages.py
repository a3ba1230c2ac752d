"""A malformed or foreign message ends a stock worker, again at every redelivery, or is deleted unread.

Our worker continues with the next message, frees the prefetch slot, and leaves the message to the redrive policy.
"""

import base64
import json

import pytest

from tests.chaos.harness import Bench, message

HEADERS = {"task": "chaos", "id": "an-id"}
MALFORMED = {
    "not JSON": "%PDF-1.7",
    "no object": "[1, 2, 3]",
    "nested beyond measure": "[" * 100_000,
    "an S3 event": json.dumps({"Records": [{"eventName": "ObjectCreated:Put"}]}),
    "properties null": message("fine", properties=None, body=None),
    "headers a list": message("fine", headers=["task", "chaos"]),
    "headers missing": message("fine", headers=None),
    "no id": message("fine", headers={"task": "chaos"}),
    "no task": message("fine", headers={"id": "an-id"}),
    "unknown body encoding": message("fine", properties={"body_encoding": "rot13"}),
    "body that is not what its encoding says": message("fine", properties={"body_encoding": "base64"}, body="%%%"),
    "undecodable body": message("fine", body="\udcff not JSON"),
    "compressed body": message("fine", body="x", headers=HEADERS | {"compression": "zlib"}),
    "body not a triple": message("fine", body=json.dumps({"args": []})),
    "body with callbacks": message("fine", body=json.dumps([["fine"], {}, {"callbacks": [{"task": "chaos"}]}])),
    "unknown task": message("nobody.knows"),
}


def test_malformed_messages_go_to_the_dead_letters_and_the_others_run(queue: Bench) -> None:
    queue.hide_for(2)
    # One child has one prefetch slot, so a single slot that is not freed stops the worker.
    for body in MALFORMED.values():
        queue.send_raw(body)
    for number in range(3):
        queue.send("fine", f"fine {number}")

    worker = queue.work(children=1)

    queue.done("fine 0", "fine 1", "fine 2")
    queue.buries(len(MALFORMED))
    assert worker.runs
    # Only the three well-formed messages reached a task.
    assert set(queue.names("begun")) == {"fine 0", "fine 1", "fine 2"}


@pytest.mark.slow
def test_a_foreign_routing_key_is_not_trusted(queue: Bench) -> None:
    foreign = {"delivery_info": {"exchange": "celery", "routing_key": "somebody-elses-queue"}}
    queue.send_raw(message("chaos", "fine", "fine", 0, properties=foreign))

    worker = queue.work()

    queue.done("fine")
    queue.empties()
    assert worker.runs


@pytest.mark.slow
def test_a_message_that_says_it_has_expired_is_run_and_not_thrown_away(queue: Bench) -> None:
    past = {"expires": "2001-01-01T00:00:00+00:00", "eta": "2099-01-01T00:00:00+00:00"}
    queue.send_raw(message("chaos", "fine", "fine", 0, headers=HEADERS | past))

    queue.work()

    queue.done("fine")
    queue.empties()


@pytest.mark.slow
def test_a_message_in_the_form_of_kombus_own_producer_runs(queue: Bench) -> None:
    body = base64.b64encode(json.dumps([["fine", "fine", 0], {}, {"callbacks": None, "chain": None}]).encode()).decode()
    whole = message("chaos", body=body, properties={"body_encoding": "base64", "delivery_info": {}})
    queue.send_raw(base64.b64encode(whole.encode()).decode())

    queue.work()

    queue.done("fine")
    queue.empties()
