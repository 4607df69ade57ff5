"""Each fault of the control door, met by a real client over a real socket."""

import http.client
import json
import socket
import ssl
import threading
import time

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gp365_sim.core.clock import Clock
from gp365_sim.core.control import control_routes
from gp365_sim.core.faults import Fault, Faults
from gp365_sim.core.recorder import Recorder, note_rows
from gp365_sim.core.server import Door, bind, connection_of, serving
from gp365_sim.core.tls import certificate
from gp365_sim.core.world import NoSuchTable, Refused
from gp365_sim.core.wrap import instrument


class Shelf:
    """A world of one table, `things`."""

    def __init__(self):
        self.things = {"1": {"name": "first"}}

    def _table(self, table):
        if table != "things":
            raise NoSuchTable(table)
        return self.things

    def rows(self, table):
        return [{"id": key, **row} for key, row in self._table(table).items()]

    def row(self, table, key):
        return self._table(table).get(key)

    def put(self, table, key, values):
        if values.get("name") == "forbidden":
            raise Refused(422, {"said": "not that name"})
        self._table(table)[key] = {**self._table(table).get(key, {}), **values}
        return self.things[key]

    def delete(self, table, key):
        return self._table(table).pop(key)

    def reset(self):
        self.things = {"1": {"name": "first"}}


class Site:
    """A served shelf: an app that counts its posts, behind the control door, over https and http."""

    def __init__(self, folder):
        self.posts = 0
        self.tls = certificate(folder)
        sockets = bind(), bind()
        self.https_port, self.port = (s.getsockname()[1] for s in sockets)
        recorder, faults, clock = Recorder(), Faults(), Clock()
        app = instrument(
            self.app,
            recorder=recorder,
            faults=faults,
            control=control_routes(Shelf(), recorder, faults, clock),
            clock=clock,
            refusal=lambda do, fault: Response(f"refused {do}", int(do)),
        )
        self.doors = Door(app, sockets[0], self.tls), Door(app, sockets[1])

    async def app(self, scope, receive, send):
        request = Request(scope, receive)
        connection = connection_of(scope)
        seen = connection.state["seen"] = connection.state.get("seen", 0) + 1
        if request.method == "POST":
            await request.body()
            self.posts += 1
        note_rows(scope, 3)
        if request.url.path == "/stream":
            response = StreamingResponse(iter([b"x" * 4000] * 50))
        else:
            text = json.dumps(
                {"seen": seen, "binding": connection.peer_certificate_binding.decode("latin-1")}
            )
            response = Response(text.ljust(1000))
        await response(scope, receive, send)

    def client(self, https=False):
        if https:
            context = ssl.create_default_context(cafile=str(self.tls.ca_file))
            return http.client.HTTPSConnection("localhost", self.https_port, context=context, timeout=10)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def ask(self, method, path, body=None, *, https=False):
        client = self.client(https)
        try:
            client.request(method, path, None if body is None else json.dumps(body))
            answer = client.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            client.close()

    def order(self, **fault):
        status, text, _ = self.ask("POST", "/_sim/faults", [fault])
        assert status == 200, text

    def requests(self, after=0):
        return json.loads(self.ask("GET", f"/_sim/requests?after={after}")[1])


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    with serving(*made.doors):
        yield made


@pytest.mark.parametrize("https", [False, True])
def test_a_refusal_has_the_ordered_status_and_retry_after_and_the_app_never_ran(site, https):
    site.order(do="429", retry_after_s=7)
    status, text, headers = site.ask("POST", "/a", {}, https=https)
    assert (status, text, headers["Retry-After"], site.posts) == (429, b"refused 429", "7", 0)
    assert site.ask("POST", "/a", {}, https=https)[0] == 200


@pytest.mark.parametrize("https", [False, True])
def test_a_reset_connection_is_cut_before_the_work_is_done(site, https):
    site.order(do="reset", method="POST")
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected, ssl.SSLError)):
        site.ask("POST", "/a", {}, https=https)
    assert site.posts == 0
    assert site.requests()["requests"][-1]["status"] == 0


@pytest.mark.parametrize("https", [False, True])
def test_a_lost_reply_is_cut_after_the_work_is_done(site, https):
    site.order(do="lost_reply", method="POST")
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected, ssl.SSLError)):
        site.ask("POST", "/a", {}, https=https)
    assert site.posts == 1
    assert site.requests()["requests"][-1]["rows"] == 3


@pytest.mark.parametrize("https", [False, True])
@pytest.mark.parametrize(("path", "whole"), [("/a", 1000), ("/stream", 200_000)])
def test_a_truncated_answer_promises_its_whole_length_and_stops_early(site, path, whole, https):
    cut_at = whole // 2
    site.order(do="truncate", after_bytes=cut_at, path=path)
    with pytest.raises(http.client.IncompleteRead) as cut:
        site.ask("GET", path, https=https)
    assert (len(cut.value.partial), cut.value.expected) == (cut_at, whole - cut_at)


def test_truncation_always_takes_at_least_one_byte(site):
    site.order(do="truncate", after_bytes=10**6)
    with pytest.raises(http.client.IncompleteRead) as cut:
        site.ask("GET", "/a")
    assert len(cut.value.partial) == 999


