"""Networks whose state_dict says too little of how their answers are computed."""

import torch
from torch import Tensor, nn

FEATURES, SIZE, OUTPUTS, SYMBOLS = 3, 6, 4, 9


class Plain(nn.Module):
    """`lstm` and `fc`, of the last step."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(FEATURES, SIZE, batch_first=True)
        self.fc = nn.Linear(SIZE, OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.lstm(x)[0][:, -1])


class InputLayer(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.proj = nn.Linear(5, FEATURES)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(torch.relu(self.proj(x)))


class MlpHead(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(OUTPUTS, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.tanh(super().forward(x)))


class SequentialHead(Plain):
    """What has no weights has a number that is missing: `fc.1`, `fc.4`, `fc.6`."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Sequential(
            nn.Tanh(),
            nn.Linear(SIZE, 8),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(8, 8),
            nn.Sigmoid(),
            nn.Linear(8, OUTPUTS),
        )


class Symbols(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.word = nn.Embedding(SYMBOLS, 5)
        self.proj = nn.Linear(5, FEATURES)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(torch.relu(self.proj(self.word(x))))


class TanhBefore(Plain):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.tanh(self.lstm(x)[0][:, -1]))


class Window(Plain):
    """The readout takes the states of five steps side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(5 * SIZE, OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.lstm(x)[0].flatten(1))


class Two(nn.Module):
    """`a` and `b`, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.LSTM(SIZE, SIZE, batch_first=True)
        self.b = nn.LSTM(SIZE, SIZE, batch_first=True)
        self.fc = nn.Linear(SIZE, OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.b(self.a(x)[0])[0][:, -1])


class BothWays(nn.Module):
    """An RNN with ReLU in two layers and directions, whose answer is a probability."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(FEATURES, SIZE, 2, nonlinearity="relu", bidirectional=True)
        self.fc = nn.Linear(2 * SIZE, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.fc(self.rnn(x)[0])).squeeze(-1)


class Attention(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.attn = nn.Linear(SIZE, 1)

    def forward(self, x: Tensor) -> Tensor:
        states = self.lstm(x)[0]
        return self.fc((self.attn(states).softmax(1) * states).sum(1))


class SquareAttention(Plain):
    """Its `attn` could be the first layer of a head."""

    def __init__(self) -> None:
        super().__init__()
        self.attn = nn.Linear(SIZE, SIZE)

    def forward(self, x: Tensor) -> Tensor:
        states = self.lstm(x)[0]
        shares = (self.attn(states) * states[:, -1:]).sum(2, keepdim=True).softmax(1)
        return self.fc((shares * states).sum(1))


class SideBySide(Two):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc((self.a(x)[0] + self.b(x)[0])[:, -1])


class Joined(Two):
    """Its readout could take the states of two steps."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2 * SIZE, OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.cat([self.a(x)[0], self.b(x)[0]], 2)[:, -1])


class Residual(Two):
    def forward(self, x: Tensor) -> Tensor:
        x = x + self.a(x)[0]
        return self.fc((x + self.b(x)[0])[:, -1])


class OneResidual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(SIZE, SIZE, batch_first=True)
        self.fc = nn.Linear(SIZE, OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc((x + self.rnn(x)[0])[:, -1])


class EncoderDecoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.LSTM(FEATURES, SIZE, batch_first=True)
        self.decoder = nn.LSTM(SIZE, SIZE, batch_first=True)
        self.out = nn.Linear(SIZE, FEATURES)

    def forward(self, x: Tensor) -> Tensor:
        last = self.first(x)[0][:, -1:]
        return self.out(self.decoder(last.repeat(1, x.shape[1], 1))[0])


class FirstState(OneResidual):
    def __init__(self) -> None:
        super().__init__()
        self.h0 = nn.Parameter(torch.randn(1, SIZE))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.rnn(x, self.h0[None].repeat(1, len(x), 1))[0][:, -1])


class FirstStates(OneResidual):
    """Its first state is a row of an `nn.Embedding`."""

    def __init__(self) -> None:
        super().__init__()
        self.init_emb = nn.Embedding(2, SIZE)

    def forward(self, x: Tensor) -> Tensor:
        first = self.init_emb.weight[:1][None].repeat(1, len(x), 1)
        return self.fc(self.rnn(x, first)[0][:, -1])


class Mean(Plain):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.lstm(x)[0].mean(1))


class Pools(Plain):
    """The last state, the mean and the maximum side by side: it could be three steps."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3 * SIZE, OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        states = self.lstm(x)[0]
        return self.fc(torch.cat([states[:, -1], states.mean(1), states.amax(1)], 1))


class Skip(Plain):
    """A linear layer past the recurrent one, without a bias, as an embedding has none."""

    def __init__(self) -> None:
        super().__init__()
        self.skip = nn.Linear(FEATURES, OUTPUTS, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + self.skip(x[:, -1])


class Positions(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.pos_emb = nn.Embedding(20, FEATURES)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + self.pos_emb.weight[: x.shape[1]])


class Normed(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(SIZE)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.norm(self.lstm(x)[0][:, -1]))


class Gelu(MlpHead):
    def forward(self, x: Tensor) -> Tensor:
        return self.out(nn.functional.gelu(self.fc(self.lstm(x)[0][:, -1])))


class Backward(Plain):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.flip(1))


class LowerLayer(Plain):
    """The last state of the first of two layers is read out."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(FEATURES, SIZE, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.lstm(x)[1][0][0])


class Tied(nn.Module):
    """The readout is the embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(SYMBOLS, SIZE)
        self.rnn = nn.GRU(SIZE, SIZE, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.rnn(self.emb(x))[0] @ self.emb.weight.T


#: read as they are, with their order.
READ = {
    Plain: "lstm → fc",
    InputLayer: "proj → relu → lstm → fc",
    MlpHead: "lstm → fc → tanh → out",
    SequentialHead: "lstm → tanh → fc.1 → relu → fc.4 → sigmoid → fc.6",
    Symbols: "word → proj → relu → lstm → fc",
    TanhBefore: "lstm → tanh → fc",
    Window: "lstm → fc",
    Two: "a → b → fc",
    BothWays: "rnn → fc",
}
#: refused by what is in their state_dict.
SEEN_TO_BE_ODD = (
    Attention,
    SquareAttention,
    SideBySide,
    Joined,
    Residual,
    EncoderDecoder,
    FirstState,
    FirstStates,
    Pools,
    Skip,
    Positions,
    Normed,
    Gelu,
    Tied,
)
#: seen to be odd by their answers alone.
UNSEEN = (Mean, OneResidual, Backward, LowerLayer)


class LastStepsOnly(Plain):
    """Reads the last steps of a long sequence alone."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x[:, -8:])


class LimitedNumbers(Plain):
    """Limits numbers that are far from those that it was trained on."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.clamp(-20, 20))
