"""Odd files, as people have them, are read right or refused in a sentence that helps."""

import re
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.data import bounds
from rnn_tui.data.columns import ColumnKind, Role
from rnn_tui.data.data_set import UNKNOWN
from rnn_tui.data.files import delimited
from rnn_tui.data.options import Goal, Layout, ReadingOptions, Split
from rnn_tui.data.understanding import understand
from rnn_tui.engine.errors import DataError
from rnn_tui.engine.events import Control
from rnn_tui.engine.progress import Progress
from tests.data.reading import LONG, Read, long_rows, notes, roles, text_of


def same_as_plain(read: Read, content: bytes | str, **options: object) -> None:
    """Assert that an odd way to write the plain table reads the same."""
    plain = read(LONG, name="plain.csv").data_set
    odd = read(content, name="odd.csv", **options).data_set
    assert odd.values.tolist() == plain.values.tolist()
    assert odd.starts.tolist() == plain.starts.tolist()
    assert odd.targets.tolist() == plain.targets.tolist()
    assert odd.description.outputs == plain.description.outputs


# --- how tables are written ---


def test_semicolons_and_decimal_commas(read: Read) -> None:
    odd = LONG.replace(",", ";").replace(".", ",")
    same_as_plain(read, odd)
    assert read(odd).format == "CSV, UTF-8, semicolons, decimal commas, with a header"


def test_quoted_decimal_commas_between_commas(read: Read) -> None:
    rows = [re.sub(r"(\d+)\.(\d+)", r'"\1,\2"', row) for row in long_rows()]
    same_as_plain(read, text_of("id,t,x,label", rows))


def test_thousands_are_numbers(read: Read) -> None:
    rows = [f'"1,{index:03}.5",{index}' for index in range(100)]
    data_set = read(text_of("price,load", rows)).data_set
    assert data_set.values[:3].tolist() == [[1000.5, 0], [1001.5, 1], [1002.5, 2]]


def test_tabs(read: Read) -> None:
    same_as_plain(read, LONG.replace(",", "\t"))


def test_columns_of_spaces(read: Read) -> None:
    same_as_plain(read, re.sub("(?m)^", "  ", LONG.replace(",", "   ")).rstrip(" "))


def test_bars_by_option(read: Read) -> None:
    same_as_plain(read, LONG.replace(",", "|"), delimiter="|")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_with_and_without_a_mark(read: Read, encoding: str) -> None:
    same_as_plain(read, LONG.encode(encoding))


def test_latin_letters_of_windows(read: Read) -> None:
    odd = LONG.replace("even", "grün").replace("odd", "süß").encode("cp1252")
    understanding = read(odd)
    assert understanding.data_set.description.outputs == ("grün", "süß")
    assert "Windows-1252" in understanding.format


def test_latin_letters_after_much_that_is_plain(read: Read) -> None:
    rows = [f"{index},{'a' if index % 2 else 'b'}" for index in range(60_000)] + ["1,ü"]
    understanding = read(text_of("x,state", rows).encode("latin-1"))
    assert "Windows-1252" in understanding.format
    assert "state=ü" in understanding.data_set.description.features


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_other_systems(read: Read, end: str) -> None:
    same_as_plain(read, LONG.replace("\n", end))


def test_newlines_within_quotes(read: Read) -> None:
    odd = LONG.replace("even", '"an even\nnumber"').replace("id,t,x", '"id","t","x\n(in m)"')
    understanding = read(odd)
    assert understanding.data_set.description.outputs == ("an even\ufffdnumber", "odd")
    assert understanding.data_set.count == 12


def test_blank_lines_and_comments(read: Read) -> None:
    odd = "# measured in May\n# by hand\n\n" + LONG.replace("\n3,", "\n\n , , ,\n3,", 1)
    same_as_plain(read, odd)
    assert "Left out: 3 blank lines" in notes(read(odd))


def test_a_header_that_begins_with_a_hash(read: Read) -> None:
    same_as_plain(read, "#" + LONG)


def test_the_line_of_excel_that_names_the_delimiter(read: Read) -> None:
    same_as_plain(read, "sep=;\n" + LONG.replace(",", ";"))