def test_a_slow_request_does_not_hold_up_the_others(site):
    site.order(do="slow", path="/slow", seconds=0.6)
    ended = {}

    def ask(path):
        site.ask("GET", path)
        ended[path] = time.monotonic()

    began = time.monotonic()
    slow = threading.Thread(target=ask, args=["/slow"])
    slow.start()
    ask("/quick")
    slow.join(10)
    assert ended["/slow"] - began >= 0.6 > ended["/quick"] - began


def test_nth_and_times_choose_the_second_and_third_matching_request(site):
    site.order(do="503", path="^/b$", nth=2, times=2)
    site.ask("GET", "/other")
    assert [site.ask("GET", "/b")[0] for _ in range(5)] == [200, 503, 503, 200, 200]


def test_times_zero_lasts_until_the_faults_are_cleared(site):
    site.order(do=401, times=0)
    assert [site.ask("GET", "/a")[0] for _ in range(3)] == [401, 401, 401]
    site.ask("DELETE", "/_sim/faults")
    assert site.ask("GET", "/a")[0] == 200


def test_the_path_of_a_fault_may_look_at_the_query_too():
    assert Fault(do="429", path=r"deltatoken=").matches("GET", "/accounts", "$deltatoken=5")
    assert Fault(do="429", path=r"/accounts$").matches("get", "/accounts", "$top=1")
    assert not Fault(do="429", method="POST", path="/accounts").matches("GET", "/accounts", "")


@pytest.mark.parametrize("fault", [{"do": "explode"}, {"do": "429", "path": "("}, {"do": "429", "nht": 1}])
def test_a_fault_that_makes_no_sense_is_refused_and_not_ordered(site, fault):
    status, text, _ = site.ask("POST", "/_sim/faults", [fault])
    assert status == 400
    assert b"message" in text
    assert json.loads(site.ask("GET", "/_sim/faults")[1]) == {"faults": []}


def test_the_connection_of_a_request_lives_as_long_as_the_socket(site):
    client = site.client()
    seen = []
    for _ in range(3):
        client.request("GET", "/a")
        seen.append(json.loads(client.getresponse().read())["seen"])
    client.close()
    assert seen == [1, 2, 3]
    assert json.loads(site.ask("GET", "/a")[1])["seen"] == 1


def test_the_channel_binding_is_the_hash_of_the_certificate_the_client_saw(site):
    import hashlib

    context = ssl.create_default_context(cafile=str(site.tls.ca_file))
    with (
        socket.create_connection(("127.0.0.1", site.https_port), 10) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as secure,
    ):
        seen = hashlib.sha256(secure.getpeercert(True)).digest()
    told = json.loads(site.ask("GET", "/a", https=True)[1])["binding"].encode("latin-1")
    assert told == b"tls-server-end-point:" + seen
    assert json.loads(site.ask("GET", "/a")[1])["binding"] == ""


def test_the_certificate_of_a_folder_is_used_again(tmp_path):
    first, again = certificate(tmp_path), certificate(tmp_path)
    assert (first.binding, first.ca_file.read_bytes()) == (again.binding, again.ca_file.read_bytes())


def test_requests_are_counted_with_rows_and_bytes_and_the_control_door_is_not(site):
    site.ask("GET", "/a?x=1")
    after = site.requests()["last"]
    site.ask("GET", "/stream")
    told = site.requests(after)
    assert [(r["n"], r["path"], r["status"], r["rows"], r["bytes"]) for r in told["requests"]] == [
        (2, "/stream", 200, 3, 200_000)
    ]
    assert told["last"] == 2
    assert site.requests()["requests"][0]["query"] == "x=1"


def test_rows_can_be_read_put_refused_deleted_and_reset(site):
    def rows(method, path, body=None):
        status, text, _ = site.ask(method, f"/_sim/rows/{path}", body)
        return status, json.loads(text)

    assert rows("GET", "things") == (200, {"rows": [{"id": "1", "name": "first"}]})
    assert rows("PUT", "things/%231%2Fa", {"name": "odd"}) == (200, {"rows": [{"name": "odd"}]})
    assert rows("GET", "things/%231%2Fa") == (200, {"rows": [{"name": "odd"}]})
    assert rows("PUT", "things/1", {"name": "forbidden"}) == (422, {"said": "not that name"})
    assert rows("DELETE", "things/1") == (200, {"rows": [{"name": "first"}]})
    assert rows("GET", "things/1") == (200, {"rows": []})
    assert rows("GET", "nothing")[0] == 404
    site.ask("POST", "/_sim/reset")
    assert rows("GET", "things") == (200, {"rows": [{"id": "1", "name": "first"}]})


def test_the_clock_goes_forward_by_what_is_asked_and_never_back(site):
    from datetime import datetime

    before = datetime.fromisoformat(json.loads(site.ask("GET", "/_sim/clock")[1])["now"])
    status, text, _ = site.ask("POST", "/_sim/clock", {"advance_s": 3600})
    after = datetime.fromisoformat(json.loads(text)["now"])
    assert status == 200
    assert 3600 <= (after - before).total_seconds() < 3610
    assert site.ask("POST", "/_sim/clock", {"advance_s": -1})[0] == 400


def test_serving_ends_at_once_although_a_client_keeps_its_connection(tmp_path):
    made = Site(tmp_path)
    with serving(*made.doors):
        client = made.client(https=True)
        client.request("GET", "/a")
        client.getresponse().read()
        began = time.monotonic()
    assert time.monotonic() - began < 0.9
    client.close()
