"""The attacks there are."""

from collections.abc import Mapping

from tests.attack.attack import Attack

ATTACKS: tuple[type[Attack], ...] = ()
KINDS: Mapping[str, type[Attack]] = {kind.name: kind for kind in ATTACKS}