def test_blanks_in_cells(read: Read) -> None:
    same_as_plain(read, LONG.replace(",", " , "))


def test_a_delimiter_at_the_end_of_each_row(read: Read) -> None:
    same_as_plain(read, LONG.replace("\n", ",\n"))


def test_units_in_the_header(read: Read) -> None:
    header = "Series ID,Time [s],Temperature (°C),Class"
    understanding = read(text_of(header, long_rows()))
    assert roles(understanding) == [Role.SEQUENCE, Role.STEP, Role.INPUT, Role.LABEL]
    assert understanding.data_set.description.features == ("Temperature (°C)",)


def test_no_header(read: Read) -> None:
    rows = [
        f"{index % 2 + 1}\t" + "\t".join(f"{index + n / 8}" for n in range(12))
        for index in range(9)
    ]
    understanding = read("\n".join(rows), name="data.tsv")
    assert understanding.layout is Layout.WIDE
    assert understanding.data_set.description.outputs == ("1", "2")
    assert understanding.data_set.sequence(3)[:2, 0].tolist() == [3, 3.125]


def test_a_header_that_counts(read: Read) -> None:
    rows = [f"{'ab'[index % 2]},{index}.5,{index}.25,{index}.75" for index in range(10)]
    understanding = read(text_of("kind,0,1,2", rows))
    assert understanding.chosen.header is True
    assert understanding.data_set.lengths.tolist() == [3] * 10


def test_a_header_of_years(read: Read) -> None:
    rows = [
        f"country {index},C{index}," + ",".join(f"{index + year / 8}" for year in range(10))
        for index in range(12)
    ]
    header = "Country Name,Country Code," + ",".join(map(str, range(1990, 2000)))
    understanding = read(text_of(header, rows))
    assert understanding.chosen.header is True
    assert understanding.data_set.lengths.tolist() == [10] * 12


def test_columns_of_the_same_name(read: Read) -> None:
    understanding = read(text_of("id,x,x,label", long_rows()))
    assert [column.name for column in understanding.columns] == ["id", "x", "x (2)", "label"]
    assert "Several columns are called x" in notes(understanding)


def test_a_million_rows(read: Read) -> None:
    content = "t,x\n" + "".join(map("{0},{0}.5\n".format, range(1_000_000)))
    data_set = read(content).data_set
    assert data_set.lengths.sum() == 1_000_000
    assert data_set.values[-1, 0] == 999_999.5
    assert data_set.description.longest == 128


# --- what stands in cells ---


@pytest.mark.parametrize("missing", ["", "NA", "?", "NaN", "null", "-", "inf"])
def test_missing_numbers_are_told_and_filled(read: Read, missing: str) -> None:
    rows = long_rows()
    rows[7] = f"1,2,{missing},odd"
    understanding = read(text_of("id,t,x,label", rows))
    assert understanding.data_set.sequence(1)[:, 0].tolist() == pytest.approx(
        [1, 1.1, 1.2, 1.3, 1.4]
    )
    assert "Missing: 1 number " in notes(understanding)
    assert "filled by a straight line between their neighbours" in notes(understanding)


def test_a_number_that_is_none_is_named(read: Read) -> None:
    rows = long_rows()
    rows[7] = "1,2,broken,odd"
    with pytest.raises(DataError, match="Line 9: “broken” in the column x is no number"):
        read(text_of("id,t,x,label", rows))


def test_a_line_without_an_end_is_refused(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "LONGEST_LINE", 100_000)
    monkeypatch.setattr(bounds, "LONGEST_LINE", 100_000)
    with pytest.raises(DataError, match=r"Line 3 of data\.csv has more than 100,000 characters"):
        read("a,b\n1,2\n" + "1," * 200_000)


def test_a_line_is_found_behind_quoted_newlines_and_blank_ones(read: Read) -> None:
    rows = long_rows()
    rows[3] = '0,3,0.3,"e\nven"'
    rows[5] = "\n" + rows[5]
    rows[7] = "1,2,broken,odd"
    with pytest.raises(DataError, match="Line 11: “broken”"):
        read(text_of("id,t,x,label", rows))


