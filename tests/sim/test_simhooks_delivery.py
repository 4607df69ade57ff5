"""How the simulated organisation delivers webhooks: attempts, system jobs, time-outs, trust, and faults on order."""

import socketserver
import threading
import time

import pytest
from simdv_desk import organisation
from simhooks_desk import Hooks, Receiver, receiving_socket, until

from gp365_sim.core.server import Door, serving
from gp365_sim.core.tls import certificate


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    receiver, (bound, url) = Receiver(), receiving_socket()
    with serving(Door(receiver, bound)), organisation(tmp_path_factory.mktemp("dv")) as org:
        yield Hooks(org, receiver, url)


@pytest.fixture
def hooks(place):
    place.org.door("POST", "reset")
    place.order(again_after_s=0.05)
    place.receiver.got.clear()
    place.receiver.statuses.clear()
    place.receiver.hold = None
    return place


@pytest.mark.parametrize(
    ("statuses", "attempts", "outcome"),
    [
        ([204], 1, "succeeded"),
        ([502, 200], 2, "succeeded"),
        ([503, 503], 2, "failed"),
        ([504, 400], 2, "failed"),
        ([500], 1, "failed"),
        ([429], 1, "failed"),
        ([302], 1, "failed"),
        ([401], 1, "failed"),
    ],
)
def test_only_502_503_and_504_get_one_more_attempt(hooks, statuses, attempts, outcome):
    hooks.receiver.statuses[:] = statuses
    hooks.listen("Create")
    hooks.org.create("accounts", name="A")
    got = hooks.settled()
    (delivery,) = hooks.shown()["deliveries"]
    assert (delivery["outcome"], delivery["attempts"], len(got)) == (outcome, attempts, attempts)
    assert delivery["status"] == statuses[-1]
    assert len({each.body["OperationId"] for each in got}) == 1
    assert len(hooks.jobs()) == (outcome == "failed")


def test_a_failure_is_a_failed_system_job_of_the_step(hooks):
    hooks.receiver.statuses[:] = [500]
    _, (step,) = hooks.listen("Create")
    hooks.org.create("accounts", name="A")
    (got,) = hooks.settled()
    where = "asyncoperations?$filter=statuscode eq 31 and _owningextensionid_value eq "
    (job,) = hooks.org.values(f"{where}{step}&$orderby=completedon desc")
    assert (job["asyncoperationid"], job["statecode"]) == (got.body["OperationId"], 3)
    assert (job["messagename"], job["primaryentitytype"]) == ("Create", "account")
    assert "500" in job["message"]
    assert job["name"] == "gp365 Create of account"


def test_a_job_that_succeeded_stays_only_where_the_step_keeps_its_jobs(hooks):
    hooks.listen("Create", asyncautodelete=False)
    hooks.org.create("accounts", name="A")
    hooks.settled()
    assert [job["statuscode"] for job in hooks.jobs()] == [30]


def test_who_does_not_answer_in_time_gets_no_second_attempt(hooks):
    assert hooks.shown()["manner"]["timeout_s"] == 60
    hooks.order(timeout_s=0.2)
    hooks.receiver.hold = threading.Event()
    hooks.listen("Create")
    hooks.org.create("accounts", name="A")
    hooks.settled()
    (delivery,) = hooks.shown()["deliveries"]
    assert (delivery["outcome"], delivery["attempts"], delivery["status"]) == ("failed", 1, 0)
    assert delivery["error"] == "no answer in time"
    assert [job["statuscode"] for job in hooks.jobs()] == [31]
    hooks.receiver.hold.set()


def test_nobody_at_the_address_is_a_failed_job_after_one_attempt(hooks):
    bound, url = receiving_socket()
    bound.close()
    hooks.listen("Create", endpoint={"url": url})
    hooks.org.create("accounts", name="A")
    hooks.settled()
    (delivery,) = hooks.shown()["deliveries"]
    assert (delivery["attempts"], delivery["status"]) == (1, 0)
    assert len(hooks.jobs()) == 1


def test_a_receiver_that_holds_every_call_does_not_slow_writes(hooks):
    hooks.receiver.hold = threading.Event()
    hooks.listen("Create")
    began = time.monotonic()
    for number in range(40):
        hooks.org.create("accounts", name=f"n{number}")
    assert time.monotonic() - began < 20
    assert hooks.shown()["under_way"] == 40
    assert len(hooks.receiver.got) <= 8
    hooks.receiver.hold.set()
    assert len(hooks.settled(40)) == 40


def test_a_disabled_step_is_silent_until_it_is_enabled_again(hooks):
    _, (step,) = hooks.listen("Create")
    where = f"sdkmessageprocessingsteps({step})"
    hooks.org.customize("PATCH", where, {"statecode": 1, "statuscode": 2})
    hooks.org.create("accounts", name="unheard")
    hooks.org.customize("PATCH", where, {"statecode": 0, "statuscode": 1})
    hooks.org.create("accounts", name="heard")
    assert [each.attributes()["name"] for each in hooks.settled()] == ["heard"]


def test_a_removed_endpoint_takes_its_steps_along(hooks):
    endpoint, _ = hooks.listen("Create", "Update")
    hooks.org.customize("DELETE", f"serviceendpoints({endpoint})")
    hooks.org.create("accounts", name="A")
    shown = hooks.shown()
    assert (shown["steps"], shown["deliveries"]) == ([], [])


