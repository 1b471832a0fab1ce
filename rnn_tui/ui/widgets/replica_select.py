"""Fields that select which of the networks in a file answers."""

from collections.abc import Sequence

from textual.containers import Horizontal

from rnn_tui.tasks.config import SequenceConfig, replica_of
from rnn_tui.ui.widgets.plain import PlainSelect


class ReplicaSelect(Horizontal):
    """Selects which network in a file answers: a variant and a seed, or an extra such as a vote."""

    def __init__(self, prefix: str = "", extra: Sequence[str] = ()) -> None:
        """Create empty lists.

        Args:
            prefix: Begins the ids of the lists.
            extra: Further choices, which have no seeds.
        """
        self._extra = extra
        self._variants = PlainSelect([("none", "")], id=f"{prefix}variant")
        self._seeds = PlainSelect([("seed", -1)], id=f"{prefix}seed")
        super().__init__(self._variants, self._seeds)

    @property
    def chosen(self) -> tuple[str, int]:
        """The label of a variant, or an extra; and the seed."""
        return str(self._variants.value), int(str(self._seeds.value))

    def offer(self, config: SequenceConfig, variant: str, seed: int) -> None:
        """List these networks, with `variant` and `seed` selected if they have them."""
        _, label, seed = replica_of(config, variant, seed)
        if variant in self._extra:
            label = variant
        # A label is its own value, since a list goes on showing the label that a value had before.
        labels = [*(option.label for option in config.variants), *self._extra]
        self._variants.offer_texts([(text, text) for text in labels], label)
        seeds = range(config.seed, config.seed + config.seeds)
        self._seeds.offer_texts([(f"seed {number}", number) for number in seeds], seed)
        self.show_seeds()

    def show_seeds(self, shown: bool = True) -> None:
        """Show the list of seeds where what is chosen has one."""
        self._seeds.display = shown and self.chosen[0] not in self._extra

    def choose_next(self) -> None:
        self._variants.choose_next()