def test_a_formula_is_a_word_like_others(read: Read) -> None:
    rows = [row.replace("even", "=1+1").replace("odd", "@SUM(A1)") for row in long_rows()]
    description = read(text_of("id,t,x,label", rows)).data_set.description
    assert description.outputs == ("=1+1", "@SUM(A1)")


def test_escape_sequences_reach_no_name(read: Read) -> None:
    rows = [re.sub(r"^(3,.*,)odd", "\\1\x1b[31modd", row) for row in long_rows(40)]
    content = text_of("id,t,\x1b]0;x\x07,label", rows)
    understanding = read(content)
    shown = [*understanding.lines(), *understanding.data_set.description.outputs]
    assert not any("\x1b" in line or "\x07" in line for line in shown)


DATES = {
    "2024-12-31": "{y}-{m:02}-{d:02}",
    "2024/12/31": "{y}/{m}/{d}",
    "31.12.2024": "{d:02}.{m:02}.{y}",
    "31/12/2024": "{d}/{m}/{y}",
    "12/31/2024": "{m}/{d}/{y}",
    "31 Dec 2024": "{d} Mar {y}",
    "Dec 31, 2024": "March {d}, {y}",
    "with a time": "{y}-{m:02}-{d:02}T13:05:00+01:00",
    "half days": "{d:02}/{m:02}/{y} 1:05 PM",
}


@pytest.mark.parametrize("form", DATES)
def test_dates_become_steps(read: Read, form: str) -> None:
    days = [*range(1, 32)]
    rows = [f'"{DATES[form].format(y=2024, m=3, d=day)}",{day}.5' for day in reversed(days)]
    understanding = read(text_of("day,load", rows), window=4)
    assert understanding.columns[0].kind is ColumnKind.DATE
    assert understanding.columns[0].role is Role.STEP
    assert understanding.data_set.values[:, 0].tolist() == [day + 0.5 for day in days]
    assert "Rows are put in the order of day" in notes(understanding)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("2023-01-{:02}", "The dates in date order the steps."),
        ("{:02}/01/2023", "The dates in date order the steps (the day comes before the month)."),
        ("01/{:02}/2023", "The dates in date order the steps (the month comes before the day)."),
    ],
)
def test_how_dates_are_read_is_told_if_it_is_a_guess(read: Read, form: str, told: str) -> None:
    rows = [f"{form.format(day)},{day}" for day in range(1, 29)]
    assert told in read(text_of("date,x", rows)).notes


def test_gaps_between_dates_are_told(read: Read) -> None:
    days = [*range(1, 11), *range(15, 29)]
    rows = [f"2024-02-{day:02},{day}" for day in days]
    assert "jumps at 1 place (usually by 1 day, at most by 5 days)" in notes(
        read(text_of("date,load", rows))
    )


def test_a_date_that_is_none_is_named(read: Read) -> None:
    rows = [f"2024-02-{day:02},{day}" for day in range(1, 32)]
    with pytest.raises(DataError, match="Line 31: “2024-02-30” in the column date is no date"):
        read(text_of("date,load", rows))


def test_days_and_times_in_two_columns_are_added(read: Read) -> None:
    rows = [
        f"{day}/3/2024,{hour:02}:00:00,{day * 10 + hour}"
        for day in (13, 14, 15)
        for hour in reversed(range(8))
    ]
    understanding = read(text_of("Date,Time,load", rows))
    assert roles(understanding) == [Role.STEP, Role.STEP, Role.INPUT]
    assert "The times in Time are added to the dates in Date" in notes(understanding)
    expected = [day * 10 + hour for day in (13, 14, 15) for hour in range(8)]
    assert understanding.data_set.values[:, 0].tolist() == expected


@pytest.mark.parametrize("form", ["202403{day:02}", "202403{day:02}06", "202403{day:02}0615"])
def test_numbers_that_are_dates(read: Read, form: str) -> None:
    rows = [f"{form.format(day=day)},{day}" for day in range(1, 32)]
    understanding = read(text_of("MESS_DATUM,load", rows))
    assert understanding.columns[0].kind is ColumnKind.DATE
    assert understanding.columns[0].role is Role.STEP


