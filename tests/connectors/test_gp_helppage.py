"""A saved help page of GP Service is read for what it shows, however it is built; nothing in it is trusted."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.connectors.gp.helppage import Shown, resources
from gp365.connectors.gp.helppage_names import elsewhere, entity_of, published
from gp365.connectors.gp.settings import RESOURCES
from gp365_sim.gp.helppage import help_page

BASE = "/GPService/Tenants(DefaultTenant)/Companies({CompanyName})"


def shown(page: str) -> dict[str, Shown]:
    return {each.path: each for each in resources(page)}


def test_the_simulators_page_gives_every_resource_with_key_and_verbs() -> None:
    found = shown(help_page("DefaultTenant"))
    assert set(found) == {each.path for each in RESOURCES.values()}
    assert set(found["Sales/Customers"].verbs) == {"GET", "POST", "PATCH", "DELETE"}
    assert found["Sales/CustomerAddresses"].key == ("CustomerNumber", "AddressCode")
    assert found["Companies"].below_tenant


@pytest.mark.parametrize(
    "page",
    [
        f"GET {BASE}/Sales/Customers({{CustomerNumber}})\nPOST {BASE}/Sales/Customers\n",
        f"{BASE}/Sales/Customers({{CustomerNumber}})\nGET\nPOST\n",
        f"<table><tr><td rowspan=2>{BASE}/Sales/Customers(%7BCustomerNumber%7D)</td><td>GET</td></tr>"
        "<tr><td><a href='help/operations/x'>POST</a></td><td>Service</td></tr></table>",
        f"<ul><li><b>GET</b>, <b>POST</b> <code>{BASE}/Sales/Customers({{CustomerNumber}}).json</code></li></ul>",
        f"<?xml version='1.0'?><r><uri>{BASE}/Sales/Customers({{CustomerNumber}})</uri><m>GET</m><m>POST</m></r>",
        "<p>GET Sales/Customers({CustomerNumber})<br>POST Sales/Customers",
        "https://gp.example:443/gpservice/tenants(T)/companies(Contoso (South) Ltd.)/Sales/Customers({CustomerNumber})"
        "\tGET POST",
    ],
    ids=["lines", "verbs-after", "rows-joined", "list", "xml", "bare", "a-real-company"],
)
def test_a_page_may_be_built_in_many_ways(page: str) -> None:
    found = shown(page)["Sales/Customers"]
    assert (set(found.verbs), found.key, found.parts) == ({"GET", "POST"}, ("CustomerNumber",), 1)


def test_an_example_in_place_of_a_template_gives_the_number_of_parts_and_no_names() -> None:
    found = shown(f"GET {BASE}/Sales/CustomerAddresses(AARONFIT0001;PRIMARY)")["Sales/CustomerAddresses"]
    assert (found.parts, found.key) == (2, ())


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<html><body><h1>Sign in</h1><form action='/adfs/ls/'>GET POST</form></body></html>",
        "<html>HTTP 404: https://gp.example/GPService/Tenants(DefaultTenant)/help was not found</html>",
        "The map has paths such as Sales/Customers.",
        f"<!-- GET {BASE}/Sales/Customers -->",
        f"<script>var a = 'GET {BASE}/Sales/Customers'</script>",
    ],
)
def test_what_is_no_help_page_gives_nothing(page: str) -> None:
    assert resources(page) == ()


def test_names_that_differ_from_the_map_are_known_for_what_they_are() -> None:
    assert entity_of("sales/customers", RESOURCES) == "customer"
    assert entity_of("Sales/CustomerClasses", RESOURCES) == "customer_class"
    assert entity_of("Inventory/Items", RESOURCES) == "" and elsewhere("Inventory/Items") == "item"
    assert published("Purchasing/Payables/Transactions") and not published("Sales/PieCharts")


# fmt: off
SCRAPS = st.sampled_from((
    "<", ">", "<!--", "-->", "<td>", "</td>", "<script>", "</script>", "<![CDATA[", "<!", "&#xD800;", "&lt", "\0",
    "GET", "POST", "DELETE", BASE, "/Sales/Customers", "({CustomerNumber})", "({;;})", "(", ")", "{", "%7B", "%",
    "Tenants(", "Companies(", '"]\n[systems.gp]\nurl="x', "\n", "\t", "\u2028", "\x85", "'", '"', "../..", "é",
))
# fmt: on


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(SCRAPS, st.text(max_size=8)), max_size=40).map("".join))
def test_a_hostile_page_gives_nothing_but_plain_paths_names_and_verbs(page: str) -> None:
    for each in resources(page):
        assert all(part.isidentifier() for part in each.path.split("/"))
        assert all(part.isidentifier() for part in each.key)
        assert set(each.verbs) <= {"GET", "POST", "PATCH", "PUT", "DELETE"}


@pytest.mark.parametrize(
    "scrap", ["<!--", "<a ", "<td>", "Companies(", "(", "Sales/", "<script>", "&lt;", "Tenants("]
)
def test_a_page_of_one_scrap_over_and_over_takes_no_time(scrap: str) -> None:
    begun = time.process_time()
    assert resources(scrap * (1_000_000 // len(scrap))) == ()
    assert time.process_time() - begun < 10
