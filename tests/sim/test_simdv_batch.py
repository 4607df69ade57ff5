"""$batch: the forms in which clients write it, its order, its change sets and what a failure leaves."""

import json
import re

import pytest
from simdv_desk import CRM, new_id, organisation

BOUNDARY = "batch_b1"


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


def operation(method, url, body=None, *, content_id=None, **headers):
    """One part: MIME head, request line, headers, body."""
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    head += [f"Content-ID: {content_id}"] if content_id else []
    lines = [*head, "", f"{method} {url} HTTP/1.1"]
    lines += ["Content-Type: application/json"] if body is not None else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", "" if body is None else json.dumps(body)])


def change_set(*operations, boundary="changeset_c1"):
    inside = "".join(f"--{boundary}\r\n{o}\r\n" for o in operations)
    return f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n{inside}--{boundary}--\r\n"


def batch(org, *parts, go_on=False, edit=None, content_type=f'multipart/mixed; boundary="{BOUNDARY}"'):
    body = "".join(f"--{BOUNDARY}\r\n{part}\r\n" for part in parts) + f"--{BOUNDARY}--\r\n"
    headers = {"Content-Type": content_type, **({"Prefer": "odata.continue-on-error"} if go_on else {})}
    return org.ask("POST", "$batch", edit(body) if edit else body, headers=headers)


def statuses(answer):
    return [int(s) for s in re.findall(r"^HTTP/1\.1 (\d+) ", answer.text, re.MULTILINE)]


def names(org):
    return {r["name"] for r in org.rows("accounts")}


def test_operations_run_in_order_and_each_is_answered(org):
    row_id = new_id()
    answer = batch(
        org,
        operation("POST", "accounts", {"accountid": row_id, "name": "first"}),
        operation("PATCH", f"accounts({row_id})", {"name": "second"}, If_Match="*"),
        operation("GET", f"accounts({row_id})?$select=name"),
        operation("DELETE", f"accounts({row_id})"),
    )
    assert answer.status_code == 200
    assert statuses(answer) == [204, 204, 200, 204]
    assert '"name":"second"' in answer.text
    assert f"OData-EntityId: {org.root}accounts({row_id})" in answer.text
    assert f"Location: {org.root}accounts({row_id})" in answer.text
    assert org.row("accounts", row_id) is None


@pytest.mark.parametrize("url", ["accounts", "/api/data/v9.2/accounts", "{root}accounts"])
def test_addresses_inside_may_be_relative_or_whole(org, url):
    answer = batch(org, operation("POST", url.format(root=org.root), {"name": "inside"}))
    assert statuses(answer) == [204]
    assert "inside" in names(org)


@pytest.mark.parametrize(
    ("content_type", "edit"),
    [
        (f"multipart/mixed; boundary={BOUNDARY}", None),
        (f"multipart/mixed;boundary={BOUNDARY}", None),
        (f'Multipart/Mixed; Boundary="{BOUNDARY}"', None),
        (f'multipart/mixed; boundary="{BOUNDARY}"', lambda body: body.replace("\r\n", "\n")),
        (f'multipart/mixed; boundary="{BOUNDARY}"', lambda body: "\r\n" + body),
        (f'multipart/mixed; boundary="{BOUNDARY}"', lambda body: "a preamble\r\n" + body + "an epilogue\r\n"),
    ],
)
def test_the_multipart_forms_of_clients_are_understood(org, content_type, edit):
    changes = change_set(
        operation("POST", "accounts", {"name": "one"}, content_id="1"),
        operation("POST", "accounts", {"name": "two"}, content_id="2"),
    )
    last = operation("GET", "accounts?$select=name&$filter=name eq 'two'")
    answer = batch(org, changes, last, content_type=content_type, edit=edit)
    assert statuses(answer) == [204, 204, 200], answer.text
    assert {"one", "two"} <= names(org)


def test_a_failure_ends_the_batch_and_keeps_what_was_done(org):
    answer = batch(
        org,
        operation("POST", "accounts", {"name": "before"}),
        operation("POST", "accounts", {"name": "x" * 161}),
        operation("POST", "accounts", {"name": "after"}),
    )
    assert answer.status_code == 400
    assert statuses(answer) == [204, 400]
    assert "before" in names(org)
    assert "after" not in names(org)


def test_a_batch_that_goes_on_answers_every_part(org):
    answer = batch(
        org,
        operation("POST", "accounts", {"name": "x" * 161}),
        operation("POST", "accounts", {"name": "after"}),
        go_on=True,
    )
    assert answer.status_code == 200
    assert statuses(answer) == [400, 204]
    assert "after" in names(org)


def test_a_change_set_is_done_whole_or_not_at_all(org):
    before = names(org)
    bad = change_set(
        operation("POST", "accounts", {"name": "one"}, content_id="1"),
        operation("DELETE", "accounts(a1000000-0000-4000-8000-000000000001)", content_id="2"),
        operation("POST", "accounts", {"name": "x" * 161}, content_id="3"),
    )
    for go_on, status in ((False, 400), (True, 200)):
        answer = batch(org, bad, operation("POST", "accounts", {"name": "after"}), go_on=go_on)
        assert answer.status_code == status
        assert statuses(answer) == ([400, 204] if go_on else [400])
        assert "changesetresponse" not in answer.text
        assert "Content-ID: 3" in answer.text
    assert names(org) == before | {"after"}