def test_numbers_that_are_no_dates_stay_numbers(read: Read) -> None:
    rows = [f"202413{day:02},{day}" for day in range(1, 32)]
    assert read(text_of("a,b", rows)).columns[0].kind is ColumnKind.NUMBER


def test_a_number_of_the_row_orders_nothing_if_a_time_does(read: Read) -> None:
    rows = [f"{number},{row}" for number, row in enumerate(long_rows())]
    understanding = read(text_of(",id,t,x,label", rows))
    assert roles(understanding)[:3] == [Role.IGNORED, Role.SEQUENCE, Role.STEP]


def test_columns_without_names_that_count_sequences_and_steps(read: Read) -> None:
    rows = [f"{unit} {cycle} {unit / 2} 7.5" for unit in range(1, 13) for cycle in range(1, 9)]
    understanding = read("\n".join(rows), name="engines.txt")
    assert roles(understanding)[:3] == [Role.SEQUENCE, Role.STEP, Role.INPUT]
    assert understanding.data_set.lengths.tolist() == [8] * 12


def test_blank_lines_part_sequences(read: Read) -> None:
    blocks = [
        "\n".join(f"{index}.{step} 0.5" for step in range(2 + index % 3)) for index in range(12)
    ]
    understanding = read("\n\n".join(blocks), name="ae.train")
    assert "Blank lines part the sequences" in notes(understanding)
    assert understanding.data_set.lengths.tolist() == [2, 3, 4] * 4
    assert understanding.data_set.sequence(4)[:, 0].tolist() == pytest.approx([4.0, 4.1, 4.2])


def test_steps_that_are_there_twice_are_told(read: Read) -> None:
    rows = long_rows()
    rows[6] = rows[6].replace("1,1,", "1,0,")
    assert "1 row with the t of the row before" in notes(read(text_of("id,t,x,label", rows)))


def test_the_name_of_a_sensor_tells_series_apart(read: Read) -> None:
    rows = [
        f"2024-01-{day:02},{name},{day + shift}"
        for day in range(1, 29)
        for shift, name in ((0, "north"), (50, "south"))
    ]
    understanding = read(text_of("date,sensor,value", rows))
    assert roles(understanding) == [Role.STEP, Role.SEQUENCE, Role.INPUT]
    assert understanding.data_set.values[:, 0].tolist() == [*range(1, 29), *range(51, 79)]


def test_steps_that_begin_again_begin_a_sequence(read: Read) -> None:
    rows = [f"{step},{index * 10 + step}" for index in range(12) for step in range(4 + index % 3)]
    understanding = read(text_of("step,x", rows))
    assert understanding.data_set.lengths.tolist() == [4, 5, 6] * 4
    assert "A new sequence begins wherever step begins again" in notes(understanding)


# --- rows that are sequences ---

WIDE_HEADER = ",".join(f"h{hour}" for hour in range(5)) + ",label"


def wide_rows(count: int = 20) -> list[list[str]]:
    """Return the cells of rows of five numbers with a label."""
    return [
        [*(f"{row + hour / 4:.2f}" for hour in range(5)), ("up", "down")[row % 2]]
        for row in range(count)
    ]


def wide_text(rows: list[list[str]], delimiter: str = ",") -> str:
    return text_of(WIDE_HEADER.replace(",", delimiter), [*map(delimiter.join, rows)])


def test_a_cell_of_a_row_that_is_no_number_may_be_emptied_and_costs_no_step(read: Read) -> None:
    rows = wide_rows()
    rows[3][2] = "ERROR"
    with pytest.raises(DataError) as refusal:
        read(wide_text(rows))
    assert "Line 5: “ERROR” in the column h2 is no number" in str(refusal.value)
    assert "empty the cell" in str(refusal.value)
    assert "--ignore" not in str(refusal.value)
    rows[3][2] = ""
    assert read(wide_text(rows)).data_set.description.shortest == 5


