"""Who is there at the start: banks with correlated size, talent and horizon, platforms, borrowers with their banks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import ndtri

from colend.compilation import compiled
from colend.rules.clubs import found_club
from colend.rules.distributions import draw
from colend.scenario.parameters import ADAPTIVE, OPENNESS, SEQUENCING, Parameters
from colend.scenario.parameters.population import LARGEST_LOAN
from colend.state import draws
from colend.state.draws import (
    AMOUNT,
    CREDITWORTHINESS,
    OWNER,
    OWNER_BANK,
    REGION,
    RESERVATION,
    SCENE,
    SEGMENT,
    entity_key,
    key_of_month,
    normal,
    uniform,
    uniforms,
)
from colend.state.snapshot import CustomerShares
from colend.state.table import Table, as_table
from colend.state.tables import ADAPTS, BANK, BORROWER, PLATFORM, table

BEFORE = -1  # the month of draws that are made once
_KIND_STRIDE = 1_000_000  # entity numbers by kind, so that one bank more changes nobody else's draws


def scores(seed: int, entities: np.ndarray, purpose: int, month: int = BEFORE) -> np.ndarray:
    """One standard normal score per entity, drawn once for the run, or for a month."""
    return ndtri(uniforms(seed, month, entities, purpose))


def bank_entities(banks: np.recarray) -> np.ndarray:
    """Entity numbers of the banks: by kind and place within the kind."""
    first = np.searchsorted(banks.kind, banks.kind)  # rows are ordered by kind
    return _KIND_STRIDE * (banks.kind.astype(np.int64) + 1) + np.arange(len(banks)) - first


def platform_entities(platforms: np.recarray) -> np.ndarray:
    """Entity numbers of the platforms, apart from those of banks."""
    return _KIND_STRIDE * 9 + np.arange(len(platforms))


def found_banks(parameters: Parameters, seed: int) -> Table:
    """The table of banks, kind by kind.

    Size, talent and horizon share a Gaussian copula: each score is c * size score + sqrt(1 - c^2) * its own.
    """
    common = parameters.banks
    tables = []
    for kind, group in enumerate(common.kinds.values()):
        rows = table(BANK, group.number)
        entities = _KIND_STRIDE * (kind + 1) + np.arange(group.number)
        size = scores(seed, entities, draws.SIZE)

        def tied(
            correlation: float, purpose: int, size: np.ndarray = size, entities: np.ndarray = entities
        ) -> np.ndarray:
            return correlation * size + math.sqrt(1.0 - correlation**2) * scores(seed, entities, purpose)

        def value(name: str, normal_scores: np.ndarray, group: Any = group) -> np.ndarray:
            return draw(getattr(group, name), normal_scores, group.bounds(name))

        rows.kind = kind
        rows.region = np.arange(group.number) % parameters.population.regions
        rows.alive = rows.served = 1
        choose(rows, "sequencing", group.sequencing or parameters.alliances.sequencing, SEQUENCING)
        equity, ratio = value("equity", size), value("capital_ratio", scores(seed, entities, draws.CAPITAL))
        rows.initial_equity = rows.equity = equity
        rows.talent = value("talent", tied(common.size_talent_correlation, draws.TALENT))
        rows.horizon_months = np.rint(value("horizon_months", tied(common.size_horizon_correlation, draws.HORIZON)))
        rows.legacy = value("legacy", scores(seed, entities, draws.LEGACY))
        rows.capital_ratio = ratio
        others = scores(seed, entities, draws.OTHER)
        rows.precision = rows.initial_precision = value("precision", others)
        for column in ("cost_scale", "funds_rate", "operating_rate", "sunk_cost_bias"):
            rows[column] = value(column, others)
        rows.slots = np.rint(value("integration_slots", others))
        rows.maximum_partners = np.rint(value("maximum_partners", others))
        rows.other_risk_weighted_assets = equity / ratio
        rows.deposits = value("deposits_to_equity", others) * equity
        rows.admission = 1.0
        tables.append(rows)
    banks = as_table(np.concatenate(tables))
    found_club(parameters, banks)
    return banks


def choose(rows: np.recarray, choice: str, value: Any, names: tuple[str, ...]) -> None:
    """Set `choice` of each row to the index in `names` of one value for all, or of a list with one for each; whoever
    is adaptive is marked so and chooses before the start.
    """
    each = value if isinstance(value, (list, tuple)) else [value] * len(rows)
    adaptive = np.array([one == ADAPTIVE for one in each], dtype=bool)
    rows[choice] = [0 if one == ADAPTIVE else names.index(str(one)) for one in each]
    rows.adapts |= np.where(adaptive, ADAPTS[choice], 0).astype(np.uint8)


def found_platforms(parameters: Parameters, seed: int) -> Table:
    """The table of platforms; the largest platform's lender has `lender_equity`, the others in proportion to users."""
    group = parameters.platforms
    rows = table(PLATFORM, group.number)
    entities = platform_entities(rows)
    users = np.array(group.user_share, dtype=np.float64)
    rows.present = 1
    rows.user_share = users
    choose(rows, "openness", group.openness, OPENNESS)
    choose(rows, "sequencing", group.sequencing or parameters.alliances.sequencing, SEQUENCING)
    others = scores(seed, entities, draws.OTHER)
    for column in ("precision", "fee_rate", "minimum_income"):
        rows[column] = draw(getattr(group, column), others, group.bounds(column))
    rows.equity = rows.initial_equity = group.lender_equity * users / users.max()
    rows.funds_rate = group.funds_rate
    rows.operating_rate = group.operating_rate
    rows.slots = group.integration_slots
    rows.admission = 1.0
    return rows


