"""Making connectors from settings; a system's own code is imported only when the project has such a system."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from gp365.app.project import Project
from gp365.app.settings import ClientSettings, DataverseSystem, GpSystem, MemorySystem
from gp365.app.settings_gp import GpSoapSettings, GpSqlSettings
from gp365.app.sharing import shared
from gp365.model.contract import Connector
from gp365.model.errors import Misconfigured

if TYPE_CHECKING:
    from gp365.connectors.dataverse import Credential, DataverseSettings
    from gp365.connectors.gp import Channel


def connect(project: Project, name: str, *, urgent: bool = False) -> Connector:
    """Make the connector of a system; nothing is sent yet. Misconfigured("system-unknown") if there is none.

    It shares places, budget and counts with the others of this system in the process; the calls of an `urgent` one go
    before those of the others.
    """
    system = project.settings.systems.get(name)
    if system is None:
        known = ", ".join(project.settings.systems)
        raise Misconfigured(
            "system-unknown", f"There is no system {name}.", value=name, fix=f"The systems are {known}."
        )
    if isinstance(system, GpSystem):
        return _gp(project, name, system, urgent=urgent)
    if isinstance(system, DataverseSystem):
        return _dataverse(project, name, system, urgent=urgent)
    return _memory(project, name, system)


def _gp(project: Project, name: str, given: GpSystem, *, urgent: bool) -> Connector:
    from gp365.connectors.gp import RESOURCES, GpConnector, GpSettings, Ways, with_overrides
    from gp365.wire.gate import Turn
    from gp365.wire.retries import Retries

    _check_names(name, given)
    overrides = {entity: lines.model_dump(exclude_none=True) for entity, lines in given.resources.items()}
    settings = GpSettings(
        name=name,
        url=given.url,
        company=given.company,
        user=given.user,
        password=project.secret(given.password, f"systems.{name}.password") if given.password else None,
        tenant=given.tenant,
        interid=given.interid,
        time_zone=given.time_zone,
        ca_file=_file(project, given.ca_file),
        functional_currency=given.functional_currency,
        lanes=given.lanes,
        spacing_ms=given.spacing_ms,
        allow_basic=given.allow_basic,
        timeout_s=given.timeout_s,
        first_timeout_s=given.first_timeout_s,
        single_limit=given.single_limit,
        page=given.page,
        resources=with_overrides(RESOURCES, overrides),
        names=given.names,
        main_code=given.main_code,
        bill_to_code=given.bill_to_code,
        ship_to_code=given.ship_to_code,
        read_back=given.read_back,
    )
    common = shared(project, name)
    rest = (
        common.turn(project, "rest", given.lanes, given.spacing_ms / 1000, urgent=urgent)
        if given.url
        else Turn()
    )
    return GpConnector(
        settings,
        scratch=project.scratch,
        log=common.counted(project.log.call),
        retries=Retries(seconds=given.retry_seconds),
        turn=rest,
        more=[
            *([_gp_sql(project, name, given, given.sql, urgent=urgent)] if given.sql is not None else []),
            *([_gp_soap(project, name, given, given.soap, urgent=urgent)] if given.soap is not None else []),
        ],
        ways={entity: Ways(chosen.read, chosen.write) for entity, chosen in given.channels.items()},
    )


def _gp_sql(project: Project, name: str, given: GpSystem, sql: GpSqlSettings, *, urgent: bool) -> Channel:
    from gp365.connectors.gp.sql import SqlChannel, SqlSettings

    settings = SqlSettings(
        name=name,
        server=sql.server,
        database=sql.database or given.interid,
        user=sql.user,
        password=project.secret(sql.password, f"systems.{name}.sql.password") if sql.password else None,
        driver=sql.driver,
        authentication=sql.authentication,
        system_database=sql.system_database,
        encrypt=sql.encrypt,
        ca_file=_file(project, sql.ca_file),
        company=given.company,
        lanes=sql.lanes,
        page=sql.page,
        timeout_s=sql.timeout_s,
        lock_timeout_s=sql.lock_timeout_s,
        overlap_s=sql.overlap_s,
        compare_h=sql.compare_h,
        history_months=sql.history_months,
        read_only=sql.read_only,
        posting_date=sql.posting_date,
        main_code=given.main_code,
        bill_to_code=given.bill_to_code,
        ship_to_code=given.ship_to_code,
        time_zone=given.time_zone,
        functional_currency=given.functional_currency,
    )
    common = shared(project, name)
    turn = common.turn(project, "sql", sql.lanes, 0.0, urgent=urgent)
    return SqlChannel(settings, turn=turn, asked=common.count_now)


def _gp_soap(project: Project, name: str, given: GpSystem, soap: GpSoapSettings, *, urgent: bool) -> Channel:
    from gp365.connectors.gp.soap import SoapChannel, SoapSettings
    from gp365.wire.retries import Retries

    password = soap.password or given.password
    where = f"systems.{name}.soap.password" if soap.password else f"systems.{name}.password"
    settings = SoapSettings(
        name=name,
        url=soap.url,
        user=soap.user or given.user,
        password=project.secret(password, where) if password else None,
        company=given.company,
        company_id=soap.company_id,
        interid=given.interid,
        culture=soap.culture,
        currency=given.functional_currency,
        currency_id=soap.currency_id,
        role=soap.role,
        ca_file=_file(project, soap.ca_file),
        lanes=soap.lanes,
        spacing_ms=soap.spacing_ms,
        timeout_s=soap.timeout_s,
        overlap_s=soap.overlap_s,
        compare_h=soap.compare_h,
        window=soap.window,
        allow_basic=given.allow_basic,
        main_code=given.main_code,
        bill_to_code=given.bill_to_code,
        ship_to_code=given.ship_to_code,
        classes=project.path(soap.classes or f"classes-{name}.toml"),
    )
    retries = Retries(seconds=given.retry_seconds)
    common = shared(project, name)
    turn = common.turn(project, "soap", soap.lanes, soap.spacing_ms / 1000, urgent=urgent)
    log = common.counted(project.log.call)
    return SoapChannel(settings, scratch=project.scratch, log=log, retries=retries, turn=turn)


def _check_names(name: str, given: GpSystem) -> None:
    """Refuse names of entities and fields that GP does not have here; they would change nothing, in silence."""
    from gp365.connectors.gp.tables import NAMES, entity_named

    for entity, fields in given.names.items():
        known = list(entity_named(entity).fields) if entity in NAMES else []
        unknown = next((field for field in fields if field not in known), "") if known else entity
        if unknown:
            at = f"systems.{name}.names.{entity}" + (f".{unknown}" if known else "")
            near = difflib.get_close_matches(unknown, known or NAMES, 1, 0.6)
            raise Misconfigured(
                "settings-invalid",
                f"gp365.toml: {at} names nothing that GP has here.",
                system=name,
                field=at,
                value=unknown,
                fix=f"Did you mean {near[0]}?" if near else "",
            )


def _dataverse(project: Project, name: str, given: DataverseSystem, *, urgent: bool) -> Connector:
    from gp365.connectors.dataverse import DataverseConnector, budget_of
    from gp365.wire.calls import Priority
    from gp365.wire.clock import Clock

    settings = dataverse_settings(project, name, given)
    common = shared(project, name)
    return DataverseConnector(
        settings,
        scratch=project.scratch,
        log=common.counted(project.log.call),
        budget=common.budget((settings.limits, settings.sizes.lanes), lambda: budget_of(settings, Clock())),
        priority=Priority.INTERACTIVE if urgent else Priority.BULK,
    )


def dataverse_settings(project: Project, name: str, given: DataverseSystem) -> DataverseSettings:
    """Return the connector's own settings of an organisation."""
    from gp365.connectors.dataverse import NEIGHBOURS, DataverseSettings, Limits, Neighbour, Sizes

    at = f"systems.{name}"
    return DataverseSettings(
        name=name,
        url=given.url,
        tenant_id=given.tenant_id,
        credential=_credential(project, given, at),
        authority=given.authority,
        ca_file=_file(project, given.ca_file),
        provision=_credential(project, given.provision, f"{at}.provision") if given.provision else None,
        tag=given.tag,
        retry_seconds=given.retry_seconds,
        sizes=Sizes(**given.sizes.model_dump()),
        limits=Limits(**given.limits.model_dump()),
        duplicate_rules=given.duplicate_rules,
        neighbours=(*NEIGHBOURS, *(Neighbour(who, tuple(marks)) for who, marks in given.neighbours.items())),
    )