@pytest.mark.parametrize("every", [2, 3, 10])
def test_a_number_with_another_decimal_mark_is_named(read: Read, every: int) -> None:
    rows = wide_rows()
    for row in rows[1::every]:
        row[:-1] = [cell.replace(".", ",") for cell in row[:-1]]
    with pytest.raises(DataError) as refusal:
        read(wide_text(rows, ";"))
    assert "Line 3: “1,00” in the column h0 has a decimal comma" in str(refusal.value)


def test_a_column_with_another_decimal_mark_than_the_others_is_named(read: Read) -> None:
    rows = [f"{index}.5;{index}.25;{index},5" for index in range(30)]
    with pytest.raises(DataError, match="Line 2: “0,5” in the column z has a decimal comma"):
        read(text_of("x;y;z", rows))


def test_rows_that_end_before_the_label_are_counted_and_named(read: Read) -> None:
    rows = wide_rows()
    rows[4] = rows[4][:3]
    told = notes(read(wide_text(rows)))
    assert "1 row has fewer cells than the header (line 6)" in told
    rows[7] = rows[7][:2]
    told = notes(read(wide_text(rows)))
    assert "2 rows have fewer cells than the header (the first is line 6)" in told
    assert "Left out: 2 sequences without a label." in told


def test_short_rows_are_no_news_where_the_label_comes_first(read: Read) -> None:
    rows = [[row[-1], *row[: 3 + place % 3]] for place, row in enumerate(wide_rows())]
    understanding = read(text_of("label,h0,h1,h2,h3,h4", [*map(",".join, rows)]))
    assert understanding.data_set.description.shortest == 3
    assert "fewer cells" not in notes(understanding)


def test_gaps_of_columns_add_up_to_the_missing_numbers(read: Read) -> None:
    rows = wide_rows()
    rows[0][1] = rows[5][3] = rows[6][0] = ""
    rows[2][4] = rows[3][4] = rows[3][3] = ""
    understanding = read(wide_text(rows))
    assert [column.missing for column in understanding.columns] == [1, 1, 0, 1, 0, 0]
    assert "Missing: 3 numbers" in notes(understanding)
    assert "Empty cells at the end of a row count as the end of its sequence." in notes(
        understanding
    )


# --- labels ---


@pytest.mark.parametrize("goal", [Goal.CLASS, Goal.STEP_CLASS])
def test_classes_that_differ_in_case_or_blanks_only_are_told(read: Read, goal: Goal) -> None:
    names = ("Steady", "steady", "very slow", "veryslow", "fast")
    rows = [f"{index},{step},{step},{names[index % 5]}" for index in range(30) for step in range(2)]
    told = notes(read(text_of("id,t,x,label", rows), goal=goal))
    count = 6 if goal is Goal.CLASS else 12
    assert f"“Steady” ({count}) and “steady” ({count}); " in told
    assert f"“very slow” ({count}) and “veryslow” ({count})." in told
    assert "fast" not in told
    assert "class of its own" not in notes(read(LONG, goal=goal))


def test_numbers_far_from_all_others_are_told(read: Read) -> None:
    rows = [
        f"{index},{step},{index + step / 10},{index * 2}.5"
        for index in range(60)
        for step in range(3)
    ]
    rows[7] = "2,2,-9999,4.5"
    rows[90:93] = [f"30,{step},3,70000.5" for step in range(3)]
    told = notes(read(text_of("id,t,x,target", rows)))
    assert "x: 1 number lies far from all others, up to -9999, where half of all are" in told
    assert "target: 1 number lies far from all others, up to 70000.5" in told
    assert "far from" not in notes(read(LONG))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("activity,id,t,x,y,z", "activity"),
        ("id,t,x,y,z,activity", "activity"),
        ("id,t,x,y,gait", "gait"),
        ("id,t,x,y,z", None),
        ("id,t,x,y", "y"),
    ],
)
def test_y_beside_x_is_a_coordinate_if_something_else_is_to_learn(
    read: Read, header: str, expected: str | None
) -> None:
    rows = []
    for index in range(12):
        for step in range(6):
            cells = {"id": index, "t": step, "x": step * index, "y": index - step, "z": step / 7}
            cells |= dict.fromkeys(("activity", "gait"), ("walk", "run")[index % 2])
            rows.append(",".join(str(cells[name]) for name in header.split(",")))
    understanding = read(text_of(header, rows))
    labels = [column.name for column in understanding.columns if column.role is Role.LABEL]
    assert labels == ([] if expected is None else [expected])


