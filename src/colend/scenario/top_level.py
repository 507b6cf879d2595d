"""The keys at the top of a scenario and those below them that are no parameters, each declared once."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, StrictBool

from colend.scenario.declarations import groups
from colend.scenario.declared import keys_of, read, schema_of
from colend.scenario.errors import NONE, Problems, nearest, shown
from colend.scenario.parameters.base import NUMBER, WHOLE, Means, whole
from colend.scenario.reading import Layers, Source
from colend.scenario.setting import FishingTerms, Record

SCHEMA = Path(__file__).with_name("schema.json")
LONGEST_NAME = 80
FEWEST, MOST_SEEDS = 5, 1_000_000  # a spread estimated from fewer says too little to stop by
LARGEST_SEED = 2**63 - 1
MOST_COMBINATIONS = 1_000_000  # arms x points
_FILE = {"type": "string", "minLength": 1}


def measured() -> list[str]:
    """Names of the measures of whole runs, as the shipped schema has them: what makes them takes a second to load."""
    names: list[str] = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]["measure"]["enum"]
    return names


def plain_name(stem: str) -> str:
    """A file's stem as a name."""
    return re.sub(r"[^\w.-]+", "_", stem).strip(".-")[:LONGEST_NAME] or "scenario"


def _name(value: str) -> str:
    if not re.fullmatch(rf"\w[\w.-]{{0,{LONGEST_NAME - 1}}}", value) or value.endswith("."):
        raise ValueError("is not safe as a folder's name everywhere")
    return value


def _whole_months(years: float) -> float:
    if round(years * 12) < 1 or not math.isclose(years * 12, round(years * 12), abs_tol=1e-3):
        raise ValueError("does not make whole months")
    return years


def _measure(name: str) -> str:
    if name not in measured():
        raise ValueError("there is no such measure")
    return name


def _seeds(value: Any) -> list[int]:
    """Seeds 0..n-1 of a number n, or a list of different ones."""
    if not isinstance(value, list | tuple):
        number = whole(value)
        if 1 <= number <= MOST_SEEDS:
            return list(range(number))
    elif len(value) <= MOST_SEEDS:
        numbers = [whole(one) for one in value]
        if numbers and len(set(numbers)) == len(numbers) and min(numbers) >= 0 and max(numbers) <= LARGEST_SEED:
            return numbers
    raise ValueError("no seeds")


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def refers(name: str) -> dict[str, Any]:
    # beside $ref, draft 7 ignores other keys; wrapped in allOf they count
    return {"allOf": [{"$ref": f"#/$defs/{name}"}]}


Text = Annotated[str, Field(max_length=10_000), AfterValidator(_on_one_line)]
Keys = Mapping[str, Any]
Method = Literal["latin_hypercube", "sobol", "morris"]
SeedNumber = Annotated[int, Field(ge=FEWEST, le=MOST_SEEDS), WHOLE]


@dataclass(frozen=True)
class Enough:
    """What must be known how well."""

    measure: Annotated[
        str,
        AfterValidator(_measure),
        Means("", "a measure of whole runs, see `simulate --list measures`", {"$ref": "#/$defs/measure"}, measured),
    ]
    half_width: Annotated[
        float,
        Field(gt=0),
        NUMBER,
        Means("Of the 95 % interval, in the measure's unit", "a number above 0, in the measure’s unit"),
    ]


@dataclass(frozen=True)
class UntilEnough:
    """`seeds` as a rule: how many are enough is found out while they run."""

    at_least: SeedNumber
    at_most: SeedNumber
    until: Annotated[
        Enough, Means("", "a mapping {measure: one of `simulate --list measures`, half_width: a number above 0}")
    ]


@dataclass(frozen=True)
class Until:
    """Seeds are added until every arm's paired difference in `measure`, at every sweep point, has this half-width.

    `half_width` of the 95 % interval, in the measure's unit; of one arm, of its mean. `at_least` and `at_most` seeds.
    """

    at_least: int
    at_most: int
    measure: str
    half_width: float

    def content(self) -> dict[str, Any]:
        """As data, for the manifest."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A sampled design."""

    method: Method = "latin_hypercube"
    n: Annotated[
        int, Field(ge=1, le=MOST_COMBINATIONS), WHOLE, Means("Points; base sample of sobol; trajectories of morris")
    ]
    seed: Annotated[int, Field(ge=0, le=2**32 - 1), WHOLE] = 0
    ranges: Annotated[
        Keys,
        Field(min_length=1),
        Means("[low, high] of every key", "a mapping of keys with [low, high]", refers("swept")),
    ]


@dataclass(frozen=True)
class Sweep:
    """The points at which every arm is run; one of these."""

    grid: Annotated[Keys | None, Means("Lists of values; every combination", schema=refers("swept"))] = None
    sample: Annotated[Sampled | None, Means("A sample of ranges")] = None
    table: Annotated[str | None, Means("A CSV file with a column a key and a row a point", schema=_FILE)] = None


_ARMS = {"type": "object", "additionalProperties": {"anyOf": [refers("parameters"), {"type": "null"}]}}
_WHOLE = {"type": "integer", "minimum": 0}
_SEEDS = [_WHOLE | {"minimum": 1}, {"type": "array", "items": _WHOLE, "minItems": 1, "uniqueItems": True}]


