"""What the flows of the pairs need of a GP system, which of it no chosen channel serves, and what would help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gp365.app.actions.doctor_outputs import Lacking
from gp365.app.assembly import Assembly
from gp365.app.effective import rows_of, with_options
from gp365.app.loader import LoadedFlow
from gp365.app.options import pair_options
from gp365.connectors.gp import GpConnector
from gp365.connectors.gp.channel import Channel
from gp365.connectors.gp.matrix_offers import Offer, offers, title
from gp365.model.entity import EntityDescription
from gp365.model.errors import Gp365Error


@dataclass(frozen=True, slots=True)
class Need:
    """What one flow of one pair needs: an entity, or of it a verb or a field (for `row`; `required` stops the flow)."""

    pair: str
    flow: str
    entity: str
    verb: str = ""
    field: str = ""
    row: str = ""
    required: bool = True

    def met(self, described: EntityDescription | None) -> bool:
        """Say whether an entity as it is served meets the need; fields that it never had are the flow check's affair."""
        if described is None:
            return False
        if self.verb:
            return described.creates if self.verb == "create" else described.updates
        field = described.fields.get(self.field)
        return field is None or field.readable


def users(assembly: Assembly, system: str) -> dict[str, tuple[str, ...]]:
    """Return the flows (pair/flow) by the entity of a system that they run on."""
    found: dict[str, dict[str, None]] = {}
    for need in needs(assembly, system):
        found.setdefault(need.entity, {})[f"{need.pair}/{need.flow}"] = None
    return {entity: tuple(flows) for entity, flows in found.items()}


def needs(assembly: Assembly, system: str) -> Iterator[Need]:
    """Give what the flows of all pairs need of a system; a pair whose flows cannot be read needs nothing."""
    for pair, given in assembly.pairs.items():
        for side, named in given.sides.items():
            if named == system:
                try:
                    yield from list(_of_pair(assembly, pair, side))
                except Gp365Error:
                    continue  # doctor says it of the pair


def _of_pair(assembly: Assembly, pair: str, side: str) -> Iterator[Need]:
    given = assembly.pairs[pair]
    gp = assembly.project.settings.systems.get(given.sides[side])
    chosen = assembly.project.flows.chosen(given.flows)
    for loaded in chosen:
        if side in loaded.file.sides:
            yield from _of_flow(pair, side, loaded, pair_options(pair, given, loaded.file, gp, chosen))


def _of_flow(pair: str, side: str, loaded: LoadedFlow, options: Mapping[str, object]) -> Iterator[Need]:
    file, name = with_options(loaded.file, options), loaded.name
    own = file.sides[side]
    yield Need(pair, name, own.entity)
    for verb, wanted in (("create", own.create), ("update", own.update)):
        if wanted and not (verb == "create" and own.by_hand):
            yield Need(pair, name, own.entity, verb=verb)
    matched = {each for rule in file.match for each in rule.same or ()}
    for named in rows_of(file):
        for wire in named.wires(side):
            required = named.row.required or named.name in matched
            yield Need(pair, name, own.entity, field=wire, row=named.name, required=required)
    for rule in file.match:
        if rule.through is not None and rule.through.side == side:
            yield Need(pair, name, rule.through.entity)


def lacking(assembly: Assembly, system: str, connector: GpConnector) -> Iterator[Lacking]:
    """Give what flows need and the chosen channels do not serve."""
    for need in needs(assembly, system):
        if not need.met(_described(connector, need.entity)):
            yield _lacking(system, connector, need)


def _described(connector: GpConnector, entity: str) -> EntityDescription | None:
    try:
        return connector.entity(entity)
    except Gp365Error:
        return None


def _lacking(system: str, connector: GpConnector, need: Need) -> Lacking:
    here = tuple(channel.way for channel in connector.channels if need.met(_of_channel(channel, need.entity)))
    ways = {channel.way for channel in connector.channels}
    others = tuple(
        way
        for way, offer in offers().items()
        if way not in ways and offer.serves(need.entity, field=need.field, verb=need.verb)
    )
    what = need.verb or need.field or "reading"
    text = f"{_words(need)} is not served here: " + (
        "the flow does not run." if need.required else f"{need.row} is left out of every run."
    )
    fix = _fix(system, need, here, others, ways)
    row = need.row
    return Lacking(
        system, need.pair, need.flow, need.entity, what, row, need.required, here, others, text, fix
    )


def _of_channel(channel: Channel, entity: str) -> EntityDescription | None:
    return channel.entity(entity) if entity in channel.entities() else None


def _words(need: Need) -> str:
    return (
        f"{need.verb} of {need.entity}"
        if need.verb
        else f"reading {need.field or need.entity}" + (f" of {need.entity}" if need.field else "")
    )


def _fix(system: str, need: Need, here: tuple[str, ...], others: tuple[str, ...], ways: set[str]) -> str:
    """Say what would help: a channel that is there, one that could write, one to be enabled, or the flow itself."""
    if here:
        word = "write" if need.verb else "read"
        return f'{title(here[0])} serves it: write {word} = "{here[0]}" in [systems.{system}.channels.{need.entity}].'
    able = [offers()[way] for way in ways if need.verb and offers()[way].serves(need.entity, verb=need.verb)]
    told = [_let(system, need.entity, offer) for offer in able]
    told += [f"{offers()[way].title} would serve it. {offers()[way].enable(system)}" for way in others]
    return " Or: ".join(told) or "No channel of gp365 serves it: take it out of the flow."


def _let(system: str, entity: str, offer: Offer) -> str:
    return f"{offer.title} could serve it. {offer.let_write(system, entity)}"
