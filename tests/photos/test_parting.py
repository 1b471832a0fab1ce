"""How ink of digits that touch is cut, and which cuts are taken."""

import numpy as np

from rnn_tui.photos.digit.parting import Ink, Piece, Pieces, best_pieces, pieces_of


def bars(*columns: int, width: int = 100, joined: bool = False) -> Ink:
    """Upright bars at columns of ink (60, width), with a thin stroke through all if `joined`."""
    ink = np.zeros((60, width), np.float32)
    for column in columns:
        ink[:, column : column + 6] = 1
    if joined:
        ink[30:32, columns[0] : columns[-1] + 6] = 1
    return ink


def widths(pieces: Pieces) -> set[int]:
    return {piece.ink.shape[1] for piece in pieces.pieces}


def test_ink_is_cut_between_strokes_that_a_thin_one_joins() -> None:
    pieces = pieces_of(bars(20, 50, joined=True))
    narrow = [piece for piece in pieces.pieces if piece.ink.shape[1] <= 20]
    assert any(piece.left <= 20 < piece.left + piece.ink.shape[1] for piece in narrow)
    assert any(piece.left <= 50 < piece.left + piece.ink.shape[1] for piece in narrow)
    assert any(piece.ink.shape[1] >= 34 for piece in pieces.pieces)  # both as one digit


def test_a_piece_holds_its_own_ink_where_it_was() -> None:
    ink = bars(20, 50, 80, joined=True)
    for piece in pieces_of(ink).pieces:
        height, width = piece.ink.shape
        place = ink[piece.top : piece.top + height, piece.left : piece.left + width]
        assert np.array_equal(np.minimum(place, piece.ink), piece.ink)


def test_no_piece_is_wider_than_a_digit() -> None:
    pieces = pieces_of(bars(*range(0, 400, 25), width=420, joined=True))
    assert pieces.pieces
    assert max(widths(pieces)) <= 1.35 * 60


def test_paper_without_ink_has_no_pieces() -> None:
    pieces = pieces_of(np.zeros((40, 90), np.float32))
    assert not pieces.pieces
    assert best_pieces(pieces, []) == ([], 0.0)


def three_cuts() -> Pieces:
    """Two halves, and both as one piece."""
    half = np.ones((10, 5), np.float32)
    whole = np.ones((10, 10), np.float32)
    parts = [Piece(0, 1, half, 0, 0), Piece(1, 2, half, 5, 0), Piece(0, 2, whole, 0, 0)]
    return Pieces(3, parts, frozenset(), [1.0, 1.0, 1.0])


def test_the_surest_way_from_the_first_cut_to_the_last_is_taken() -> None:
    assert best_pieces(three_cuts(), [0.9, 0.9, 0.1])[0] == [0, 1]
    assert best_pieces(three_cuts(), [0.9, 0.1, 0.9])[0] == [2]


def test_a_short_stroke_between_digits_may_be_left_out() -> None:
    half = np.ones((10, 5), np.float32)
    parts = [Piece(0, 1, half, 0, 0), Piece(2, 3, half, 9, 0)]
    without = Pieces(4, parts, frozenset(), [1.0] * 4)
    assert best_pieces(without, [0.9, 0.9]) == ([], 0.0)
    between = Pieces(4, parts, frozenset({(1, 2)}), [1.0] * 4)
    assert best_pieces(between, [0.9, 0.9])[0] == [0, 1]


def test_a_way_tells_its_least_probable_cut_and_its_lowest_piece() -> None:
    high, low = np.ones((10, 5), np.float32), np.ones((4, 5), np.float32)
    parts = [Piece(0, 1, high, 0, 0), Piece(1, 2, low, 5, 6), Piece(2, 3, high, 10, 0)]
    pieces = Pieces(4, parts, frozenset(), [1.0, 0.9, 0.7, 1.0])
    assert pieces.least_chance([0, 1, 2]) == 0.7
    assert pieces.least_chance([0, 1]) == 0.9
    assert pieces.least_chance([0]) == 1.0
    assert pieces.least_height([0, 1, 2]) == 0.4
    assert pieces.least_height([0, 2]) == 1.0
