"""Doctor's matrix of entities and channels: what is proved, refused or assumed, and which channel is chosen why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from gp_place import CLERK, place
from gp_sql_place import LOGIN, sql_place

from gp365.connectors.gp import RESOURCES, GpConnector, GpSettings, Ways, with_overrides
from gp365.connectors.gp.channel import Channel
from gp365.connectors.gp.matrix import Cell, Line, Reads, Why, matrix
from gp365.connectors.gp.matrix_offers import add_ons, offers
from gp365.connectors.gp.sql import SqlChannel, SqlSettings
from gp365.connectors.gp.sql.desk import Desk
from gp365.connectors.gp.sql.role import script
from gp365.connectors.gp.sql.versions import version
from gp365.connectors.gp.tables import NAMES
from gp365.connectors.gp.versions import pack_of, packs, seen
from gp365.model.contract import Finding, Level, Tally
from gp365.model.entity import EntityDescription
from gp365.model.record import Op, Status, Write
from gp365.store.scratch import ScratchFile
from gp365.wire.clock import Clock
from gp365_sim.gp.sql.rights import Login
from gp365_sim.gp.users import User


def lines(connector: GpConnector) -> dict[str, Line]:
    return {line.entity: line for line in matrix(connector, connector.check())}


def only(line: Line) -> Cell:
    [cell] = line.cells
    return cell


def test_every_entity_over_sql_is_really_asked_for_and_nothing_is_written(tmp_path: Path) -> None:
    with sql_place(tmp_path) as here:
        found = lines(here.connector)
        assert set(found) == set(NAMES)
        assert {only(line).reads for line in found.values()} == {Reads.PROVED}
        assert {(line.reader, line.reader_why) for line in found.values()} == {("sql", Why.ONLY)}
        assert {name for name, line in found.items() if line.writer} == {
            *("customer", "customer_address", "customer_class", "vendor", "vendor_address"),
            *("receivables_document", "cash_receipt", "apply", "sales_document", "purchase_order"),
        }
        assert only(found["customer"]).deletions == "unseen"
        assert only(found["payment_terms"]).deletions == only(found["gl_balance"]).deletions == "compared"
        assert not [text for text in here.asked() if "EXEC @" in text]


def test_a_closed_table_is_refused_and_named(tmp_path: Path) -> None:
    text = re.sub(r"GRANT SELECT ON \[dbo\]\.\[RM00103\].*\n", "", script())
    grants: dict[str, Mapping[str, frozenset[str]]] = {
        database: {name: frozenset({right}) for right, name in re.findall(_GRANT, part)}
        for database, part in zip(("TWO", "DYNAMICS"), text.split("-- system database"), strict=True)
    }
    with sql_place(tmp_path, logins=(Login(LOGIN.name, LOGIN.password, {}, grants),)) as here:
        found = lines(here.connector)
        refused = only(found["receivables_summary"])
        assert refused.reads is Reads.REFUSED and "RM00103" in refused.said
        assert only(found["customer"]).reads is Reads.PROVED


_GRANT = r"GRANT (SELECT|EXECUTE) ON \[dbo\]\.\[((?!gp365_)\w+)\]"


def test_a_channel_that_is_only_read_writes_nothing(tmp_path: Path) -> None:
    with sql_place(tmp_path, read_only=True) as here:
        assert {line.writer for line in lines(here.connector).values()} == {""}


def test_a_server_that_does_not_answer_proves_nothing(tmp_path: Path) -> None:
    with sql_place(tmp_path, server="127.0.0.1:1") as here:
        found = lines(here.connector)
        assert {only(line).reads for line in found.values()} == {Reads.DOWN}
        assert only(found["customer"]).said


def test_over_rest_what_the_user_may_not_see_is_refused_and_the_rest_proved(tmp_path: Path) -> None:
    rights = frozenset({"Customer Maintenance", "Customer Class Setup"})
    with place(tmp_path, users=[User(CLERK.name, CLERK.password, windows=rights)]) as gp:
        found = {name: only(line).reads for name, line in lines(gp.connector).items()}
        assert found["customer"] is found["customer_class"] is found["company"] is Reads.PROVED
        assert found["payment_terms"] is found["customer_address"] is Reads.REFUSED


def test_a_verb_that_the_settings_take_from_a_resource_is_refused_with_the_line_that_gives_it(
    tmp_path: Path,
) -> None:
    lean = with_overrides(RESOURCES, {"customer": {"verbs": ["GET", "PATCH"]}})
    with place(tmp_path, resources=lean) as gp:
        described = gp.connector.entity("customer")
        assert described.updates and not described.creates
        [outcome] = gp.connector.write("customer", [Write(Op.CREATE, ("NEW1",), {"CustomerName": "New"})])
        assert outcome.status is Status.REJECTED and outcome.error is not None
        assert outcome.error.fix == described.opens_writing
        assert "Add POST to `verbs` in [systems.gp.resources.customer]" in described.opens_writing


def test_a_channel_that_cannot_write_names_the_other_that_can(tmp_path: Path) -> None:
    shut = SqlChannel(SqlSettings("gp", "gp.invalid", "TWO", read_only=True))
    site = GpSettings("gp", "https://gp.invalid/GPService", "Fabrikam, Inc.", "", None)
    with ScratchFile(tmp_path / "scratch") as scratch:
        made = GpConnector(site, scratch=scratch, more=[shut])
        fix = made.entity("customer").opens_writing
    assert "read_only = true" in fix
    assert 'write = "rest" in [systems.gp.channels.customer]' in fix


@dataclass
class Told:
    """A channel that answers as it is told."""

    way: str
    served: Mapping[str, EntityDescription]
    found: Sequence[Finding] = ()
    asked: list[str] = field(default_factory=list[str])

    def check(self) -> Sequence[Finding]:
        return self.found

    def entities(self) -> Sequence[str]:
        return list(self.served)

    def entity(self, name: str) -> EntityDescription:
        return self.served[name]

    def get(self, entity: str, keys: Any, fields: Any, *, fresh: bool = False) -> dict[Any, Any]:
        self.asked.append(entity)
        return {}

    def tally(self) -> Tally:
        return Tally(len(self.asked), 0, {})


def two(
    sql: Sequence[Finding], rest: Sequence[Finding], ways: Mapping[str, Ways] | None = None
) -> GpConnector:
    more = [Told("sql", offers()["sql"].entities, sql), Told("rest", offers()["rest"].entities, rest)]
    site = GpSettings("gp", "", "Fabrikam, Inc.", "", None)
    return GpConnector(
        site, scratch=cast("Any", None), more=[cast("Channel", each) for each in more], ways=ways
    )


OK_SQL = Finding("customer", Level.OK, "read", facts={"channel": "sql", "tables": ["RM00101"]})
OK_REST = Finding("customer", Level.OK, "served", facts={"channel": "rest", "path": "Sales/Customers"})


def test_of_two_channels_sql_is_chosen_by_order_unless_the_settings_say_otherwise() -> None:
    line = lines(two([OK_SQL], [OK_REST]))["customer"]
    assert [cell.way for cell in line.cells] == ["sql", "rest"]
    assert (line.reader, line.reader_why, line.writer, line.writer_why) == (
        "sql",
        Why.ORDER,
        "sql",
        Why.READING,
    )
    line = lines(two([OK_SQL], [OK_REST], {"customer": Ways("sql", "rest")}))["customer"]
    assert (line.reader, line.reader_why, line.writer, line.writer_why) == (
        "sql",
        Why.SETTINGS,
        "rest",
        Why.SETTINGS,
    )


def test_what_was_not_asked_is_assumed() -> None:
    found = lines(two([OK_SQL], [OK_REST]))
    assert {cell.reads for cell in found["customer"].cells} == {Reads.PROVED}
    assert {cell.reads for cell in found["payment_terms"].cells} == {Reads.ASSUMED}


def test_a_note_of_the_same_name_does_not_hide_what_is_said_of_the_entity() -> None:
    note = Finding("currency", Level.NOTE, "Amounts are sent with their currency.")
    served = Finding("currency", Level.OK, "served", facts={"channel": "soap"})
    told = Told("soap", offers()["soap"].entities, (note, served))
    site = GpSettings("gp", "", "Fabrikam, Inc.", "", None)
    found = lines(GpConnector(site, scratch=cast("Any", None), more=[cast("Channel", told)]))
    assert only(found["currency"]).reads is Reads.PROVED


def test_channels_that_are_not_set_up_say_what_they_would_serve() -> None:
    assert set(offers()["sql"].entities) == set(NAMES)
    assert offers()["sql"].serves("customer", field="BillTo.Email")
    assert not offers()["rest"].serves("customer", field="BillTo.Email")
    assert not offers()["rest"].serves("gl_balance")
    assert offers()["sql"].serves("vendor", verb="create")
    assert not offers()["sql"].serves("item", verb="create")
    for offer in offers().values():
        assert "systems.ours" in offer.enable("ours")


def test_add_ons_are_found_not_found_or_unknown() -> None:
    used = Finding("National accounts", Level.NOTE, "in use", facts={"table": "RM00105", "assumed": False})
    told = {"sql": [(each.subject, each) for each in (OK_SQL, used)]}
    states = {one.name: one.found for one in add_ons(told)}
    assert states == {
        "National accounts": True,
        "Extended Pricing": False,
        "Analytical Accounting": False,
        "Tax engine": None,
    }
    assert {one.found for one in add_ons({"rest": [("customer", OK_REST)]})} == {None}
    assert [one.name for one in add_ons(told) if one.refuses] == ["Extended Pricing"]


# versions


@pytest.mark.parametrize(
    ("major", "minor", "name"),
    [
        (18, 3, "18.x"),
        (18, 0, "2018"),
        (16, 0, "2016"),
        (14, 0, "2015"),
        (12, 0, "2013"),
        (9, 0, "2013"),
        (21, 0, ""),
    ],
)
def test_a_version_number_is_one_of_the_known_versions(major: int, minor: int, name: str) -> None:
    found = pack_of(major, minor)
    assert (found.name if found else "") == name


def test_the_versions_have_what_is_published_and_say_what_is_assumed() -> None:
    known = packs()
    assert known["2016"].ends == date(2026, 7, 14) and known["18.x"].fixes_until == date(2031, 4, 30)
    assert not known["2013"].rest and all(pack.rest for name, pack in known.items() if name != "2013")
    assert all(pack.assumed for name, pack in known.items() if name not in ("2015",))


class Server:
    """A SQL Server that knows the version of its databases, and the columns that it is told."""

    broken = False

    def __init__(self, numbers: tuple[int, ...] | None, columns: Sequence[str] = ()) -> None:
        self.numbers, self.columns = numbers, columns

    def query(self, text: str, values: Sequence[Any] = (), *, page: int = 1000, last: bool = False) -> Any:
        if "sys].[columns]" in text:
            yield [(name,) for name in self.columns]
        elif "OBJECT_ID" in text:
            yield [(None if self.numbers is None else 7,)]
        elif "DB_Upgrade" in text:
            assert list(values) == ["TWO", "DYNAMICS"]
            yield [("TWO  ", *(self.numbers or ()), 0)]
        else:
            yield []

    def close(self) -> None:
        pass


def asked(server: Server) -> Finding:
    return version(Desk(SqlSettings("gp", "sql.example", "TWO"), Clock(), cast("Any", lambda *_: server)))


def test_sql_server_tells_the_version_and_newer_columns() -> None:
    finding = asked(Server((18, 3, 1173), ["VENDORID", "ONEPAYPERVENDINV"]))
    assert finding.level is Level.OK and "18.3.1173" in finding.text
    told = seen([Finding(f"sql: {finding.subject}", finding.level, finding.text, facts=finding.facts)])
    assert (told.major, told.minor, told.text) == (18, 3, "18.3.1173")
    assert told.columns == ("PM00200.ONEPAYPERVENDINV",)


def test_a_version_that_is_not_shown_is_a_note_with_its_fix() -> None:
    finding = asked(Server(None))
    assert finding.level is Level.NOTE and 'version = "18.x"' in finding.fix
    assert seen([finding]).major == 0
