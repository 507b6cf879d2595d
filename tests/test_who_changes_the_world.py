"""`rules/` works out and `month/` changes: no rule writes to the world that it is handed, nor names a market.

The source is read, not run. What is seen: assignments, `+=` and `del` of attributes and of items, calls of methods that
change what they are called on, `np.add.at` and `out=`, wherever what is changed can be traced to an argument through
names, attributes, items, tuples and loops of one function. What is not: a change made by a function that is handed the
world or a column of it and is no rule (NumPy's and compiled loops into arrays that they are handed: where those belong
to the world, the call stands in `month/`), one behind a call that returns what it was handed, and `setattr`.
"""

import ast
from pathlib import Path

import pytest

RULES = Path(__file__).parent.parent / "src" / "colend" / "rules"
# A borrower's month writes its own row, its counts and the list of its refusals: that is the month's pass.
OF_ONE_BORROWER = {"borrower.py", "application.py"}
# These fill tables that whoever calls them has just made.
FILL = {"fill_terms", "look_ahead", "found_rows", "found_club", "choose"}
CHANGING = {
    "append",
    "clear",
    "extend",
    "fill",
    "insert",
    "open_claims",
    "pop",
    "post",
    "put",
    "resize",
    "sort",
    "update",
}


def root(node):
    """The name at the beginning of a chain of attributes and items, and whether the chain has an attribute."""
    deep = False
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        deep = deep or isinstance(node, ast.Attribute)
        node = node.value
    return (node.id if isinstance(node, ast.Name) else None), deep


def pairs(target, value):
    """Names with what is assigned to each."""
    if isinstance(target, ast.Tuple):
        parts = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) else None
        for place, one in enumerate(target.elts):
            yield from pairs(one, parts[place] if parts else value)
    elif isinstance(target, ast.Name):
        yield target.id, value


def changed(function):
    """Lines at which a function changes what it was handed."""
    held = {one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)}
    held -= {"self", "cls"}
    world, nodes = held & {"world"}, list(ast.walk(function))
    for _ in range(4):  # names of names
        for node in nodes:
            if isinstance(node, ast.Assign):
                given = [pair for target in node.targets for pair in pairs(target, node.value)]
            elif isinstance(node, ast.For | ast.comprehension):
                given = list(pairs(node.target, node.iter))
            else:
                continue
            for name, value in given:
                base = root(value)[0]
                held |= {name} if base in held else set()
                world |= {name} if base in world else set()
    for node in nodes:
        targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete):
            flat = [one for target in targets for one in (target.elts if isinstance(target, ast.Tuple) else [target])]
            for one in flat:
                base, deep = root(one)
                inside = isinstance(one, ast.Attribute | ast.Subscript)
                if inside and ((base in held and deep) or base in world):
                    yield one.lineno
        elif isinstance(node, ast.Call):
            called = node.func
            at = isinstance(called, ast.Attribute) and called.attr == "at" and node.args
            method = isinstance(called, ast.Attribute) and called.attr in CHANGING
            into = [word.value for word in node.keywords if word.arg == "out"]
            for one in [*([node.args[0]] if at else []), *([called.value] if method else []), *into]:
                if root(one)[0] in held:
                    yield one.lineno


def functions(source):
    """Functions of a file, but for those that fill what their caller made."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return [one for one in found if one.name not in FILL]


@pytest.mark.parametrize("path", sorted(RULES.glob("*.py")), ids=lambda path: path.name)
def test_rules_change_nothing_that_they_are_handed(path):
    if path.name in OF_ONE_BORROWER:
        return
    for function in functions(path.read_text()):
        assert list(changed(function)) == [], f"{path.name}: {function.name} changes the world"


@pytest.mark.parametrize("path", sorted(RULES.glob("*.py")), ids=lambda path: path.name)
def test_rules_name_no_market(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = {getattr(node, "id", None), getattr(node, "arg", None), getattr(node, "attr", None)}
        assert "market" not in names, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize(
    "line",
    [
        "world.month = 3",
        "world.banks.hurdle[rows] += 1.0",
        "banks, pairs = world.banks, world.pairs; pairs.trust[0] = 1.0",
        "for row in world.pairs: row.trust = 0.0",
        "columns = world.banks; columns['hurdle'] = 0.0",
        "world.touch[0] = 1.0",
        "rows = world.lender_rows; rows[0] = 1",
        "world.books.post(0, 1, 5, 2)",
        "np.add.at(world.banks.equity, rows, 1.0)",
        "np.divide(1.0, 2.0, out=world.banks.equity)",
        "del world.history[0]",
        "bank.precision = 1.0",
    ],
)
def test_a_change_is_seen(line):
    (function,) = functions(f"def rule(world, bank, rows):\n    {line}")
    assert list(changed(function))


@pytest.mark.parametrize(
    "line", ["made = np.zeros(3); made[rows] = world.month", "rows[0] = 1", "x = world.banks.copy()"]
)
def test_what_a_rule_makes_is_its_own(line):
    (function,) = functions(f"def rule(world, rows):\n    {line}")
    assert list(changed(function)) == []
