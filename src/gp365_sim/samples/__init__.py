"""Sample data of both worlds: Fabrikam, Inc. in GP and its accounts in Sales, or generated firms of any number.

Sources and what is invented stand in `_meta` of each file under `data/`.
"""

from gp365_sim.samples.fabrikam import fabrikam
from gp365_sim.samples.generated import generated
from gp365_sim.samples.rows import Row, Samples

__all__ = ["Row", "Samples", "fabrikam", "generated"]
