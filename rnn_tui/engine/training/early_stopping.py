"""Keep the weights of the epoch that validates best, and stop networks that get no better.

Replicas stay one set of batched operations: each has a best epoch of its own. One that has stopped
keeps its weights, whatever the steps of the others would make of them, and training ends when all
have stopped. So replica k keeps what the run of its seed alone would keep.

With a one-cycle schedule the loss often rises while the learning rate is high, and falls below
what it was when the rate falls: `patience` should outlast that.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from rnn_tui.engine.config import Replica
from rnn_tui.engine.metrics import KEPT_EPOCH, Figures

#: of the tensors in a training state: the least losses, their epochs, and when networks stopped.
LOSSES, EPOCHS, STOPPED = "stopping/losses", "stopping/epochs", "stopping/stopped"
NAMED = 6  # networks that a line of the log names


class EarlyStopping:
    """The best weights of one network or of R replicas, and which of them have stopped.

    Args:
        patience: epochs without a lower validation loss after which a network stops.
        replicas: those of the model; none if it is a single network.
        device: where the model is.
    """

    def __init__(self, patience: int, replicas: Sequence[Replica], device: torch.device) -> None:
        self._patience = patience
        self._replicas = replicas
        self._device = device
        networks = max(1, len(replicas))
        #: (R,) the lowest validation loss of each network; infinite before the first epoch.
        self._losses = torch.full((networks,), torch.inf, dtype=torch.double)
        self._epochs = torch.zeros(networks, dtype=torch.long)  #: (R,) their epochs; 0 for none.
        #: (R,) the epoch at whose end each network stopped; 0 for one that trains.
        self._stopped = torch.zeros(networks, dtype=torch.long)
        #: the weights of these epochs by name, on the device; none before the first epoch.
        self.weights: dict[str, Tensor] = {}
        self._held = torch.empty(0, dtype=torch.long)  #: the places of the stopped networks.

    @property
    def all_stopped(self) -> bool:
        """Whether no network trains any more."""
        return bool((self._stopped > 0).all())

    @property
    def figures(self) -> Figures:
        """The epoch that each network keeps, as a figure of the epoch that was validated last."""
        epochs = tuple(self._epochs.double().tolist())
        return {KEPT_EPOCH.name: epochs if self._replicas else epochs[0]}

    def add(self, epoch: int, loss: float | Sequence[float], model: nn.Module) -> list[int]:
        """Keep the weights of the networks that validate better than ever.

        Args:
            epoch: the one that was validated.
            loss: its validation loss, of R replicas R.
            model: the model that was validated.

        Returns:
            the places of the networks that stop here.
        """
        losses = torch.as_tensor(loss, dtype=torch.double).reshape(-1)  # (R,)
        trains = self._stopped == 0
        better = trains & (losses < self._losses)
        self._losses = torch.where(better, losses, self._losses)
        self._epochs = torch.where(better, epoch, self._epochs)
        self._keep(better, model)
        stops = trains & (epoch - self._epochs >= self._patience)
        self._stopped = torch.where(stops, epoch, self._stopped)
        self._held = self._places(self._stopped > 0)
        return stops.nonzero().flatten().tolist()

    def _keep(self, better: Tensor, model: nn.Module) -> None:
        """Take over the weights of some networks (R,) of a model."""
        if not self.weights:
            self.weights = _copies(model)
            return
        places = self._places(better)
        if not len(places):
            return
        for name, weight in model.state_dict().items():
            self._copy(weight, self.weights[name], places)

    def _places(self, chosen: Tensor) -> Tensor:
        """Return the numbers of the chosen networks (R,), on the device."""
        return chosen.nonzero().flatten().to(self._device)

    def _copy(self, source: Tensor, target: Tensor, places: Tensor) -> None:
        """Copy what belongs to some networks, without waiting for the device."""
        if self._replicas:
            target.index_copy_(0, places, source.index_select(0, places))
        else:
            target.copy_(source)

    @torch.no_grad()
    def hold(self, model: nn.Module) -> None:
        """Give the networks of a model that have stopped their kept weights back.

        The model is the one that trains, after a step of the others, or the average of its weights.
        """
        if len(self._held):
            for name, weight in model.state_dict().items():
                self._copy(self.weights[name], weight, self._held)

    @torch.no_grad()
    def put_back(self, model: nn.Module) -> None:
        """Give all networks of a model the weights that are kept."""
        if self.weights:
            model.load_state_dict(self.weights)

    def state(self) -> dict[str, Tensor]:
        """Return all but the kept weights, on the CPU; nothing before the first epoch."""
        if not self.weights:
            return {}
        return {LOSSES: self._losses, EPOCHS: self._epochs, STOPPED: self._stopped}

    def load(self, weights: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned after some epochs.

        Args:
            weights: those that are kept.
            tensors: what `state` returned.

        Raises:
            ValueError: it is of other networks.
        """
        for name, own in ((LOSSES, self._losses), (EPOCHS, self._epochs), (STOPPED, self._stopped)):
            if (tensors[name].shape, tensors[name].dtype) != (own.shape, own.dtype):
                raise ValueError("best epochs of other networks")
        self._losses = tensors[LOSSES].clone()
        self._epochs = tensors[EPOCHS].clone()
        self._stopped = tensors[STOPPED].clone()
        self._held = self._places(self._stopped > 0)
        self.weights = {name: weight.to(self._device) for name, weight in weights.items()}

    def stop_sentence(self, places: Sequence[int]) -> str:
        """Return the line of the log on networks that stop."""
        epochs = "1 epoch" if self._patience == 1 else f"{self._patience:,} epochs"
        return f"No lower validation loss for {epochs}: training of {self._named(places)} ends."

    def kept_sentence(self) -> str:
        """Return the line of the log on the weights that are kept in the end."""
        kept = self._epochs.tolist()
        if len(kept) > NAMED:
            return (
                f"Kept are the weights of each network's epoch with the lowest validation loss, "
                f"{min(kept):,} to {max(kept):,}."
            )
        epochs = "epochs" if len(kept) > 1 else "epoch"
        return (
            f"Kept are the weights of {epochs} {', '.join(f'{each:,}' for each in kept)}, where "
            "the validation loss is lowest."
        )

    def _named(self, places: Sequence[int]) -> str:
        if not self._replicas:
            return "the network"
        if len(places) > NAMED:
            return f"{len(places):,} networks"
        replicas = [self._replicas[place] for place in places]
        return ", ".join(f"{each.variant.label} seed {each.seed}" for each in replicas)


def _copies(model: nn.Module) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in model.state_dict().items()}
