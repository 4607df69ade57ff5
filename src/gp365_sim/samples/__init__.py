"""Sample data of both worlds: Fabrikam, Inc. in GP and its accounts in Sales, or generated firms of any number.

A second company of GP, Fabrikam Canada, shares customers with the first.

Sources and what is invented stand in `_meta` of each file under `data/`.
"""

from gp365_sim.samples.fabrikam import fabrikam, fabrikam_canada
from gp365_sim.samples.generated import generated
from gp365_sim.samples.rows import Row, Samples

__all__ = ["Row", "Samples", "fabrikam", "fabrikam_canada", "generated"]
