"""Sites that run credit requests, and the people who make, approve and withdraw them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from e2e_channels import SqlDoor, over
from e2e_site import GP, SALES, Answer, Row, Site, site

FLOW = "credit_requests"
SET = "gp365_creditrequests"
DRAFT, SUBMITTED, APPROVED, REFUSED, DONE, FAILED, SUPERSEDED = range(1, 8)
NO_CREDIT, UNLIMITED, AMOUNT = range(3)
THRESHOLD = 2000


@contextmanager
def credit_site(folder: Path, way: str, settings: str = "") -> Generator[Site]:
    """Run the sample data of both worlds with credit requests over a channel; Dana approves all, Eli up to 10,000.

    `settings` are further tables of the settings.
    """
    with site(folder, provisioned=False) as made:
        over(way, made)
        more = '"receivables", ' if way == "sql" else ""
        made.settings('flows = ["customers"]', f'flows = ["customers", {more}"{FLOW}"]')
        path = made.folder / "gp365.toml"
        options = f'\n[pairs.fabrikam.options]\nthreshold = "{THRESHOLD}"\n'
        path.write_text(path.read_text("utf-8") + options + settings, "utf-8")
        (made.folder / "way").write_text(way, "utf-8")
        people = users(made)
        lines = f"approver,up_to\n{people['Dana']},\n{people['Eli']},10000\n{people['Sam']},\n"
        (made.folder / "lookups").mkdir(exist_ok=True)
        (made.folder / "lookups" / "credit_approvers.csv").write_text(lines, "utf-8")
        assert made.run("provision", "apply").code == 0
        done = made.sync()
        assert done.code == 0, done.out + done.err
        yield made


def users(at: Site) -> dict[str, str]:
    """Give the ids of people in the organisation: Sam sells, Dana and Eli work in credit, Nick sells, too."""
    held = sorted(at.rows(SALES, "systemusers"), key=lambda row: str(row["systemuserid"]))
    sam = next(row["systemuserid"] for row in held if row["fullname"] == "Sam Seller")
    others = [
        row["systemuserid"] for row in held if not row.get("applicationid") and row["systemuserid"] != sam
    ]
    return {"Sam": sam, **dict(zip(("Dana", "Eli", "Nick"), others, strict=False))}


class Desk:
    """What people do with requests, each under their own name."""

    def __init__(self, at: Site) -> None:
        self.at = at
        self.people = users(at)
        held = {row["systemuserid"]: row["fullname"] for row in at.rows(SALES, "systemusers")}
        self.names = {who: held[id_] for who, id_ in self.people.items()}

    def ask(self, number: str, who: str = "Sam", state: int = SUBMITTED, **values: Any) -> str:
        """Make a request for a customer and return its id."""
        card = self.at.card(number)
        given = {
            "gp365_name": f"request for {number}",
            "gp365_CardId@odata.bind": f"/gp365_customers({card['gp365_customerid']})",
            "gp365_AccountId@odata.bind": f"/accounts({card['_gp365_accountid_value']})",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({card['_transactioncurrencyid_value']})",
            "gp365_state": state,
            **{f"gp365_{name}" if "@" not in name else name: value for name, value in values.items()},
        }
        return str(self._act(who, given)["gp365_creditrequestid"])

    def ask_for_card(self, card: str) -> str:
        """Make a request that names this card, or none at all."""
        given = {"gp365_name": "for a card", "gp365_state": SUBMITTED, "gp365_limittype": NO_CREDIT}
        bound = {"gp365_CardId@odata.bind": f"/gp365_customers({card})"} if card else {}
        return str(self._act("Sam", {**given, **bound})["gp365_creditrequestid"])

    def card(self, company: str) -> str:
        """Make a card by hand, which no sync has linked."""
        account = self.at.card("CONTOSOL0001")["_gp365_accountid_value"]
        values = {
            "gp365_name": f"by hand in {company}",
            "gp365_company": company,
            "gp365_number": "BYHAND",
            "gp365_numberkey": "BYHAND",
            "gp365_AccountId@odata.bind": f"/accounts({account})",
        }
        order = {"table": "gp365_customers", "as": self.people["Sam"], "values": values}
        return str(self.at.door(SALES, "POST", "/act", order)["rows"][0]["gp365_customerid"])

    def limit(self, number: str, amount: int, who: str = "Sam", **values: Any) -> str:
        """Ask for a limit."""
        return self.ask(number, who, limittype=AMOUNT, limit=amount, **values)

    def change(self, request: str, who: str, **values: Any) -> None:
        """Change a request."""
        self._act(who, {f"gp365_{name}": value for name, value in values.items()}, request)

    def approve(self, request: str, who: str = "Dana") -> None:
        """Approve a request in Sales."""
        self.change(request, who, state=APPROVED)

    def shown(self, request: str) -> Row:
        """Return a request as it stands."""
        return self.at.row(SALES, SET, request)

    def state(self, request: str) -> int:
        """Return the state of a request."""
        return int(self.shown(request)["gp365_state"])

    def says(self, request: str) -> str:
        """Return what a request says about itself."""
        return str(self.shown(request).get("gp365_message") or "")

    def _act(self, who: str, values: dict[str, Any], request: str = "") -> Row:
        order: dict[str, Any] = {"table": SET, "as": self.people[who], "values": values}
        if request:
            order["id"] = request
        told: Row = self.at.door(SALES, "POST", "/act", order)["rows"][0]
        return told


def granted(at: Site, number: str) -> tuple[int, Decimal]:
    """Return what GP grants a customer: type and amount."""
    row = at.row(GP, "RM00101", number)
    return int(row["CRLMTTYP"]), Decimal(str(row["CRLMTAMT"]))


def grants(at: Site, number: str, amount: int, kind: int = AMOUNT, **values: Any) -> None:
    """Let a clerk change a customer in GP."""
    at.put(GP, "RM00101", number, CRLMTTYP=kind, CRLMTAMT=str(amount), **values)


def ran(answer: Answer) -> Row:
    """Return the last run of the flow, and see that every equation balances."""
    assert answer.balanced, answer.out + answer.err
    return [run for run in answer.json["runs"] if run["flow"] == FLOW][-1]


def falls_away(at: Site, fault: str) -> SqlDoor:
    """Let the next write to GP fall away, whichever way it goes; return the door that tells whether it did."""
    way = (at.folder / "way").read_text("utf-8")
    door = SqlDoor.of(at, way)
    place = {"match": "^COMMIT$"} if way == "sql" else {"path": "UpdateCustomer$"}
    door.faults({**place, "do": fault, "times": 1})
    return door
