"""Versions of Dynamics GP as DYNAMICS..DB_Upgrade tells them: a row per database and product.

Columns and key are those of a public schema dump of a Dynamics GP 2013/2015 installation; that product 0 is Dynamics GP
itself and status 0 means finished is known from public scripts. The builds are assumed.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from gp365_sim.gp.system import SystemDatabase

Version = Literal["2013", "2015", "2016", "2018", "18.x"]
VERSIONS: Mapping[Version, tuple[int, int, int]] = {
    "2013": (12, 0, 1482),
    "2015": (14, 0, 725),
    "2016": (16, 0, 541),
    "2018": (18, 0, 439),
    "18.x": (18, 3, 1173),
}
NAMES: tuple[Version, ...] = get_args(Version)
PRODUCT, SMARTLIST = 0, 1493
DONE = 0


def stand_at(system: SystemDatabase, databases: Iterable[str], version: Version) -> None:
    """Let databases be of a version, SmartList in them one service pack behind, as happens."""
    for name in databases:
        for product, behind in ((PRODUCT, 0), (SMARTLIST, 1)):
            set_version(system, name, VERSIONS[version], product=product, behind=behind)


def set_version(
    system: SystemDatabase,
    database: str,
    numbers: tuple[int, int, int],
    *,
    product: int = PRODUCT,
    behind: int = 0,
    status: int = DONE,
) -> None:
    """Write the row of a product in a database; another `status` than DONE: an upgrade that has not come to its end."""
    major, minor, build = numbers
    today = system.today()
    values: dict[str, object] = {
        "db_verMajor": major,
        "db_verMinor": minor,
        "db_verBuild": build - behind,
        "db_verOldMajor": major,
        "db_verOldMinor": minor,
        "db_verOldBuild": build - behind,
        "db_status": status,
        "start_time": today,
        "stop_time": today,
    }
    if system.find("DB_Upgrade", database, product) is None:
        system.add("DB_Upgrade", {"db_name": database, "PRODID": product, **values})
    else:
        system.change("DB_Upgrade", (database, product), values)