def test_a_label_that_is_a_number_is_a_class_if_there_are_few(read: Read) -> None:
    rows = [row.replace("even", "0").replace("odd", "1") for row in long_rows()]
    understanding = read(text_of("id,t,x,label", rows))
    assert understanding.data_set.description.outputs == ("0", "1")
    assert "--goal number" in notes(understanding)
    as_number = read(text_of("id,t,x,label", rows), goal=Goal.NUMBER).data_set
    assert as_number.targets[:2].tolist() == [[0], [1]]


def test_a_label_of_many_numbers_is_predicted(read: Read) -> None:
    rows = [f"{index},{step},{step},{index / 3}" for index in range(30) for step in range(4)]
    data_set = read(text_of("id,t,x,target", rows)).data_set
    assert data_set.description.goal is Goal.NUMBER
    assert data_set.targets[:, 0].tolist() == pytest.approx([index / 3 for index in range(30)])


def test_a_label_that_changes_is_one_of_steps(read: Read) -> None:
    rows = [
        f"{index},{step},{step},{'late' if step > 2 else 'early'}"
        for index in range(10)
        for step in range(5)
    ]
    rows[0] = "0,0,0,"
    understanding = read(text_of("id,t,x,label", rows))
    assert understanding.data_set.description.goal is Goal.STEP_CLASS
    assert understanding.data_set.targets[:10].tolist() == [UNKNOWN, 0, 0, 1, 1, 0, 0, 0, 1, 1]
    assert "1 step without a label" in notes(understanding)


def test_sequences_without_a_label_are_left_out(read: Read) -> None:
    rows = [re.sub(r"^(3,.*,)odd", r"\1", row) for row in long_rows()]
    understanding = read(text_of("id,t,x,label", rows))
    assert understanding.data_set.count == 11
    assert "Left out: 1 sequence without a label" in notes(understanding)


def test_pieces_without_a_label_are_left_out(read: Read) -> None:
    rows = [f"{step},{step % 7},{'abc'[step % 3] if step < 120 else ''}" for step in range(200)]
    understanding = read(text_of("t,x,label", rows), window=4)
    data_set = understanding.data_set
    assert data_set.description.goal is Goal.STEP_CLASS
    assert data_set.count == 30  # without the last 80 steps, of which none could be answered
    assert (data_set.targets >= 0).all()
    assert "Left out: 20 pieces without a label at any step." in notes(understanding)
    assert "not answered" not in notes(understanding)


def test_steps_without_a_label_are_read_beside_others(read: Read) -> None:
    rows = [f"{step},{step % 7},{'abc'[step % 3] if step % 2 else ''}" for step in range(200)]
    understanding = read(text_of("t,x,label", rows), window=4)
    assert understanding.data_set.count == 50
    assert "Read, but not answered: 100 steps without a label." in notes(understanding)


def test_a_label_of_words_is_no_number(read: Read) -> None:
    with pytest.raises(DataError, match=r"holds words such as “even”; choose --goal class\."):
        read(LONG, goal=Goal.NUMBER)
    with pytest.raises(DataError, match=r"holds words such as “even”; choose --goal step-class\."):
        read(LONG, goal=Goal.STEP_NUMBER)


def test_one_class_is_refused(read: Read) -> None:
    with pytest.raises(DataError, match="All labels in label are “even”: with one class only"):
        read(LONG.replace("odd", "even"))


def test_a_rare_class_is_told(read: Read) -> None:
    rows = [re.sub(r"^(3,.*,)odd", r"\1rare", row) for row in long_rows()]
    understanding = read(text_of("id,t,x,label", rows))
    assert "fewer than 3 sequences can't be in each part: rare (1)" in notes(understanding)
    assert understanding.data_set.parts[3] == 0


