# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What is said of a difference between the two sides."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as of_dataclass
from typing import Any

from .ask import Answer, as_texts

#: How much of a value or a request is told.
SHOWN = 300


@dataclass(frozen=True)
class Difference:
    """One answer that is not Odoo's; those of one kind and the same words are told together."""

    kind: str
    #: What makes two of them the same: no ids and no values in it.
    what: str
    model: str
    field: str = ""
    #: The request, so that it can be sent again.
    request: str = ""
    ours: str = ""
    theirs: str = ""
    caller: str = of_dataclass(default="", compare=False)


def shown(value: Any) -> str:
    """Return a value as a report shows it."""
    return (value if isinstance(value, str) else json.dumps(value, default=str))[:SHOWN]


def told(answer: Answer) -> str:
    """Return an answer as a report shows it."""
    return shown(answer.value) if answer.given else f"{answer.status} {answer.error}"[:SHOWN]


def as_request(model_name: str, params: Mapping[str, Any]) -> str:
    """Return a request as its address says it, readable."""
    texts = as_texts(params)
    return f"GET {model_name} " + " ".join(f"{name}={text}" for name, text in texts.items())


def lies_between(value: Any, before: Any, after: Any) -> bool:
    """Tell whether a value is the one that was answered before it, except for numbers that change with the time.

    Such a number lies between those that were answered before and after. The last digit of any number may
    differ: PostgreSQL adds in another order each time.
    """
    if isinstance(value, dict) and isinstance(before, dict) and isinstance(after, dict):
        return value.keys() == before.keys() == after.keys() and all(
            lies_between(value[key], before[key], after[key]) for key in value
        )
    if isinstance(value, list) and isinstance(before, list) and isinstance(after, list):
        return len(value) == len(before) == len(after) and all(
            map(lies_between, value, before, after)
        )
    if not all(isinstance(each, float) for each in (value, before, after)):
        return bool(value == before and isinstance(value, bool) == isinstance(before, bool))
    margin = 1e-9 * max(abs(before), abs(after), 1)
    return bool(min(before, after) - margin <= value <= max(before, after) + margin)


def unequal_outcome(ours: Answer, theirs: Answer) -> tuple[str, str] | None:
    """Return the kind and the words of a difference between an answer and a refusal; None for none of it."""
    if ours.status >= 500:
        whose = "Odoo answers" if theirs.given else "Odoo fails, too"
        return "server error", f"{without_values(ours.error)} ({whose})"
    if theirs.given and not ours.given:
        return "refused", f"{ours.status} {without_values(ours.error)}"
    if ours.given and not theirs.given and not theirs.odd:
        return "answered", f"what Odoo refuses: {theirs.error.partition(':')[0]}"
    return None


def without_values(text: str) -> str:
    """Return sentences without the names and numbers in them, each once, so that many are one kind."""
    words = " ".join(map(_word, text.split()))
    sentences = dict.fromkeys(re.split(r"(?<=\.) ", words))
    return re.sub(r"(… )+", "… ", " ".join(sentences))[:160]


def _word(word: str) -> str:
    bare = word.rstrip(".,")
    named = any(sign in bare for sign in "_.[(\"'0123456789") and not bare.endswith(":")
    return f"…{word[len(bare) :]}" if named else word
