"""A database connection of an integration for the tests of the eConnect procedures: a company and its calls."""

from contextlib import contextmanager
from dataclasses import dataclass

from gp365_sim.core.clock import Clock
from gp365_sim.gp.company import Company, Identity
from gp365_sim.gp.econnect import call, number_of, signatures
from gp365_sim.gp.sqltypes import folded
from gp365_sim.gp.tables import folded_key


@dataclass
class Office:
    """A company database and what a client with rights can do with it."""

    company: Company
    clock: Clock

    def call(self, procedure, **values):
        """EXEC a procedure with parameters by plain name, outputs named as T-SQL wants them."""
        by_plain = {each.plain: each.name for each in signatures()[procedure]}
        given = {each.name: None for each in signatures()[procedure] if each.output}
        given |= {by_plain[name]: value for name, value in values.items()}
        return call(self.company, self.company.system, procedure, given)

    def done(self, procedure, **values):
        """Call a procedure that must succeed."""
        result = self.call(procedure, **values)
        assert result.state == 0, result.errors
        return result

    def refused(self, procedure, *meanings, **values):
        """Call a procedure that must end with exactly these errors."""
        result = self.call(procedure, **values)
        assert result.errors.split() == [str(number_of(each)) for each in meanings]
        assert result.state == result.rc == number_of(meanings[0])

    def rows(self, table, **wanted):
        """The rows of a table with these values, as SQL compares."""
        base = self.company if table in self.company else self.company.system
        found = [
            row for row in base.rows(table) if all(same(row[name], each) for name, each in wanted.items())
        ]
        return sorted(found, key=lambda row: row.get("DEX_ROW_ID", 0))

    def row(self, table, **wanted):
        """The one row of a table with these values."""
        (found,) = self.rows(table, **wanted)
        return found

    def fill(self, table, *rows):
        """Put rows into a table of the company or of DYNAMICS, as an import does."""
        if table in self.company:
            self.company.load(lambda: [(table, row) for row in rows])
        else:
            system = self.company.system
            for row in rows:
                system.insert(table, system[table].table.accepted(row), system.statement())

    def set(self, table, key, **values):
        """Change a row as a clerk or a process of GP does."""
        base = self.company if table in self.company else self.company.system
        base.update(table, folded_key(map(str, key)), base[table].table.accepted(values), base.statement())

    @contextmanager
    def unchanged(self):
        """Nothing is written by the block."""
        before = {name: self.company.rows(name) for name in self.company}
        yield
        assert {name: self.company.rows(name) for name in self.company} == before


def same(held, wanted):
    return folded(held) == folded(wanted) if isinstance(wanted, str) else held == wanted


def office():
    """An empty company with the setup that cards need."""
    clock = Clock()
    made = Office(Company(Identity(), clock.now), clock)
    made.fill("MC40200", {"CURNCYID": "Z-US$", "CURRNIDX": 1007}, {"CURNCYID": "Z-C$", "CURRNIDX": 1001})
    made.fill("SY03300", {"PYMTRMID": "Net 30", "DUETYPE": 1, "DUEDTDS": 30})
    made.fill("RM00301", {"SLPRSNID": "PAUL W."}, {"SLPRSNID": "GONE", "INACTIVE": 1})
    made.fill("RM00303", {"SALSTERR": "TERRITORY 1"})
    made.fill("TX00101", {"TAXSCHID": "USASTCITY-6*"})
    made.fill(
        "SY00300",
        *({"SGMTNUMB": n, "LOFSGMNT": w, "MNSEGIND": int(n == 2)} for n, w in ((1, 3), (2, 4), (3, 2))),
    )
    made.fill("GL40200", *({"SGMTNUMB": n, "SGMNTID": each} for n, each in SEGMENTS))
    made.fill("GL00102", {"ACCATNUM": 3, "ACCATDSC": "Accounts Receivable"})
    for index, number in ((1, "000-1100-00"), (2, "000-1200-00"), (3, "000-4100-00"), (4, "000-5000-00")):
        made.fill("GL00100", {"ACTINDX": index, "ACTDESCR": number, "ACTIVE": 1})
        made.fill("GL00105", {"ACTINDX": index, "ACTNUMST": number})
    made.fill("RM00201", CLASS)
    return made


SEGMENTS = ((1, "000"), (2, "1100"), (2, "1200"), (2, "4100"), (2, "5000"), (2, "7000"), (3, "00"))
CLASS = {
    "CLASSID": "USA-ILMO-T1",
    "CLASDSCR": "Illinois and Missouri",
    "CRLMTTYP": 2,
    "CRLMTAMT": 25000,
    "PYMTRMID": "Net 30",
    "PRCLEVEL": "RETAIL",
    "TAXSCHID": "USASTCITY-6*",
    "CURNCYID": "Z-US$",
    "RMARACC": 2,
    "RMSLSACC": 3,
    "KPCALHST": 1,
    "KPERHIST": 1,
    "KPTRXHST": 1,
    "KPDSTHST": 1,
    "STMTCYCL": 5,
}