def test_words_among_the_inputs_are_read_as_numbers(read: Read) -> None:
    rows = [f"{index},{index % 3},{('red', 'blue')[index % 2]}" for index in range(100)]
    description = read(text_of("time,x,colour", rows)).data_set.description
    assert description.features == ("x", "colour=blue", "colour=red")


def test_words_alone_are_an_alphabet(read: Read) -> None:
    rows = [f"{index},{('red', 'blue', 'green')[index % 3]}" for index in range(100)]
    data_set = read(text_of("time,colour", rows)).data_set
    assert data_set.description.alphabet == ("blue", "green", "red")
    assert data_set.values[:4, 0].tolist() == [2, 0, 1, 2]
    assert data_set.description.outputs == data_set.description.alphabet


def test_a_constant_column_is_told(read: Read) -> None:
    rows = [f"{index},7" for index in range(100)]
    understanding = read(text_of("x,gain", rows))
    assert "nothing to learn from: gain" in notes(understanding)
    assert understanding.data_set.description.features == ("x",)
    kept = read(text_of("x,gain", rows), inputs=("x", "gain"))
    assert "nothing to learn from: gain" in notes(kept)
    assert kept.data_set.description.deviations[1] == 1


def test_many_classes_that_count_from_one_are_classes(read: Read) -> None:
    rows = [
        f"{index % 37 + 1}," + ",".join(f"{index + step / 8}" for step in range(12))
        for index in range(370)
    ]
    understanding = read("\n".join(rows))
    assert understanding.columns[0].role is Role.LABEL
    assert understanding.data_set.description.goal is Goal.CLASS
    assert len(understanding.data_set.description.outputs) == 37


def test_a_tag_for_each_word(read: Read) -> None:
    rows = [
        f"{index // 5},{['a', 'cat', 'sat', 'on', 'mats'][index % 5]},{'DNVPN'[index % 5]}"
        for index in range(60)
    ]
    description = read(text_of("sentence,word,tag", rows)).data_set.description
    assert description.alphabet == ("a", "cat", "mats", "on", "sat")
    assert description.outputs == ("D", "N", "P", "V")
    assert description.goal is Goal.STEP_CLASS


# --- lengths ---


def test_mixed_lengths(read: Read) -> None:
    rows = [f"{index},{step},{step}" for index in range(12) for step in range(1 + index)]
    data_set = read(text_of("id,t,x", rows)).data_set
    assert data_set.lengths.tolist() == [*range(2, 13)]  # the next input needs two steps


def test_long_labelled_sequences_are_thinned(read: Read) -> None:
    rows = [f"{index},{step},{step},{index % 2}" for index in range(6) for step in range(2500)]
    understanding = read(text_of("id,t,x,label", rows))
    assert understanding.data_set.description.longest == 834
    assert understanding.data_set.sequence(0)[:3, 0].tolist() == [1, 4, 7]
    assert "means of 3 steps each" in notes(understanding)


def test_pieces_of_one_sequence_stay_in_one_part(read: Read) -> None:
    rows = [f"{index},{step},{step},{index % 2}" for index in range(12) for step in range(20)]
    data_set = read(text_of("id,t,x,label", rows), window=4).data_set
    parts = data_set.parts.reshape(12, 5)
    assert (parts == parts[:, :1]).all()


def test_pairs_of_files(read: Read, tmp_path: Path) -> None:
    (tmp_path / "x_TEST.csv").write_text(text_of("id,t,x,label", long_rows(4)))
    understanding = read(LONG, name="x_TRAIN.csv")
    data_set = understanding.data_set
    assert data_set.description.split is Split.FILES
    assert data_set.parts[12:].tolist() == [2] * 4
    assert (data_set.parts[:12] < 2).all()
    assert "x_TEST.csv is the test" in notes(understanding)
    from_test = understand(tmp_path / "x_TEST.csv", ReadingOptions())
    assert from_test.data_set.values.tolist() == data_set.values.tolist()
    alone = understand(tmp_path / "x_TRAIN.csv", ReadingOptions(split=Split.CHANCE))
    assert alone.data_set.count == 12