def customer_shares(parameters: Parameters, banks: np.recarray) -> CustomerShares:
    """Which bank of a region a new customer comes to: slices by region, banks, cumulative shares by equity x weight."""
    weight = np.array([kind.customer_weight for kind in parameters.banks.kinds.values()])[banks.kind]
    weight = weight * banks.initial_equity
    start, member, cumulative = [0], [], []  # type: list[int], list[int], list[float]
    for region in range(parameters.population.regions):
        here = np.flatnonzero((banks.region == region) & (weight > 0.0))
        member.extend(here)
        if len(here):
            cumulative.extend(np.cumsum(weight[here]) / weight[here].sum())
            cumulative[-1] = 1.0
        start.append(len(member))
    return CustomerShares(np.array(start, np.int64), np.array(member, np.int64), np.array(cumulative, np.float64))


def found_rows(
    rows: Table,
    key: np.uint64,
    cumulative: np.ndarray,
    regions: int,
    amount: np.ndarray,
    reservation: np.ndarray,
    owned: np.ndarray,
    bank_start: np.ndarray,
    bank_member: np.ndarray,
    bank_cumulative: np.ndarray,
) -> None:
    """Fill every borrower's row; `cumulative` holds segment (0) and platform (1) shares, the rest is by segment."""
    for number in range(len(rows)):
        row = rows[number]
        own = entity_key(key, number)
        segment = place_in(uniform(own, SEGMENT), cumulative[0])
        region = np.int64(min(uniform(own, REGION) * regions, regions - 1))
        z = normal(own, CREDITWORTHINESS)
        row.segment = segment
        row.region = region
        row.platform = place_in(uniform(own, SCENE), cumulative[1])
        row.creditworthiness = z
        fen = amount[segment, 0] * math.exp(amount[segment, 1] * normal(own, AMOUNT))
        row.amount = np.int64(max(1.0, min(fen, LARGEST_LOAN)))  # a loan of nothing would be none
        spread = reservation[segment, 1] * normal(own, RESERVATION) - reservation[segment, 2] * z
        row.reservation_rate = reservation[segment, 0] * math.exp(spread)
        if uniform(own, OWNER) < owned[segment]:
            place = uniform(own, OWNER_BANK)
            for i in range(bank_start[region], bank_start[region + 1]):
                if place < bank_cumulative[i]:
                    row.owner = bank_member[i]
                    break


def place_in(draw_: float, cumulative: np.ndarray) -> int:
    """Index of the first cumulative share above the draw."""
    for i in range(len(cumulative) - 1):
        if draw_ < cumulative[i]:
            return i
    return len(cumulative) - 1


def found_borrowers(parameters: Parameters, seed: int, shares: CustomerShares) -> Table:
    """The table of borrowers; `shares` from `customer_shares`."""
    population = parameters.population
    rows = table(BORROWER, population.borrowers)
    width = max(3, parameters.platforms.number)
    cumulative = np.ones((2, width))
    cumulative[0, :3] = np.cumsum(population.segment_share.as_array())
    cumulative[1, : parameters.platforms.number] = np.cumsum(parameters.platforms.user_share)
    cumulative[0, 2:] = cumulative[1, parameters.platforms.number - 1 :] = 1.0
    amount = np.column_stack([population.loan_median.as_array() * 100.0, np.full(3, population.loan_sigma)])
    reservation = np.column_stack(
        [
            population.reservation_rate.as_array(),
            np.full(3, population.reservation_sigma),
            np.full(3, population.reservation_slope),
        ]
    )
    key = key_of_month(seed, BEFORE)
    compiled(found_rows)(
        rows,
        key,
        cumulative,
        population.regions,
        amount,
        reservation,
        population.initial_owner_share.as_array(),
        *shares,
    )
    return rows
