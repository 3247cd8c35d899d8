"""The schema plan: the mapping as it is proposed, and what will be made in Gorgias, before anything is made."""

from migrator_lib.plan.planning import STAGE, Plan, make_plan

__all__ = ["STAGE", "Plan", "make_plan"]
