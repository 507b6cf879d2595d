"""Tables of sweeps and files of banks go through one reader: what it takes, and the line of what it does not."""

# ruff: noqa: E501

import pytest

from colend.scenario import ScenarioError, load
from colend.scenario.csv_files import Table

POINTS, BANKS = "alliances.fit_sd,alliances.term_months", "kind,talent"
FIRST = {POINTS: "0.5,12", BANKS: "city,0.5"}
SECOND = {POINTS: "1,24", BANKS: "rural,0.25"}
BOTH = pytest.mark.parametrize("columns", [POINTS, BANKS], ids=["sweep", "banks"])


@pytest.fixture
def read(write):
    """What a scenario with a table of these bytes says, or its problems."""

    def read(columns, raw):
        write(raw.encode() if isinstance(raw, str) else raw, "t.csv")
        asked = "sweep: {table: t.csv}\n" if columns == POINTS else "base: {banks.from: t.csv}\n"
        try:
            found = load(write(asked))
        except ScenarioError as error:
            return list(error.problems)
        return (
            found.points if columns == POINTS else (found.base["banks.city.talent"], found.base["banks.rural.talent"])
        )

    return read


def rows(columns):
    return [columns, FIRST[columns], SECOND[columns]]


@BOTH
@pytest.mark.parametrize(
    "saved",
    [
        lambda lines: "\n".join(lines),
        lambda lines: "\r\n".join([*lines, ""]),
        lambda lines: "\r".join(lines),
        lambda lines: "﻿" + "\n".join(lines),
        lambda lines: "".join(f"{line},,,\r\n" for line in [*lines, "", ","]),
        lambda lines: "\n\n  \n" + "\n,,\n".join(lines) + "\n\n\n",
        lambda lines: "\n".join(" , ".join(f" {cell} " for cell in line.split(",")) for line in lines),
        lambda lines: "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in lines),
    ],
    ids=["plain", "windows", "old mac", "mark", "excel", "blank lines", "spaces", "quotes"],
)
def test_however_a_program_saves_a_table_it_is_the_same(read, columns, saved):
    expected = [
        {"alliances.fit_sd": 0.5, "alliances.term_months": 12},
        {"alliances.fit_sd": 1, "alliances.term_months": 24},
    ]
    assert read(columns, saved(rows(columns))) == (expected if columns == POINTS else ([0.5], [0.25]))


@BOTH
@pytest.mark.parametrize(
    ("saved", "problem"),
    [
        (lambda lines: "\n".join([*lines[:2], 'a,"b', "c" * 140_000]), "t.csv:3: a quote that begins in this line does not end in it"),
        (lambda lines: "\n".join([*lines[:2], 'a,"b\nc",d', lines[2]]), "t.csv:3: a quote that begins in this line does not end in it"),
        (lambda lines: "\n".join([*lines, 'a,"b"c']), "t.csv:4: not CSV: ',' expected after '\"'"),
        (lambda lines: "\n".join([*lines, "a," + "b" * 140_000]), "t.csv:4: a cell has more than 131,072 characters"),
        (lambda lines: "\n".join(lines).encode("utf-16"), "t.csv:1: is UTF-16 text; UTF-8 is wanted (in Excel: save as “CSV UTF-8”)"),
        (lambda lines: "\n".join(lines).encode("utf-16-le"), "t.csv:1: is UTF-16 text; UTF-8 is wanted (in Excel: save as “CSV UTF-8”)"),
        (lambda lines: ("\n".join(lines) + "\n江苏,1\n").encode("gbk"), "t.csv:4: is not UTF-8 text (in Excel: save as “CSV UTF-8”)"),
        (lambda lines: "\n".join(lines).replace(",", ";"), "t.csv:1: cells are separated by semicolons; commas are wanted"),
        (lambda lines: "\n".join(lines).replace(",", "\t"), "t.csv:1: cells are separated by tabs; commas are wanted"),
        (lambda lines: "\n".join([lines[0] + ",", lines[1] + ",5", lines[2]]), "t.csv:2: 3 cells for 2 columns"),
        (lambda lines: "\n\n".join([*lines, "1"]), "t.csv:7: 1 cells for 2 columns"),
        (lambda lines: "\n".join([lines[0].replace(",", ",,"), *(line.replace(",", ",,") for line in lines[1:])]), "t.csv:1: column 2 has no name"),
        (lambda lines: "\n".join(f"{line},{line.split(',')[1]}" for line in lines), "{second}: this column is given twice"),
        (lambda lines: "\n".join([*lines[:2], lines[2].split(",")[0] + ",nan"]), "t.csv:3: {second}: 'nan' is not allowed"),
        (lambda lines: "\n".join([*lines[:2], lines[2].split(",")[0] + ","]), "t.csv:3: {second}: '' is not allowed; allowed: a"),
        (lambda lines: "\n".join([*lines[:2], lines[2].split(",")[0] + ",#N/A"]), "t.csv:3: {second}: '#N/A' is not allowed; allowed: a"),
        (lambda lines: "\n".join([*lines[:2], lines[2].split(",")[0] + ",[1"]), "t.csv:3: {second}: '[1' is not allowed; allowed: a"),
    ],
    ids=map(str, range(16)),
)  # fmt: skip
def test_what_is_wrong_has_its_line_and_one_only(read, columns, saved, problem):
    (found,) = read(columns, saved(rows(columns)))
    assert problem.format(second=columns.split(",")[1]) in found
    assert found.startswith("t.csv:")


def test_points_that_are_the_same_numbers_are_one_point(read):
    found = read(POINTS, f"{POINTS}\n0.5,3\n1,4\n0.50,3.0\n")
    assert found == ["t.csv:4: this point is given twice, first in line 2"]
    assert read(POINTS, f"{POINTS}\n5e-1,12.0\n1.0,24\n") == read(POINTS, "\n".join(rows(POINTS)))


def test_every_problem_of_a_table_is_told_in_the_order_of_its_lines(read):
    found = read(BANKS, f"{BANKS}\ncity,2\ncity\nrurl,0.1\ncity,0.1,0.2\n")
    assert [problem.split(":")[1] for problem in found] == ["2", "3", "4", "5"]


def test_a_table_is_read_in_a_second():
    assert len(Table("t.csv", "a,b\n" + "1,2\n" * 20_000).rows) == 20_000


def test_what_never_ends_is_not_read(write):
    path = write("years: 1\n")
    with pytest.raises(ScenarioError, match="/dev/zero: is larger than 10 MB"):
        load("/dev/zero")
    with pytest.raises(ScenarioError, match="/dev/zero: is larger than 100 MB"):
        load(path, {"banks.from": "/dev/zero"})
