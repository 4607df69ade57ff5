"""What a run asked of both systems, counted from the simulators' own lists of requests."""

from __future__ import annotations

from collections import Counter

from e2e_site import GP, SALES, Site

TRACKED = ("accounts", "contacts", "gp365_customers")
PAGE = 5_000
KEYS_PER_READ = 200


def asked(at: Site) -> tuple[dict[str, int], int]:
    """Count pages of deltas by table, and all other reads of rows.

    The one other kind of read: an account that comes back in the delta brings the id of its primary contact, not its
    name. The contacts of such accounts are read by key, 200 in a request, and only where a delta named accounts: it is
    no page of a delta, it is bounded by our own echoes, and the third sync has none. Contacts are also asked for once when
    the count of versions moved and none of them did: do the newest still stand as they were seen (decision 013)?
    """
    deltas: Counter[str] = Counter()
    others = 0
    for one in at.requests(SALES):
        table = str(one["path"]).rpartition("/")[2]
        if one["method"] != "GET" or table not in TRACKED:
            continue
        if "deltatoken" in one["query"] or "skiptoken" in one["query"]:
            deltas[table] += 1
        else:
            others += 1
            assert (table, "contactid" in one["query"]) == ("contacts", True), one
    return dict(deltas), others


def stamped_by_us(at: Site) -> Counter[str]:
    """Count the rows whose last change was ours: what the delta will show of ourselves."""
    found: Counter[str] = Counter()
    ours = {row["_modifiedby_value"] for row in at.rows(SALES, "gp365_customers")}
    for table in TRACKED:
        found[table] = sum(row["_modifiedby_value"] in ours for row in at.rows(SALES, table))
    return found


def lists_of_gp(at: Site) -> Counter[str]:
    """Count what GP answered, by resource; the first leg of a handshake is no answer."""
    answered = [one for one in at.requests(GP) if one["status"] == 200]
    return Counter(str(one["path"]).rpartition("/")[2] for one in answered)
