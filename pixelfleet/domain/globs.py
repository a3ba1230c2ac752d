"""Globs over S3 keys: matching in linear time, and whether one glob takes all that another takes. Pure.

| in a glob | takes |
| --- | --- |
| `*` | any characters but `/`, also none |
| `**` | any characters, also none; `a/**/b` takes `a/b` too |
| `?` | one character but `/` |
| `[abc]`, `[a-z]`, `[!a]` | one of these characters, or one that is not among them; never `/` |

A glob is a nondeterministic automaton: a state is the number of tokens that are behind, and a set of states is what a
key may have reached. No glob and no key takes more steps than the product of their lengths, whoever chose them.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from pixelfleet.errors import SetupError

#: The longest glob, in characters. A key has at most 1,024 bytes.
MOST_CHARACTERS: Final = 256
#: Steps of automata that a comparison of globs takes before it gives up: about a second.
MOST_COMPARED: Final = 1_000_000
#: Steps of keys through an automaton that are remembered.
_MOST_STEPS: Final = 50_000
#: A character that stands for all those that no glob of a comparison names.
_OTHER: Final = "\U0010fffd"

_STEP, _LOOP, _SKIP = 0, 1, 2
States = frozenset[int]


@dataclass(frozen=True, slots=True)
class _Characters:
    """A set of characters, or with `but` all others. `/` belongs to it only where the glob says `/` itself."""

    ranges: tuple[tuple[str, str], ...]
    but: bool = False

    def has(self, character: str) -> bool:
        if character == "/" and self.ranges != (("/", "/"),):
            return False
        return any(low <= character <= high for low, high in self.ranges) != self.but


@dataclass(frozen=True, slots=True)
class _Token:
    """`_STEP` takes one character, `_LOOP` any number; `_SKIP` may be followed by the third token behind it at once."""

    kind: int
    characters: _Characters


_NONE: Final = _Characters(())
_ANY: Final = _Characters((("\0", "\U0010ffff"),), but=False)
_NOT_SLASH: Final = _Characters((), but=True)


@dataclass(frozen=True)
class Glob:
    """A glob that was read by `glob`. Instances are remembered by whoever matches many keys."""

    text: str
    tokens: tuple[_Token, ...] = field(repr=False)

    def matches(self, key: str) -> bool:
        """Whether the glob takes the whole key."""
        if not key.startswith(self.prefix):
            return False
        return self.accepts(_after(self, key))

    @cached_property
    def prefix(self) -> str:
        """The characters that every key of the glob begins with."""
        plain = []
        for token in self.tokens:
            if token.kind != _STEP or len(token.characters.ranges) != 1 or token.characters.but:
                break
            low, high = token.characters.ranges[0]
            if low != high:
                break
            plain.append(low)
        return "".join(plain)

    @cached_property
    def start(self) -> States:
        return self._closed({0})

    def accepts(self, states: States) -> bool:
        return len(self.tokens) in states

    def step(self, states: States, character: str) -> States:
        """The states after one more character."""
        known = self._steps.get((states, character))
        if known is not None:
            return known
        after = set()
        for state in states:
            if state < len(self.tokens) and _takes(self.tokens[state], character):
                after.add(state if self.tokens[state].kind == _LOOP else state + 1)
        answer = self._closed(after)
        if len(self._steps) >= _MOST_STEPS:
            self._steps.clear()
        self._steps[states, character] = answer
        return answer

    @cached_property
    def _steps(self) -> dict[tuple[States, str], States]:
        return {}

    def _closed(self, states: set[int]) -> States:
        """With the states that are reached without a character."""
        waiting = list(states)
        closed = set(states)
        while waiting:
            state = waiting.pop()
            kind = self.tokens[state].kind if state < len(self.tokens) else _STEP
            beyond = {_STEP: (), _LOOP: (state + 1,), _SKIP: (state + 1, state + 3)}[kind]
            waiting += [other for other in beyond if other not in closed]
            closed.update(beyond)
        return frozenset(closed)


def _takes(token: _Token, character: str) -> bool:
    if token.kind == _SKIP:
        return False
    return token.characters is _ANY or token.characters.has(character)


def glob(text: str) -> Glob:
    """Read a glob.

    Raises:
        SetupError: the text is no glob; the message says what would be right.
    """
    if not text or len(text) > MOST_CHARACTERS:
        raise SetupError(f"a glob has 1 to {MOST_CHARACTERS} characters, not {len(text):,}")
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        if text[position] == "*":
            end = position + (len(text[position:]) - len(text[position:].lstrip("*")))
            tokens += _stars(text, position, end)
            position = end
        elif text[position] == "[":
            characters, position = _class(text, position)
            tokens.append(_Token(_STEP, characters))
        else:
            tokens.append(_Token(_STEP, _NOT_SLASH if text[position] == "?" else _one(text[position])))
            position += 1
    return Glob(text, tuple(tokens))


def takes_all(glob: Glob, others: Sequence[Glob]) -> bool:
    """Whether `others` together take every key that `glob` takes. False, too, where that is too much work to say."""
    return not share_a_key([glob], but=others)


def share_a_key(globs: Sequence[Glob], *, but: Sequence[Glob] = ()) -> bool:
    """Whether all of `globs` and none of `but` take some key. True, too, where that is too much work to say."""
    alphabet = _alphabet([*globs, *but])
    prefix = max((each.prefix for each in globs), key=len)
    start = (tuple(_after(each, prefix) for each in globs), tuple(_after(other, prefix) for other in but))
    steps = 0
    seen = {start}
    waiting = deque([start])
    while waiting:
        states, beside = waiting.popleft()
        if all(map(Glob.accepts, globs, states)) and not any(map(Glob.accepts, but, beside)):
            return True
        steps += len(alphabet) * (len(globs) + len(but))
        if steps > MOST_COMPARED:
            return True
        for character in alphabet:
            pair = (_stepped(globs, states, character), _stepped(but, beside, character))
            if all(pair[0]) and pair not in seen:
                seen.add(pair)
                waiting.append(pair)
    return False


def _stepped(globs: Sequence[Glob], states: Sequence[States], character: str) -> tuple[States, ...]:
    return tuple(each.step(state, character) for each, state in zip(globs, states, strict=True))


def _after(glob: Glob, text: str) -> States:
    states = glob.start
    for character in text:
        states = glob.step(states, character)
    return states


def _alphabet(globs: Sequence[Glob]) -> list[str]:
    """One character of each kind that these globs tell apart."""
    named = {"/", _OTHER, "\0"}
    for each in globs:
        for token in each.tokens:
            for low, high in token.characters.ranges:
                named |= {low, high}
                # Neighbours of a range stand for what lies between two ranges.
                named |= {chr(ord(low) - 1)} if ord(low) > 0 else set()
                named |= {chr(ord(high) + 1)} if ord(high) < 0x10FFFF else set()
    return sorted(named)


def _one(character: str) -> _Characters:
    return _Characters(((character, character),))


def _stars(text: str, start: int, end: int) -> list[_Token]:
    if end - start > 2:
        raise SetupError(f"{text!r}: {'*' * (end - start)} is no part of a glob; * takes all but /, ** takes all")
    if end - start == 1:
        return [_Token(_LOOP, _NOT_SLASH)]
    whole_segment = (start == 0 or text[start - 1] == "/") and text[end : end + 1] == "/"
    skip = [_Token(_SKIP, _NONE)] if whole_segment else []
    return [*skip, _Token(_LOOP, _ANY)]


def _class(text: str, start: int) -> tuple[_Characters, int]:
    """The characters of `[...]`, and the position behind it."""
    but = text[start + 1 : start + 2] == "!"
    first = start + 1 + but
    end = text.find("]", first + 1)
    if end < 0:
        raise SetupError(f"{text!r}: a [ without its ]; write [[] for the character itself")
    ranges = []
    position = first
    while position < end:
        low = high = text[position]
        if text[position + 1 : position + 2] == "-" and position + 2 < end:
            high = text[position + 2]
            position += 2
        if low > high:
            raise SetupError(f"{text!r}: {low}-{high} has its ends in the wrong order")
        ranges.append((low, high))
        position += 1
    if not but and all(low == high == "/" for low, high in ranges):
        raise SetupError(f"{text!r}: [/] takes nothing; write / itself")
    return _Characters(tuple(ranges), but), end + 1