def test_a_rolled_back_change_set_leaves_no_trace_in_keys_links_and_deltas(org):
    org.track("account")
    org.add_key("account", "gp365_number_key", "accountnumber")
    contact = org.create("contacts", lastname="x")
    account = org.create("accounts", name="x", accountnumber="K1")
    link = org.read("accounts?$select=name", headers={"Prefer": "odata.track-changes"})["@odata.deltaLink"]
    bind = {"primarycontactid@odata.bind": f"/contacts({contact})"}
    batch(
        org,
        change_set(
            operation("PATCH", f"accounts({account})", {"accountnumber": "K2", **bind}, content_id="1"),
            operation("POST", "accounts", {"name": "y", "accountnumber": "K1"}, content_id="2"),
            operation("DELETE", f"accounts({account})", content_id="3"),
            operation("POST", "nonsense", {}, content_id="4"),
        ),
    )
    assert org.read(link)["value"] == []
    assert org.read("accounts(accountnumber='K1')?$select=name")["accountid"] == account
    assert org.ask("GET", "accounts(accountnumber='K2')?$select=name").status_code == 404
    org.ask("DELETE", f"contacts({contact})")
    assert org.read(link)["value"] == []


def test_a_change_set_answers_inside_its_own_boundary_with_content_ids(org):
    answer = batch(
        org,
        change_set(
            operation("POST", "accounts", {"name": "one"}, content_id="7"),
            operation("POST", "accounts", {"name": "two"}, content_id="8"),
        ),
    )
    assert re.search(r"Content-Type: multipart/mixed; boundary=changesetresponse_[0-9a-f-]{36}", answer.text)
    assert re.findall(r"Content-ID: (\d+)", answer.text) == ["7", "8"]


def test_a_new_row_is_named_by_its_content_id(org):
    answer = batch(
        org,
        change_set(
            operation("POST", "contacts", {"lastname": "boss"}, content_id="1"),
            operation(
                "POST", "accounts", {"name": "firm", "primarycontactid@odata.bind": "$1"}, content_id="2"
            ),
            operation("PATCH", "$2", {"fax": "9"}, content_id="3"),
            operation("POST", "contacts", {"lastname": "other"}, content_id="4"),
            operation("PUT", "$2/primarycontactid/$ref", {"@odata.id": "$4"}, content_id="5"),
        ),
    )
    assert statuses(answer) == [204] * 5, answer.text
    firm = next(r for r in org.rows("accounts") if r["name"] == "firm")
    assert firm["fax"] == "9"
    assert org.row("contacts", firm["_primarycontactid_value"])["lastname"] == "other"


def test_a_row_that_is_not_there_yet_cannot_be_named(org):
    answer = batch(
        org,
        change_set(
            operation(
                "POST", "accounts", {"name": "firm", "primarycontactid@odata.bind": "$2"}, content_id="1"
            ),
            operation("POST", "contacts", {"lastname": "boss"}, content_id="2"),
        ),
    )
    assert answer.status_code == 400
    assert "Content-ID Reference: '$2' does not exist in the batch context." in answer.text
    assert "firm" not in names(org)


def test_each_part_keeps_its_own_condition(org):
    """Updates with the version in every part, going on: the strict way to write many rows."""
    rows = [org.create("accounts", name=f"r{n}") for n in range(3)]
    etags = [org.read(f"accounts({r})?$select=name")["@odata.etag"] for r in rows]
    org.ask("PATCH", f"accounts({rows[1]})", {"name": "somebody else"})
    parts = [
        operation(
            "PATCH", f"accounts({r})?$select=fax", {"fax": "1"}, If_Match=e, Prefer="return=representation"
        )
        for r, e in zip(rows, etags, strict=True)
    ]
    answer = batch(org, *parts, go_on=True)
    assert statuses(answer) == [200, 412, 200]
    assert [org.row("accounts", r).get("fax") for r in rows] == ["1", None, "1"]
    assert answer.text.count('"fax":"1"') == 2


@pytest.mark.parametrize(
    "part",
    [
        change_set(operation("GET", "accounts?$select=name", content_id="1")),
        change_set(operation("POST", "accounts", {"name": "no id"})),
        "Content-Type: application/http\r\n\r\nnonsense",
        "Content-Type: text/plain\r\n\r\nnonsense",
    ],
)
def test_a_malformed_part_refuses_the_whole_batch(org, part):
    answer = batch(org, operation("POST", "accounts", {"name": "before"}), part)
    assert (answer.status_code, org.code(answer)) == (400, "0x80060888")
    assert "before" not in names(org)


def test_a_batch_in_a_batch_is_refused(org):
    assert statuses(batch(org, operation("POST", "$batch", {}))) == [400]


def test_a_batch_without_its_end_or_boundary_is_refused(org):
    cut = batch(org, operation("POST", "accounts", {"name": "x"}), edit=lambda body: body[:-12])
    bare = batch(org, operation("POST", "accounts", {"name": "x"}), content_type="multipart/mixed")
    assert {cut.status_code, bare.status_code} == {400}


def test_more_than_a_thousand_operations_are_refused(org):
    parts = [operation("DELETE", f"accounts({new_id()})")] * 1001
    answer = batch(org, *parts, go_on=True)
    assert answer.status_code == 400
    assert "A maximum number of '1000' operations" in answer.json()["error"]["message"]
    assert batch(org, *parts[:1000], go_on=True).status_code == 200


def test_a_bulk_message_may_stand_in_a_batch(org):
    body = {"Targets": [{"@odata.type": CRM + "account", "name": "bulk"}]}
    assert statuses(batch(org, operation("POST", f"accounts/{CRM}CreateMultiple", body))) == [200]
    assert "bulk" in names(org)


def test_a_batch_is_one_request_of_many_rows(org):
    last = org.door("GET", "requests").json()["last"]
    batch(org, *(operation("POST", "accounts", {"name": f"r{n}"}) for n in range(5)))
    seen = org.door("GET", f"requests?after={last}").json()["requests"]
    assert [(r["method"], r["path"], r["rows"]) for r in seen] == [("POST", "/api/data/v9.2/$batch", 5)]
