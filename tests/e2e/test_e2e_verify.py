"""Read-back over the real wire: what was acknowledged is looked up by another way, also after a kill."""

from __future__ import annotations

from typing import Any

from e2e_site import GP, Answer, Site

FIRST = "AARONFIT0001"


def verified(done: Answer, flow: str = "customers") -> dict[str, int]:
    """Add up what the runs of a flow have read back."""
    found: dict[str, int] = {}
    for run in done.json["runs"]:
        if run["flow"] == flow:
            for name, number in run["verified"].items():
                if isinstance(number, int):
                    found[name] = found.get(name, 0) + number
    return found


def unkept(done: Answer) -> list[dict[str, Any]]:
    return [one for run in done.json["runs"] for one in run["verified"]["unkept"]]


def test_a_first_sync_reads_a_share_of_its_writes_back_and_finds_them_as_written(fresh: Site) -> None:
    done = fresh.sync()
    assert done.code == 0, done.out
    for flow in ("customers", "customer_cards"):
        found = verified(done, flow)
        assert found["sampled"] >= 1 and found["agreed"] == found["sampled"], found
    lines = [run for run in fresh.run("history").json["runs"] if run["flow"] == "customers"]
    assert sum(run["verified"].get("agreed", 0) for run in lines) == verified(done)["agreed"]
    assert fresh.run("unkept", "list").json == {"unkept": []}


def test_a_write_to_gp_that_is_gone_when_it_is_read_back_fails_the_sync_and_is_written_again(
    lived_in: Site,
) -> None:
    before = lived_in.row(GP, "RM00102", f"{FIRST};PRIMARY")["PHONE1"]
    lived_in.edit_account_of(FIRST, telephone1="(312) 555-0177")
    lived_in.killed_at("recorded")
    assert lived_in.row(GP, "RM00102", f"{FIRST};PRIMARY")["PHONE1"] != before
    lived_in.put(GP, "RM00102", f"{FIRST};PRIMARY", PHONE1=before)
    assert sum(one["unread"] for one in lived_in.run("status").json["flows"]) >= 1
    done = lived_in.sync()
    assert done.code == 4 and done.balanced
    (named,) = unkept(done)
    assert (named["system"], named["entity"], named["key"]) == ("gp", "customer", FIRST)
    assert named["fields"][0]["acknowledged"] != named["fields"][0]["found"]
    held = lived_in.row(GP, "RM00102", f"{FIRST};PRIMARY")["PHONE1"]
    assert held.startswith("3125550177")
    assert lived_in.account_of(FIRST)["telephone1"] == "(312) 555-0177"
    rows = lived_in.run("history", "--ledger", "--limit", "200").json["rows"]
    told = [row for row in rows if row["kind"] == "verified" and row["disposition"] == "mismatch"]
    assert len(told) == 1 and FIRST in told[0]["summary"]
    assert lived_in.chain().ok
    again = lived_in.sync()
    assert again.code == 0 and again.written == 0


def test_a_persons_edit_before_the_read_back_is_taken_over_and_is_no_mismatch(lived_in: Site) -> None:
    lived_in.put(GP, "RM00102", "ADAMPARK0001;PRIMARY", PHONE1="31255501880000")
    lived_in.killed_at("recorded")
    lived_in.edit_account_of("ADAMPARK0001", telephone1="(312) 555-0199")
    done = lived_in.sync()
    assert done.code == 0, done.out
    found = verified(done)
    assert found["changed_since"] >= 1 and found["mismatched"] == 0
    assert lived_in.row(GP, "RM00102", "ADAMPARK0001;PRIMARY")["PHONE1"].startswith("3125550199")


def test_a_share_of_nothing_reads_nothing_back_and_a_share_of_all_reads_all(lived_in: Site) -> None:
    path = lived_in.folder / "gp365.toml"
    text = path.read_text("utf-8")
    try:
        path.write_text(f"{text}\n[verify]\nshare = 0.0\n", "utf-8")
        lived_in.edit_account_of("ASTORSUI0001", telephone1="(312) 555-0101")
        assert verified(lived_in.sync())["sampled"] == 0
        path.write_text(f"{text}\n[verify]\nshare = 1.0\n", "utf-8")
        lived_in.edit_account_of("ASTORSUI0001", telephone1="(312) 555-0102")
        lived_in.edit_account_of("ADVANCED0001", telephone1="(312) 555-0103")
        done = lived_in.sync()
        assert verified(done)["agreed"] == verified(done)["sampled"] == 2
    finally:
        path.write_text(text, "utf-8")
