"""GL accounts: the index behind an account number, and taUpdateCreateAccountRcd."""

from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.notes import write_note
from gp365_sim.gp.econnect.rows import Fields, add, change, find, where
from gp365_sim.gp.sqltypes import Value, folded

_SAME = (
    *(
        "ACTALIAS",
        "ACCTTYPE",
        "ACTDESCR",
        "PSTNGTYP",
        "ACTIVE",
        "TPCLBLNC",
        "DECPLACS",
        "FXDORVAR",
        "BALFRCLC",
    ),
    *(
        "USERDEF1",
        "USERDEF2",
        "PostSlsIn",
        "PostIvIn",
        "PostPurchIn",
        "PostPRIn",
        "ACCTENTR",
        "USRDEFS1",
        "USRDEFS2",
    ),
)


def account_index(call: Call, number: str) -> int:
    """Give the index of an account number as GP writes it, 0 for none; notes an error for an unknown one."""
    if not number:
        return 0
    found = next(where(call.company, "GL00105", ACTNUMST=number), None)
    call.need(found, "account-unknown")
    return _whole(found["ACTINDX"]) if found else 0


def update_create_account(call: Call) -> None:
    """Create an account, or update the one of this number unless UpdateIfExists is 0 (its default is 1).

    Defaults are not NULL: an update overwrites every column with what came or its default (document exchange). The
    segments must exist in GL40200 (assumed), their widths are those of SY00300.
    """
    number = call.text("ACTNUMST")
    segments = _segments(call, number)
    there = next(where(call.company, "GL00105", ACTNUMST=number), None)
    call.need(there is None or call.flag("UpdateIfExists"), "account-exists")
    category = _category(call)
    call.settle()
    values: dict[str, Value] = {name: value for name in _SAME if (value := call.value(name)) is not None}
    values |= {"ACCATNUM": category, "MODIFDT": call.company.today()}
    if there is None:
        _create(call, number, segments, values)
        return
    row = find(call.company, "GL00100", ACTINDX=there["ACTINDX"])
    assert row is not None
    change(call.company, "GL00100", row, values)
    write_note(call, row)


def _segments(call: Call, number: str) -> dict[str, Value]:
    """Cut a number at its separators and check each part; numbers are never cut by position."""
    parts = number.split("-") if number else []
    setup = [row for row in where(call.company, "SY00300") if _whole(row["LOFSGMNT"])]
    fits = len(parts) == len(setup) and all(
        len(part) == _whole(row["LOFSGMNT"]) for part, row in zip(parts, setup, strict=False)
    )
    if not fits:
        raise call.refuse("account-format")
    for place, part in enumerate(parts, 1):
        call.need(find(call.company, "GL40200", SGMTNUMB=place, SGMNTID=part), "segment-unknown")
    return {f"ACTNUMBR_{place}": part for place, part in enumerate(parts, 1)}


def _category(call: Call) -> int:
    """Give the category number; its table GL00102 names them."""
    wanted = folded(call.text("CATEGORY"))
    for row in where(call.company, "GL00102"):
        if wanted and folded(str(row["ACCATDSC"])) == wanted:
            return _whole(row["ACCATNUM"])
    call.need(not wanted, "category-unknown")
    return 0


def _create(call: Call, number: str, segments: dict[str, Value], values: dict[str, Value]) -> None:
    company = call.company
    index = 1 + max((_whole(row["ACTINDX"]) for row in company.rows("GL00100")), default=0)
    main = next(
        (name for row in where(company, "SY00300") if row["MNSEGIND"] for name in _named(row)), "ACTNUMBR_2"
    )
    own: Fields = {
        **values,
        **segments,
        "ACTINDX": index,
        "MNACSGMT": segments.get(main, ""),
        "NOTEINDX": company.draw_note(),
        "CREATDDT": company.today(),
    }
    row = add(company, "GL00100", own)
    add(company, "GL00105", {**segments, "ACTINDX": index, "ACTNUMST": number})
    write_note(call, row)


def _named(row: Fields) -> tuple[str]:
    return (f"ACTNUMBR_{row['SGMTNUMB']}",)


def _whole(value: Value) -> int:
    assert isinstance(value, int)
    return value