@dataclass(frozen=True)
class TopLevel:
    """What a scenario's file may say."""

    name: Annotated[
        str,
        AfterValidator(_name),
        Means(
            "Folder name under outputs/", f"letters, digits, `_`, `-` and `.`, at most {LONGEST_NAME}, no path", _FILE
        ),
    ] = ""
    title: Annotated[Text, Means("One line, over the report and its charts")] = ""
    question: Annotated[Text, Means("One paragraph, printed in the report")] = ""
    start: Annotated[
        str,
        Field(pattern="^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$"),
        Means("The first month", "a month from 1900-01 to 2199-12, e.g. 2017-01"),
    ] = "2017-01"
    years: Annotated[
        float,
        Field(gt=0, le=100),
        NUMBER,
        AfterValidator(_whole_months),
        Means("Years to simulate", "a number from 1/12 to 100 that makes whole months"),
    ] = 6
    seeds: Annotated[
        list[int],
        PlainValidator(_seeds),
        Means(
            "How many replications (seeds 0 to n-1), a list of seeds, or until when to add seeds",
            f"a number of seeds from 1 to {MOST_SEEDS:,}, or a list of different whole numbers from 0",
            {"anyOf": [*_SEEDS, schema_of(UntilEnough)]},
        ),
    ] = field(default_factory=lambda: [0])
    base: Annotated[Keys | None, Means("What differs from the defaults in every arm", schema=refers("base"))] = None
    policy: Annotated[
        Any, Means("Dated rules in every arm: presets, or rules with a number", schema=refers("policy"))
    ] = None
    compare: Annotated[
        Keys | None, Means("Lists of alternatives; every combination is an arm", schema=refers("alternatives"))
    ] = None
    arms: Annotated[Keys | None, Means("Names with what each sets", schema=_ARMS)] = None
    sweep: Annotated[
        Sweep | None,
        Means("Points at which every arm is run", schema=schema_of(Sweep) | {"minProperties": 1, "maxProperties": 1}),
    ] = None
    baseline: Annotated[
        Any, Means("The arm to compare with", schema={"anyOf": [{"type": "string"}, refers("parameters")]})
    ] = None
    record: Annotated[Record | None, Means("What is kept of a run besides its whole-run measures")] = None
    fishing_test: Annotated[
        FishingTerms | None,
        Means(
            "Fork the market and let platforms stop serving banks: what do these lend alone?",
            schema={"anyOf": [{"enum": [None, NONE]}, schema_of(FishingTerms)]},
        ),
    ] = None
    twin: Annotated[StrictBool, Means("Run all arms without alliances, too", "true or false")] = False
    include: Annotated[
        Any, Means("Files that this one builds on", schema={"anyOf": [_FILE, {"type": "array", "items": _FILE}]})
    ] = None


TOP_LEVEL = keys_of(TopLevel)
_PLAIN = ("name", "title", "question", "start", "years", "seeds", "twin")


def check_keys(layers: Layers) -> None:
    """Top-level keys that do not exist, and mappings that are something else."""
    for layer in layers.each:
        for key, value in list(layer.document.data.items()):
            place = layer.place(key)
            if key not in TOP_LEVEL:
                known = str(key).partition(".")[0] in groups()[""]
                hint = "; parameters stand under `base:`" if known else nearest(str(key), TOP_LEVEL)
                layers.problems.append(f"{place}: {key}: there is no such key{hint}")
            elif TOP_LEVEL[key].mapping and not isinstance(value, Mapping | None):
                if key == "fishing_test" and value == NONE:
                    layer.document.data[key] = None
                    continue
                below = TOP_LEVEL[key].model
                keys = f"; its keys are: {', '.join(keys_of(below))}" if below else ""
                layers.problems.append(f"{place}: {key}: {shown(value)} is not a mapping of keys{keys}")
                del layer.document.data[key]


def plain_keys(layers: Layers, record: Record) -> dict[str, Any]:
    """The keys that stand for themselves, checked: of the uppermost layer, or of mappings what all say together."""
    result = {name: TOP_LEVEL[name].default for name in _PLAIN} | {"name": plain_name(layers.file.stem), "seeds": [0]}
    for name in _PLAIN:
        for layer in layers.each:
            value = layer.document.data.get(name)
            if name not in layer.document.data:
                continue
            if name == "seeds" and isinstance(value, Mapping):
                if rule := _until(layer.source("seeds"), layers.problems):
                    result |= {"seeds": list(range(rule.at_most)), "until": rule}
                continue
            try:
                value = TOP_LEVEL[name].checked(value)
            except ValueError as error:
                layers.problems.append(f"{layer.place(name)}: {name}: {error}")
            else:
                if name != "name" or layer in layers.each[-2:]:  # an included file's name is not this one's
                    result |= {name: value} | ({"until": None} if name == "seeds" else {})
    result["title"] = result["title"] or result["name"]
    for layer in layers.each:
        record = replace(record, **read(keys_of(Record), layer.source("record"), layers.problems))
    return result | {"record": record, "fishing_test": _fishing_test(layers, round(result["years"] * 12))}


def _until(source: Source, problems: Problems) -> Until | None:
    """The rule that the mapping under `seeds` gives; None when it has problems."""
    before = len(problems)
    given = read(keys_of(UntilEnough), source, problems)
    least, most = given.get("at_least", FEWEST), given.get("at_most", MOST_SEEDS)
    if most < least:
        source.about("at_most", f"{most:,} is less than at_least, {least:,}", problems)
    return None if len(problems) > before else Until(least, most, **given["until"])


def _fishing_test(layers: Layers, months: int) -> FishingTerms | None:
    """The fishing test that the layers ask for together; none where the uppermost that names it says so."""
    terms: FishingTerms | None = None
    for layer in layers.each:
        if "fishing_test" not in layer.document.data:
            continue
        source = layer.source("fishing_test")
        given = read(keys_of(FishingTerms), source, layers.problems)
        terms = None if layer.document.data["fishing_test"] is None else replace(terms or FishingTerms(), **given)
        month = given.get("month")
        if month is not None and month > months:
            what = f"{month} is after the run's end; allowed: last, or at most {months}"
            source.about("month", what, layers.problems)
    return terms