def test_two_endpoints_each_get_their_own(hooks):
    hooks.listen("Create", endpoint={"name": "one", "authvalue": "k1"})
    hooks.listen("Create", endpoint={"name": "two", "authvalue": "k2"})
    hooks.org.create("accounts", name="A")
    assert {each.query["code"] for each in hooks.settled(2)} == {"k1", "k2"}


def test_a_new_secret_counts_from_the_next_delivery_on(hooks):
    endpoint, _ = hooks.listen("Create", endpoint={"authvalue": "old"})
    hooks.org.customize("PATCH", f"serviceendpoints({endpoint})", {"authvalue": "new"})
    hooks.org.create("accounts", name="A")
    assert [each.query["code"] for each in hooks.settled()] == ["new"]


# --- on order --------------------------------------------------------------------------------------------------------


def test_deliveries_come_late_on_order(hooks):
    hooks.listen("Create")
    hooks.order(late_s=0.4)
    began = time.monotonic()
    hooks.org.create("accounts", name="A")
    (got,) = hooks.settled()
    assert got.at - began >= 0.4


def test_deliveries_come_twice_on_order_as_the_same_operation(hooks):
    hooks.listen("Create")
    hooks.order(copies=2)
    hooks.org.create("accounts", name="A")
    first, second = hooks.settled(2)
    assert first.body["OperationId"] == second.body["OperationId"]


def test_deliveries_come_backwards_on_order(hooks):
    hooks.listen("Create")
    hooks.order(backwards=True, late_s=2)
    for number in range(5):
        hooks.org.create("accounts", name=f"n{number}")
    assert [each.attributes()["name"] for each in hooks.settled(5)] == ["n4", "n3", "n2", "n1", "n0"]


def test_deliveries_do_not_come_on_order_and_come_again_after_it(hooks):
    hooks.listen("Create")
    hooks.order(dropped=True)
    hooks.org.create("accounts", name="lost")
    assert hooks.shown()["counts"] == {"deliveries": 1, "dropped": 1}
    hooks.org.door("DELETE", "steps")
    hooks.org.create("accounts", name="heard")
    assert [each.attributes()["name"] for each in hooks.settled(2)] == ["heard"]
    assert [each["n"] for each in hooks.shown(after=1)["deliveries"]] == [2]


def test_an_order_that_is_not_understood_is_refused(hooks):
    for order in ({"late_s": -1}, {"copies": 0}, {"nonsense": True}, {"ca_file": "/nowhere/ca.pem"}):
        assert hooks.org.door("POST", "steps", order).status_code == 400


def test_a_reset_forgets_steps_deliveries_and_orders(hooks):
    hooks.listen("Create")
    hooks.order(copies=3)
    hooks.org.create("accounts", name="A")
    hooks.org.door("POST", "reset")
    shown = hooks.shown()
    assert (shown["steps"], shown["deliveries"], shown["counts"]) == ([], [], {})
    assert shown["manner"]["copies"] == 1


# --- https, and the end ----------------------------------------------------------------------------------------------


def test_a_receiver_with_a_certificate_needs_an_authority_that_is_trusted(hooks, tmp_path):
    receiver, (bound, url) = Receiver(), receiving_socket(https=True)
    files = certificate(tmp_path)
    with serving(Door(receiver, bound, files)):
        hooks.listen("Create", endpoint={"url": url})
        hooks.org.create("accounts", name="A")
        until(lambda: hooks.shown()["counts"].get("failed") == 1)
        assert receiver.got == []
        hooks.order(ca_file=str(files.ca_file))
        hooks.org.create("accounts", name="B")
        until(lambda: hooks.shown()["counts"].get("succeeded") == 1)
    assert [each.attributes()["name"] for each in receiver.got] == ["B"]


def test_an_organisation_that_ends_leaves_no_call_behind(tmp_path, recwarn):
    receiver, (bound, url) = Receiver(hold=threading.Event()), receiving_socket()
    with serving(Door(receiver, bound)):
        with organisation(tmp_path) as org:
            hooks = Hooks(org, receiver, url)
            hooks.listen("Create")
            for number in range(20):
                org.create("accounts", name=f"n{number}")
            until(lambda: len(receiver.got) == 8)
            began = time.monotonic()
        assert time.monotonic() - began < 20
        receiver.hold.set()
    assert len(receiver.got) == 8
    assert not [each for each in recwarn if "pending" in str(each.message)]


def test_a_backup_brings_its_steps_back(hooks):
    hooks.listen("Create")
    hooks.org.door("POST", "snapshot", {"name": "one"})
    hooks.org.customize("DELETE", f"sdkmessageprocessingsteps({hooks.shown()['steps'][0]['id']})")
    hooks.org.door("POST", "restore", {"snapshot": "one"})
    hooks.org.create("accounts", name="A")
    assert [each.attributes()["name"] for each in hooks.settled()] == ["A"]


class _Abrupt(socketserver.StreamRequestHandler):
    """Answers one request as if the connection stayed open, then closes it."""

    def handle(self):
        size = 0
        while (line := self.rfile.readline().strip()) != b"":
            if line.lower().startswith(b"content-length:"):
                size = int(line.partition(b":")[2])
        self.rfile.read(size)
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_a_receiver_that_closed_a_connection_after_its_answer_misses_nothing(hooks):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Abrupt) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        hooks.listen("Create", endpoint={"url": f"http://127.0.0.1:{server.server_address[1]}/"})
        for number in range(3):
            hooks.org.create("accounts", name=f"n{number}")
            hooks.settled(number + 1)
        server.shutdown()
    found = [(each["outcome"], each["attempts"]) for each in hooks.shown()["deliveries"]]
    assert found == [("succeeded", 1)] * 3
