# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What domains, orders, groupings and writes have in common: a model, a caller, and the same choices each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from .ask import Asking
from .found import Difference
from .reads import Reads


class Asker:
    """Asks about one model as one caller, at most so many questions of each sort."""

    def __init__(self, asking: Asking, model_name: str, reads: Reads, most: int, seed: str) -> None:
        self._ask, self._name, self._reads, self._most = asking, model_name, reads, most
        self._random = random.Random(f"{seed} {model_name}")
        self.asked = 0
        #: Whether both sides answered the last question.
        self._both = False

    def differences(self) -> Iterator[Difference]:
        """Ask both sides, and compare their answers."""
        raise NotImplementedError

    def _in_turn(self, by_kind: dict[str, list[Any]]) -> Iterator[tuple[str, Any]]:
        """Yield one of each kind by chance, then others; the lists are emptied."""
        found = 0
        while any(by_kind.values()):
            for kind, some in by_kind.items():
                if some and found < self._most:
                    found += 1
                    yield kind, some.pop(self._random.randrange(len(some)))
            if found == self._most:
                return
