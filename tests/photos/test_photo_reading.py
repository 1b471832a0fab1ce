"""Photos in, answers out: in order, streamed, one row for each, whatever the files are."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from rnn_tui.archive.weights import NETWORKS, choose_shipped, weights_document
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.photos.collection import PhotoCollection, ReadingSummary
from rnn_tui.photos.digit.finder import MOST, Marks, digits_in
from rnn_tui.photos.digit.picture import LONGEST, Picture, ink_near
from rnn_tui.photos.files import ImageError, PixelBudget, read_image
from rnn_tui.photos.reader import AHEAD, BATCH, PhotoReader
from rnn_tui.photos.reading import NO_DIGIT, UNSURE, Reading
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.data import load_mnist


@pytest.fixture(scope="module")
def network() -> RowReaderNetwork:
    return NETWORKS.get(choose_shipped("mnist").path, RowReaderNetwork)


def write_photo(path: Path, index: int, size: int = 160) -> int:
    """A test digit in dark ink on grey paper; returns which digit."""
    data = load_mnist()
    digit = cv2.resize(data.test_images[index].numpy(), (size // 2, size // 2))
    paper = np.full((size, size), 200.0)
    corner = size // 4
    paper[corner : corner + size // 2, corner : corner + size // 2] -= digit * 0.6
    cv2.imwrite(str(path), paper.astype(np.uint8))
    return int(data.test_labels[index])


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, int]]:
    """Thirty photos and their digits."""
    folder = tmp_path_factory.mktemp("photos")
    paths = [folder / f"{index:02}.png" for index in range(30)]
    return [(path, write_photo(path, index)) for index, path in enumerate(paths)]


def read_all(reader: PhotoReader, paths: Iterator[Path] | list[Path]) -> list[Reading]:
    return list(itertools.chain.from_iterable(reader.read(paths)))


def test_photos_are_read_in_order_and_right(
    network: RowReaderNetwork, photos: list[tuple[Path, int]]
) -> None:
    readings = read_all(PhotoReader(network), [path for path, _ in photos])
    assert [reading.path for reading in readings] == [path for path, _ in photos]
    pairs = zip(readings, photos, strict=True)
    assert sum(reading.prediction == digit for reading, (_, digit) in pairs) >= 28
    for reading in readings:
        assert reading.probabilities is not None
        assert reading.digit is not None
        of_some_digit = 1 - reading.no_digit
        likeliest = float(reading.probabilities.max())
        assert reading.confidence == pytest.approx(of_some_digit * likeliest)
        chances = network.chances(reading.digit[None])[0]
        assert reading.probabilities * of_some_digit == pytest.approx(chances[:10], abs=1e-5)


@pytest.mark.parametrize("threads", [1, 3])
def test_answers_do_not_depend_on_how_many_are_read_at_once(
    network: RowReaderNetwork, photos: list[tuple[Path, int]], threads: int
) -> None:
    paths = [path for path, _ in photos]
    together = read_all(PhotoReader(network, threads=threads), paths)
    alone = [read_all(PhotoReader(network), [path])[0] for path in paths[:5]]
    for reading, other in zip(together, alone, strict=False):
        assert reading.prediction == other.prediction
        assert reading.confidence == pytest.approx(other.confidence, abs=1e-5)


def test_a_bad_file_costs_one_row(
    network: RowReaderNetwork, photos: list[tuple[Path, int]], tmp_path: Path
) -> None:
    good = photos[0][0]
    bad = tmp_path / "bad.png"
    bad.write_bytes(good.read_bytes()[:-200])
    empty = tmp_path / "empty.jpg"
    empty.touch()
    readings = read_all(PhotoReader(network), [bad, good, empty, tmp_path, good])
    assert [bool(reading.error) for reading in readings] == [True, False, True, True, False]
    for reading in readings:
        assert (reading.prediction is None) == bool(reading.error)
        assert (reading.digit is None) == bool(reading.error)


def test_first_answers_come_before_the_last_paths_are_known(
    network: RowReaderNetwork, photos: list[tuple[Path, int]]
) -> None:
    asked: list[int] = []

    def endless() -> Iterator[Path]:
        for at in itertools.count():
            asked.append(at)
            yield photos[at % 30][0]

    reader = PhotoReader(network, threads=2)
    stream = reader.read(endless())
    first = next(stream)
    assert first
    assert len(asked) <= 2 * AHEAD + BATCH
    for _ in range(5):
        next(stream)
    # Constant memory: never further ahead than a few photos.
    stream.close()
    assert len(asked) < 200


def test_reading_stops_when_told_to(
    network: RowReaderNetwork, photos: list[tuple[Path, int]]
) -> None:
    stop = threading.Event()
    count = 0
    for readings in PhotoReader(network).read(
        (path for path, _ in itertools.cycle(photos)), stop.is_set
    ):
        count += len(readings)
        stop.set()
    assert count <= BATCH


def test_below_the_threshold_an_answer_is_no_prediction(
    network: RowReaderNetwork, photos: list[tuple[Path, int]]
) -> None:
    paths = [path for path, _ in photos[:5]]
    strict = PhotoReader(network, threshold=1.01)
    for reading in read_all(strict, paths):
        assert reading.prediction is None
        assert reading.best is not None
        assert reading.doubt.startswith(f"Unsure: {reading.best} (")
        again = reading.judged(0.0)
        assert again.prediction == reading.best
        assert not again.doubt


def test_an_empty_sheet_is_no_digit(network: RowReaderNetwork, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    cv2.imwrite(str(sheet), np.full((300, 300, 3), 210, np.uint8))
    [reading] = read_all(PhotoReader(network), [sheet])
    assert reading.prediction is None
    assert reading.doubt.startswith(NO_DIGIT)
    assert reading.judged(0.0).prediction is None


def test_the_reports_way_is_the_reports(network: RowReaderNetwork, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_photo(path, 0)
    [reading] = read_all(PhotoReader(network, "report"), [path])
    grey = cv2.cvtColor(read_image(path), cv2.COLOR_BGR2GRAY)
    assert grey.shape == (160, 160)
    assert reading.digit is not None
    assert set(np.unique(reading.digit)) <= {0.0, 1.0}


def test_labels_are_taken_from_names_when_asked_for(
    network: RowReaderNetwork, tmp_path: Path
) -> None:
    named = tmp_path / "7_first.png"
    digit = write_photo(named, 0)
    assert digit == 7
    wrong = tmp_path / "3.png"
    write_photo(wrong, 0)
    paths = [named, wrong, tmp_path / "5-missing.png"]
    readings = read_all(PhotoReader(network, labelled=True), paths)
    assert [reading.label for reading in readings] == [7, 3, 5]
    assert [reading.correct for reading in readings] == [True, False, None]
    assert [reading.label for reading in read_all(PhotoReader(network), paths)] == [None] * 3
    summary = ReadingSummary()
    summary.add(readings)
    assert (summary.photos, summary.errors, summary.labelled, summary.right) == (3, 1, 2, 1)
    assert summary.accuracy == 50.0
    assert summary.confusion[3][7] == summary.confusion[7][7] == 1
    assert sum(map(sum, summary.confusion)) == 2


def test_the_weights_say_who_they_are(network: RowReaderNetwork) -> None:
    about = weights_document(choose_shipped("mnist"), network)
    assert about["source"] == "pretrained lstm"
    assert (about["model"], about["preset"]) == ("lstm", "photos")
    assert about["metrics"]["test_accuracy"] > 99.4


# Several digits

NUMBERS = asset_dir() / "samples" / "numbers"


def test_a_number_is_read_from_left_to_right_each_digit_with_its_place(
    network: RowReaderNetwork,
) -> None:
    (number,) = read_all(PhotoReader(network), [NUMBERS / "1984.jpg"])
    assert (number.text, number.doubt, number.digit) == ("1984", "", None)
    assert [reading.prediction for reading in number.digits] == [1, 9, 8, 4]
    assert number.confidence == min(
        reading.confidence for reading in number.digits if reading.confidence is not None
    )
    boxes = [reading.box for reading in number.digits if reading.box is not None]
    assert [box[0] for box in boxes] == sorted(box[0] for box in boxes)
    assert all(
        0 <= left < right <= 1 and 0.2 < top < bottom < 0.8 for left, top, right, bottom in boxes
    )


def test_a_column_of_numbers_is_read_row_by_row(network: RowReaderNetwork) -> None:
    (column,) = read_all(PhotoReader(network), [NUMBERS / "27_508_3146.jpg"])
    assert column.text == "27 508 3146"
    assert [len(row) for row in column.rows] == [2, 3, 4]


def test_one_digit_or_a_number_as_asked(
    network: RowReaderNetwork, photos: list[tuple[Path, int]]
) -> None:
    single, several = photos[0][0], NUMBERS / "1984.jpg"
    (reading,) = read_all(PhotoReader(network, number="one"), [several])
    assert not reading.rows
    assert reading.text in set("1984?")
    auto, row = (
        read_all(PhotoReader(network, number=number), [single])[0] for number in ("auto", "row")
    )
    assert not auto.rows
    assert len(row.digits) == len(row.rows) == 1
    assert row.text == auto.text == str(photos[0][1])
    assert auto.digits == (auto,)
    (report,) = read_all(PhotoReader(network, "report"), [several])
    assert not report.rows


def test_a_number_is_doubted_where_a_digit_of_it_is(network: RowReaderNetwork) -> None:
    (number,) = read_all(PhotoReader(network), [NUMBERS / "1984.jpg"])
    least = min(reading.confidence or 0 for reading in number.digits)
    doubted = number.judged(least + 1e-6)
    assert doubted.text.count("?") == 1
    assert doubted.doubt == f"{UNSURE}: 1 of 4 digits"
    assert doubted.reason == "1 of 4 digits"
    assert doubted.judged(0).text == "1984"


def beside_each_other(*numbers: int, overlap: int) -> Picture:
    """Some of MNIST's test digits, 120 pixels tall and overlapping by so many, on grey paper."""
    data = load_mnist()
    paper = np.full((200, 120 * len(numbers) + 80), 200.0)
    left = 40
    for number in numbers:
        image = data.test_images[number].numpy()
        x, y, width, height = cv2.boundingRect((image > 100).astype(np.uint8))
        digit = cv2.resize(image[y : y + height, x : x + width], (120 * width // height, 120))
        part = paper[40:160, left : left + digit.shape[1]]
        np.minimum(part, 200 - digit * 0.6, out=part)
        left += digit.shape[1] - overlap
    grey = paper[:, : left + 40].astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def test_a_number_beside_which_small_marks_are_left_out_is_doubted(
    network: RowReaderNetwork,
) -> None:
    number = beside_each_other(0, 4, overlap=-30)
    small = cv2.resize(beside_each_other(3, overlap=0), None, fx=0.42, fy=0.42)
    beside = np.full((len(number), small.shape[1], 3), number[0, 0], np.uint8)
    beside[-len(small) :] = small
    image = np.hstack([number, beside])
    reader = PhotoReader(network)
    (alone,) = reader.answer([reader.prepare(number)])
    (with_small,) = reader.answer([reader.prepare(image)])
    assert (alone.text, alone.doubt) == ("74", "")
    assert with_small.text == "74"
    assert with_small.unread == 1
    assert with_small.doubt == f"{UNSURE}: 1 mark was not read"
    assert with_small.judged(0.0).doubt  # of no network's confidence


def test_touching_digits_are_read(network: RowReaderNetwork) -> None:
    labels = load_mnist().test_labels
    reader = PhotoReader(network)
    pairs = [(number, number + 20) for number in range(20)]
    photos = [reader.prepare(beside_each_other(*pair, overlap=6)) for pair in pairs]
    texts = [reading.text for reading in reader.answer(photos)]
    written = ["".join(str(int(labels[number])) for number in pair) for pair in pairs]
    right = sum(text == digits for text, digits in zip(texts, written, strict=True))
    assert right >= 12, list(zip(texts, written, strict=True))


def test_a_one_that_touches_is_not_cut_off_the_number(network: RowReaderNetwork) -> None:
    """A 1 beside a digit is easily taken for a part of it, or for nothing."""
    labels = load_mnist().test_labels
    reader = PhotoReader(network)
    numbers = [(0, 2), (57, 11), (31, 6), (11, 0, 57), (39, 8, 4)]
    photos = [reader.prepare(beside_each_other(*number, overlap=6)) for number in numbers]
    texts = [reading.text for reading in reader.answer(photos)]
    written = ["".join(str(int(labels[digit])) for digit in number) for number in numbers]
    right = sum(text == digits for text, digits in zip(texts, written, strict=True))
    assert right >= 4, list(zip(texts, written, strict=True))


@pytest.mark.parametrize("number", [0, 4, 7])
def test_a_small_digit_is_read_in_a_large_photo(network: RowReaderNetwork, number: int) -> None:
    data = load_mnist()
    random = np.random.default_rng(number)
    photo = np.full((1500, 2000), 200.0) + random.normal(0, 2, (1500, 2000))
    photo[:, 1900:] = 60  # the table beside the sheet
    cv2.line(photo, (300, 1300), (1500, 1350), 40, 30)  # a pen
    digit = data.test_images[number].numpy()
    photo[500:528, 700:728] -= digit * 0.6
    picture = np.repeat(np.clip(photo, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    reader = PhotoReader(network)
    (reading,) = reader.answer([reader.prepare(picture)])
    assert reading.text == str(int(data.test_labels[number]))
    assert reading.box is not None
    left, top, right, bottom = reading.box
    assert 690 / 2000 < left < right < 738 / 2000
    assert 490 / 1500 < top < bottom < 538 / 1500


def test_parted_digits_lie_where_they_are_and_show_how_they_were_found(
    network: RowReaderNetwork,
) -> None:
    picture = beside_each_other(7, 0, 12, overlap=6)
    reader = PhotoReader(network)
    (reading,) = reader.answer([reader.prepare(picture)])
    assert reading.text == "979"
    boxes = [digit.box for digit in reading.digits if digit.box is not None]
    lefts = [box[0] for box in boxes]
    assert lefts == sorted(lefts)
    assert all(0.1 < top < bottom < 0.9 for _, top, _, bottom in boxes)
    prepared = reader.prepared_digits(picture)
    assert len(prepared) == len(reading.digits)
    for digit, part in zip(reading.digits, prepared, strict=True):
        assert np.array_equal(digit.digit, part.digit)
        assert part.stages[0].name == "photo"
        assert part.stages[-1].name == "28×28 input"


def test_another_threshold_doubts_other_digits_of_a_number_too(network: RowReaderNetwork) -> None:
    photos = PhotoCollection()
    photos.add(read_all(PhotoReader(network), [NUMBERS / "1984.jpg"]))
    first, second, *_ = sorted(reading.confidence or 0 for reading in photos[0].digits)
    for threshold, doubted in (((first + second) / 2, 1), (second + 1e-6, 2), (0.0, 0)):
        photos.judge(threshold)
        assert photos[0].text.count("?") == doubted


def digits_on_paper() -> np.ndarray:
    """A picture of many digits, (H, W, 3)."""
    digits = load_mnist().test_images[:24].numpy()
    rows = [np.hstack(list(digits[start : start + 6])) for start in range(0, 24, 6)]
    ink = np.pad(np.vstack(rows), 20).astype(np.float32)
    paper = (220 - ink * 0.8).astype(np.uint8)
    return np.repeat(paper[:, :, None], 3, axis=2)


def test_no_digit_is_begun_once_reading_is_to_stop(network: RowReaderNetwork) -> None:
    reader = PhotoReader(network, number="row")
    picture = digits_on_paper()
    assert sum(map(len, reader.prepare(picture).rows)) > 10
    looks = itertools.count()
    begun = reader.prepare(picture, lambda: next(looks) >= 3)
    assert sum(map(len, begun.rows)) == 3
    assert reader.answer([reader.prepare(picture)], lambda: True) == []


def test_a_picture_is_not_decoded_once_reading_is_to_stop(
    photos: list[tuple[Path, int]],
) -> None:
    with pytest.raises(ImageError, match="stopped"):
        read_image(photos[0][0], lambda: True)


def test_large_pictures_are_decoded_in_turn() -> None:
    budget = PixelBudget(100)
    inside: list[int] = []
    most: list[int] = []

    def decode(pixels: int) -> None:
        for _ in range(50):
            with budget.share(pixels):
                inside.append(pixels)
                most.append(sum(inside))
                inside.remove(pixels)

    threads = [threading.Thread(target=decode, args=(pixels,)) for pixels in (100, 60, 40, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) <= 100
    assert len(most) == 200


def test_a_side_of_millions_of_pixels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "thin.png"
    path.write_bytes(cv2.imencode(".png", np.zeros((70_000, 1), np.uint8))[1].tobytes())
    with pytest.raises(ImageError, match="65,535 pixels"):
        read_image(path)


@pytest.mark.parametrize("pixels", [0, 1, 400])
def test_a_speck_is_not_enlarged_without_bounds(pixels: int) -> None:
    picture = np.full((96, 96, 3), 200, np.uint8)
    near = np.zeros((96, 96), bool)
    near.flat[:pixels] = True
    assert max(ink_near(picture, near).shape) <= LONGEST


def test_of_a_pattern_no_more_digits_are_found_than_are_looked_for() -> None:
    rows, columns = np.indices((512, 512))
    middle = ((rows % 16 < 5) & (columns % 16 < 9)).astype(np.float32)
    ink = (columns % 2 == 0).astype(np.float32)
    assert len(digits_in(Marks(ink, middle))) == MOST
