"""The figures of the report, one file each; FIGURES is their list.

A figure is a function of a `Reading` that returns the drawing and the numbers behind it, or None where the result holds
nothing to draw.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from colend.report.figures.beside_twins import beside_twins
from colend.report.figures.capability import capability
from colend.report.figures.choices import choices
from colend.report.figures.club_diffusion import club_diffusion
from colend.report.figures.club_graph import club_graph
from colend.report.figures.comparison import comparison
from colend.report.figures.convergence import convergence
from colend.report.figures.customers import customers
from colend.report.figures.every_alliance import every_alliance
from colend.report.figures.evidence import evidence
from colend.report.figures.fishing import fishing
from colend.report.figures.gates import gates
from colend.report.figures.inclusion import inclusion
from colend.report.figures.income import income
from colend.report.figures.lending import lending
from colend.report.figures.life import life
from colend.report.figures.limit_use import limit_use
from colend.report.figures.losses import losses
from colend.report.figures.over_sample import over_sample
from colend.report.figures.rules import rules
from colend.report.figures.sensitivities import sensitivities
from colend.report.figures.stages import stages
from colend.report.figures.stress import stress
from colend.report.figures.sweep import sweep
from colend.report.figures.sweep_map import sweep_map
from colend.report.figures.sweep_points import sweep_points
from colend.report.figures.timeline import timeline
from colend.report.figures.value_parts import value_parts
from colend.report.reading import Reading

FIGURES: tuple[tuple[str, Callable[[Reading], tuple[Figure, pd.DataFrame] | None]], ...] = (
    ("01_joint_lending", lending),
    ("02_loss_rates", losses),
    ("03_own_customers", customers),
    ("04_capability", capability),
    ("05_alliances_by_stage", stages),
    ("06_timeline", timeline),
    ("07_who_is_served", inclusion),
    ("08_income", income),
    ("09_comparison", comparison),
    ("10_one_alliance", life),
    ("11_every_alliance", every_alliance),
    ("12_sweep", sweep),
    ("13_evidence", evidence),
    ("14_sweep_map", sweep_map),
    ("15_sweep_points", sweep_points),
    ("16_sensitivity", sensitivities),
    ("17_fishing_index", fishing),
    ("18_stress", stress),
    ("19_rules_and_lending", rules),
    ("20_limit_use", limit_use),
    ("21_club", club_graph),
    ("22_club_diffusion", club_diffusion),
    ("23_convergence", convergence),
    ("24_choices", choices),
    ("25_over_sample", over_sample),
    ("26_beside_twins", beside_twins),
    ("27_gates", gates),
    ("28_value_parts", value_parts),
)
# Drawn of a whole sweep; all others show one point of it, which says little where points are a sample.
OF_ALL_POINTS = (sweep, sweep_map, sweep_points, sensitivities, over_sample)
