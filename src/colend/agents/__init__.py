"""The Mesa faces of the market: thin views that give a row of a table its names, and verbs that call the rules."""

from colend.agents.actors import Bank, CityBank, ConsumerFinanceCompany, Platform, RuralBank
from colend.agents.borrowers import Borrower, Borrowers
from colend.agents.model import MesaModel

__all__ = ["Bank", "Borrower", "Borrowers", "CityBank", "ConsumerFinanceCompany", "MesaModel", "Platform", "RuralBank"]
