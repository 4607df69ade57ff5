"""What a customer class gives to a new customer where the Web Services are asked: they have no classes and apply none.

Another channel of the company tells it where there is one; else a file of the site does, which a person has approved.
Nothing is guessed: a class that neither tells is refused, and the customer waits for a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from gp365.connectors.gp.channel import Channel
from gp365.connectors.gp.classes import implied, shared
from gp365.connectors.gp.soap.classfile import ClassSaid, read_classes
from gp365.connectors.gp.soap.settings import SoapSettings
from gp365.connectors.gp.soap.shapes import shape_of
from gp365.connectors.gp.values import capitals
from gp365.model.errors import Rejected
from gp365.model.values import Value, Values, show

_CLASS, _ACCOUNT = "customer_class", "gl_account"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What is sent of a class: `values` are what a customer must have afterwards, `accounts` numbers by our field."""

    class_id: str = ""
    values: Values = field(default_factory=dict[str, Value])
    accounts: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def sendable(self) -> Iterator[tuple[str, Value]]:
        """Give what has to be said: a new customer is empty where nothing is."""
        for name, value in self.values.items():
            if value is not None and not _unsayable(name, value):
                yield name, value


class Classes:
    """Tell the defaults of a class; what was read is forgotten with each run."""

    def __init__(self, settings: SoapSettings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._said: dict[str, ClassSaid | None] = {}
        self._file: Mapping[str, ClassSaid] | None = None
        self.source: Channel | None = None
        """Another channel of the company that serves classes."""

    def begin_run(self) -> None:
        """Forget what was read."""
        with self._lock:
            self._said.clear()
            self._file = None

    def defaults(self, planned: Values) -> Defaults:
        """Return what the class of a new customer gives it beside what is planned.

        Raises Rejected where nothing tells it, Misconfigured for a file with a fault.
        """
        class_id = capitals(show(planned.get("CustomerClass")).rstrip(" "))
        if not class_id:
            return Defaults()
        said = self._told(class_id)
        if said is None:
            raise self._unknown(class_id)
        values = implied(said.values, planned)
        for name, value in values.items():
            if value and (not _served(name) or _unsayable(name, value)):
                raise self._unsaid(class_id, name, value)
        served = {name: value for name, value in values.items() if _served(name)}
        return Defaults(class_id, served, said.accounts)

    @property
    def path(self) -> Path:
        """The site's file, which need not exist."""
        return self._settings.classes

    def file(self) -> Mapping[str, ClassSaid]:
        """Return the classes of the site's file, none where there is no file; Misconfigured for one with a fault."""
        if self._file is None:
            self._file = read_classes(self._settings.classes, self._settings.name)
        return self._file

    def _told(self, class_id: str) -> ClassSaid | None:
        with self._lock:
            if class_id not in self._said:
                self._said[class_id] = (
                    self._of_channel(self.source, class_id) if self.source else self._of_file(class_id)
                )
            return self._said[class_id]

    def _of_file(self, class_id: str) -> ClassSaid | None:
        found = self.file().get(class_id)
        return found if found is not None and found.approved else None

    def _of_channel(self, source: Channel, class_id: str) -> ClassSaid | None:
        found = source.get(_CLASS, [(class_id,)], [*shared(), *shape_of("customer").accounts])
        record = next(iter(found.values()), None)
        if record is None:
            return None
        accounts, values = dict[str, str](), dict(record.values)
        for name in shape_of("customer").accounts:
            index = values.pop(name, None)
            if index:
                accounts[name] = self._account(source, class_id, name, index)
        return ClassSaid(values, accounts, approved=True)

    def _account(self, source: Channel, class_id: str, name: str, index: Value) -> str:
        """Return an account's number: the service knows no index."""
        if _ACCOUNT in source.entities():
            for record in source.find(_ACCOUNT, "AccountIndex", [index], ["AccountNumber"]):
                if number := show(record.values.get("AccountNumber")):
                    return number
        raise self._unsaid(class_id, name, index)

    def _unknown(self, class_id: str) -> Rejected:
        system, place = self._settings.name, self._settings.classes
        if self.source is not None:
            message, fix = (
                f"Dynamics GP has no customer class {class_id}.",
                "Correct the lookup or default that gives the class.",
            )
        elif class_id not in self.file():
            message = (
                f"Nothing tells what the customer class {class_id} gives to a new customer: GP Web Services have no "
                f"classes, and {place.name} has no [{class_id}]."
            )
            fix = (
                f"Run `gp365 gp draft-classes --system {system} --write`, look at {place.name}, set approved = true, "
                "then `gp365 parked retry`."
            )
        else:
            message = f"Nobody has approved what {place.name} says of the customer class {class_id}."
            fix = f"Look at [{class_id}] in {place.name}, set approved = true, then `gp365 parked retry`."
        return Rejected("rejected", message, system=system, field="CustomerClass", value=class_id, fix=fix)

    def _unsaid(self, class_id: str, name: str, value: Value) -> Rejected:
        return Rejected(
            "rejected",
            f"The customer class {class_id} says {name} {show(value)}, which GP Web Services have no word for.",
            system=self._settings.name,
            field=name,
            value=show(value),
            fix=f'Let customers be written over another channel: write = "…" in '
            f"[systems.{self._settings.name}.channels.customer].",
        )


def _served(name: str) -> bool:
    return name in shape_of("customer").served


def _unsayable(name: str, value: Value) -> bool:
    """Say whether an enumeration has no word for a code."""
    place = shape_of("customer").whole.get(name)
    return place is not None and place.codes is not None and value not in place.codes.values()
