"""The planner: a pure function from two records, the agreed pairs and the flow to what shall be written, and why."""

from gp365.sync.plan.facts import Facts, RefState
from gp365.sync.plan.rows import CompiledFlow, CompiledRow, compile_rows
from gp365.sync.plan.subject import plan_subject

__all__ = ["CompiledFlow", "CompiledRow", "Facts", "RefState", "compile_rows", "plan_subject"]