# --- what can't be read ---


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"id,t,x,label\n", "has no rows below its header"),
        (b"\n\n\n", "has no rows"),
        (bytes(range(256)) * 20, "holds no text"),
        (b"\xff\xd8\xff\xe0" + bytes(range(1, 32)) * 9, "holds no text"),
        (b"PK\x03\x04 and so on", "save the sheet as CSV"),
        (b"\x1f\x8b\x08 and so on", "unpack it first"),
        (b"PAR1 and so on", "save it as CSV"),
        (LONG + '12,0,"' + "x" * 200_000, "cell of more than 131,072 characters"),
        (LONG + '12,0,"1', "quotation marks that do not match"),
        (LONG + "12,0,1,even,7,8\n", r"Line 62 .*has 6 cells and the header 4"),
        (LONG + "12,0\n", "Line 62 has fewer cells than the table has columns"),
        (LONG.replace("\n0,3,", "\n0,,"), "Line 5 has no step in the column t"),
        ("x\n1\n2\n", "training, validation and test need one each"),
        ("Call me Ishmael.\nSome years ago\n", "--layout text"),
        (LONG.replace(",even", ",even" * 2), "cells and the header"),
        (LONG.replace("0.3,", "1e39,"), "numbers beyond 1e38"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    read: Read, content: bytes | str, sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence) as caught:
        read(content)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"encoding": "morse"}, "no encoding called morse"),
        ({"encoding": "utf-16"}, "is not in utf-16"),
        ({"label": "x", "inputs": ("x",)}, "given two roles"),
        ({"label": "label", "goal": Goal.NUMBER}, "holds words such as"),
        ({"ignored": ("label",), "goal": Goal.CLASS}, "needs a label"),
        ({"split": Split.FILES}, "no second file"),
        ({"inputs": ("x", "nothing")}, "no column nothing"),
        ({"step": "label"}, "can't order the steps"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    read: Read, options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence):
        read(LONG + "\n", **options)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.csv can't be read"):
        understand(tmp_path / "nothing.csv", ReadingOptions())


def test_reading_tells_how_far_it_is_and_stops(read: Read, tmp_path: Path) -> None:
    path = read(LONG).path
    shares: list[float] = []
    understand(path, ReadingOptions(), Progress(lambda progress: shares.append(progress.share)))
    assert shares[-1] == 1
    control = Control()
    control.stop()
    with pytest.raises(DataError, match="stopped"):
        understand(path, ReadingOptions(), Progress(control=control))


def test_no_step_is_lost_or_made_up(read: Read) -> None:
    data_set = read(LONG).data_set
    expected = np.array([float(row.split(",")[2]) for row in long_rows()], np.float32)
    assert np.array_equal(data_set.values[:, 0], expected)


def test_a_list_of_names_is_read_by_characters(read: Read) -> None:
    names = ["emma", "olivia", "ava", "isabella", "sophia", "mia", "amelia", "zoe", "nora", "lily"]
    understanding = read("\n".join(names), name="names.txt")
    assert understanding.layout is Layout.WIDE
    assert understanding.data_set.lengths.tolist() == [*map(len, names)]
    assert "".join(understanding.data_set.description.alphabet) == "abehilmnoprsvyz"


@pytest.mark.parametrize("name", ["x.tsv", "x.tab", "X.TSV"])
def test_an_ending_speaks_for_the_tab(read: Read, name: str) -> None:
    rows = [f"s{row // 5}\t{row % 5}\t{row},5" for row in range(60)]
    understanding = read("\n".join(["id\tstep\tx", *rows]) + "\n", name)
    assert understanding.chosen.delimiter == "\t"
    assert understanding.data_set.description.features == ("x",)
    prose = [f"{row}\tone, two" for row in range(40)]
    assert read("\n".join(["x\tlabel, or not", *prose[:20]]) + "\n", name).chosen.delimiter == "\t"


def test_a_table_by_commas_may_be_called_tsv(read: Read) -> None:
    assert read(LONG, "x.tsv").chosen.delimiter == ","
