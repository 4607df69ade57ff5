"""What a write keeps of its inputs is all that its planner was told: planned again, it comes out alike."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from gp365.model.plan import Resolution, Window
from gp365.model.record import Record
from gp365.model.values import digest
from gp365.store import intents
from gp365.sync.envelope import unseal
from gp365.sync.inputs import pack_inputs, plan_inputs, read_inputs
from gp365.sync.plan import Facts, RefState, plan_subject
from gp365.sync.plan.facts import Computed
from sync.engine_world import START, World, flow_with

PARENT = {"gp": "Parent", "sales": "parent", "owner": "gp", "ref": "customers"}


def test_everything_that_the_planner_was_told_comes_back(world: World) -> None:
    job = world.job(flow_with(parent=PARENT))
    left = Record(("A",), {"Number": "A", "Name": "Aaron", "Limit": Decimal("12.50"), "Parent": "P"})
    right = Record(("a1",), {"id": "a1", "name": "Aaron Inc", "limit": None, "parent": None})
    facts = Facts(
        pairs={"name": (("Aaron",), ("Aaron",)), "limit": ((Decimal("12.50"),), (None,))},
        computed={"when:sales": Computed(True), "on_create:type": Computed(None, "bad-value")},
        refs={("customers", "gp", "P"): RefState("linked", 7, True)},
        ref_keys={("customers", 7, "sales"): "p1", ("customers", 7, "gp"): "P"},
        resolutions={"name": Resolution("sales", None, ("Aaron",), ("Aaron Inc",), "ann")},
        superseded={"sales": {"name": ["Aron", None]}},
        windows={("name", "gp"): Window(START, START + timedelta(seconds=5))},
        company="TWO",
        restored={"gp": frozenset({"name", "phone"})},
        doubted={"terms": Resolution("", None, None, (None,), "ben")},
        led={"sales": "other"},
    )
    plan = plan_subject(job.compiled, "L1", left, right, facts)
    name, body = pack_inputs(job, plan, facts)
    assert name == digest(body)
    found = read_inputs(body)
    assert found.facts == facts
    assert found.left is not None and found.left.values == left.values
    assert found.right is not None and found.right.values == right.values
    assert (found.flow, found.context) == (job.flow.digest, ("America/Chicago", "USD"))


def test_references_of_other_records_of_the_page_are_not_kept(world: World) -> None:
    job = world.job(flow_with(parent=PARENT))
    left = Record(("A",), {"Number": "A", "Name": "Aaron", "Parent": "P"})
    refs = {("customers", "gp", key): RefState("linked", number) for number, key in enumerate("PQRS")}
    keys = {("customers", number, "sales"): f"s{number}" for number in range(4)}
    facts = Facts(refs=refs, ref_keys=keys)
    plan = plan_subject(job.compiled, "gp:A", left, None, facts, linked=False)
    found = read_inputs(pack_inputs(job, plan, facts)[1]).facts
    assert list(found.refs) == [("customers", "gp", "P")]
    assert list(found.ref_keys) == [("customers", 0, "sales")]


def test_equal_inputs_are_kept_once(world: World) -> None:
    job = world.job()
    plan = plan_subject(
        job.compiled, "L1", Record(("A",), {"Name": "A"}), Record(("a",), {"name": "B"}), Facts()
    )
    assert pack_inputs(job, plan, Facts()) == pack_inputs(job, plan, Facts())
    assert pack_inputs(job, plan, Facts())[0] != pack_inputs(job, plan, Facts(), event=True)[0]


def test_a_hundred_writes_in_both_directions_are_planned_again_alike(world: World) -> None:
    flow = flow_with(parent=PARENT)
    for number in range(40):
        parent = f"C{number // 2:03}" if number % 5 else None
        world.gp_put(
            f"C{number:03}", Name=f"Firm {number}", Limit=Decimal(number), Parent=parent, Phone=f"{number}"
        )
    for _ in range(3):
        world.sync(flow)
    for name, row in world.accounts().items():
        world.sales_put(row["id"], phone=f"+1 555 {name[-2:]}", contact=f"Ann {name}")
    world.gp_put("C007", Name="Firm Seven")
    world.sync(flow)
    job = world.job(flow)
    alike = 0
    with world.store.read() as conn:
        places = {"gp": world.customers(), "sales": {row["id"]: row for row in world.accounts().values()}}
        for place in job.places:
            for intent in intents.done_on(conn, place.system, place.entity.name, places[place.side]):
                body = intents.inputs(conn, intent.inputs)
                assert body is not None
                plan = plan_inputs(job.compiled, read_inputs(body))
                (write,) = [one for one in plan.writes if one.side == intent.side]
                assert write.values == unseal(intent.values).values
                alike += 1
    assert alike >= 80
