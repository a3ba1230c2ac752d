"""A child sends when its jobs have removed images, and goes on until nothing is left."""

from worker.invalidation import InvalidationSender


def test_the_first_turn_sends_what_dead_children_left_and_later_ones_send_when_asked() -> None:
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


def test_what_is_left_or_failed_is_sent_by_a_later_turn() -> None:
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
