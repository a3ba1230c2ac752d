"""A child sends invalidations after its jobs have removed images, until no invalidation is left."""

from worker.invalidation import InvalidationSender


def test_the_first_turn_sends_invalidations_of_dead_children_and_later_turns_send_on_request() -> None:
    answers = [True, True, True]
    sender = InvalidationSender(answers.pop)
    sender.turn()
    assert len(answers) == 2
    sender.turn()
    assert len(answers) == 2
    sender.ask()
    sender.turn()
    sender.turn()
    assert len(answers) == 1


def test_a_later_turn_sends_invalidations_that_are_left_or_failed() -> None:
    answers: list[bool | Exception] = [False, RuntimeError("expired"), KeyError("AccessKeyId"), True, True]

    def send() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    sender = InvalidationSender(send)
    for _ in range(6):
        sender.turn()
    assert answers == [True]