def _credential(project: Project, given: ClientSettings, at: str) -> Credential:
    from gp365.connectors.dataverse import Credential

    return Credential(
        given.client_id,
        project.secret(given.client_secret, f"{at}.client_secret") if given.client_secret else None,
        project.secret(given.certificate, f"{at}.certificate") if given.certificate else None,
    )


def _memory(project: Project, name: str, given: MemorySystem) -> Connector:
    from gp365.connectors.memory import MemoryConnector
    from gp365.connectors.memory.descriptions import from_json

    entities = None
    if given.entities:
        path = project.path(given.entities)
        try:
            entities = from_json(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            where = f"systems.{name}.entities"
            message = f"{where}: {given.entities} holds no entity descriptions ({type(error).__name__})."
            raise Misconfigured("settings-invalid", message, field=where, value=given.entities) from None
    return MemoryConnector.open(
        project.path(given.path), name, entities, clock=project.clock, page=given.page
    )


def _file(project: Project, name: str) -> Path | None:
    if not name:
        return None
    path = project.path(name)
    if not path.is_file():
        raise Misconfigured(
            "settings-invalid",
            f"ca_file names a file that is not there: {name}.",
            field="ca_file",
            value=name,
            fix="Put the certificate authority's file there, relative to the project folder.",
        )
    return path
