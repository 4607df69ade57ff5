"""Service protection: three limits per user in a sliding window, and what a client is told."""

import threading
import time

import pytest
import requests
from simdv_desk import CRM, CUSTOMIZER, organisation, target

from gp365_sim.dataverse.limits import Limits


@pytest.fixture
def limited(tmp_path):
    def serve(**limits):
        return organisation(tmp_path, limits=Limits(**limits))

    return serve


def who(org, **more):
    return org.ask("GET", "WhoAmI", **more)


def test_every_answer_says_what_is_left_and_how_many_at_once(limited):
    with limited(requests=10, request_s=1.5, seconds=100, dop_hint=4) as org:
        first, second = who(org).headers, who(org).headers
        left = "x-ms-ratelimit-burst-remaining-xrm-requests"
        assert (first[left], second[left]) == ("9", "8")
        assert second["x-ms-ratelimit-time-remaining-xrm-requests"] == "97.00"
        assert second["x-ms-dop-hint"] == "4"


def test_too_many_requests_are_refused_until_the_window_has_moved(limited):
    with limited(requests=5, window_s=300) as org:
        for _ in range(5):
            assert who(org).status_code == 200
            org.clock.advance(10)
        refused = who(org)
        assert (refused.status_code, org.code(refused)) == (429, "0x80072322")
        assert refused.json()["error"]["message"] == (
            "Number of requests exceeded the limit of 5 over time window of 300 seconds."
        )
        wait = int(refused.headers["Retry-After"])
        assert 245 <= wait <= 255
        org.clock.advance(wait)
        assert who(org).status_code == 200
        assert who(org).status_code == 429


def test_knocking_during_the_penalty_makes_it_longer(limited):
    with limited(requests=1) as org:
        who(org)
        waits = [int(who(org).headers["Retry-After"]) for _ in range(5)]
        assert waits == sorted(waits)
        assert waits[-1] > waits[0]


def test_the_limit_counts_per_user(limited):
    with limited(requests=2) as org:
        assert [who(org).status_code for _ in range(3)] == [200, 200, 429]
        assert who(org, as_app=CUSTOMIZER).status_code == 200


def test_too_much_execution_time_is_refused(limited):
    with limited(seconds=10, request_s=1, row_s=0.5) as org:
        rows = [target("account", name=f"r{n}") for n in range(20)]
        assert org.ask("POST", f"accounts/{CRM}CreateMultiple", {"Targets": rows}).status_code == 200
        refused = who(org)
        assert (refused.status_code, org.code(refused)) == (429, "0x80072321")
        assert "exceeded limit of 10,000 milliseconds over time window of 300 seconds" in refused.text
        org.clock.advance(int(refused.headers["Retry-After"]))
        assert who(org).status_code == 200


def test_a_batch_is_one_request_but_costs_the_time_of_its_parts(limited):
    with limited(request_s=1, row_s=0, seconds=100, requests=100) as org:
        part = "Content-Type: application/http\r\n\r\nGET WhoAmI HTTP/1.1\r\n\r\n"
        body = "".join(f"--b\r\n{part}\r\n" for _ in range(10)) + "--b--\r\n"
        answer = org.ask("POST", "$batch", body, headers={"Content-Type": "multipart/mixed; boundary=b"})
        assert answer.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == "99"
        assert answer.headers["x-ms-ratelimit-time-remaining-xrm-requests"] == "90.00"


def test_too_many_requests_at_once_are_refused_at_once(limited):
    with limited(concurrent=3, latency_s=0.4) as org:
        headers = {"Authorization": f"Bearer {org.token()}"}
        answers = []

        def call():
            answers.append(requests.get(f"{org.http_url}/api/data/v9.2/WhoAmI", headers=headers, timeout=10))

        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refused = [a for a in answers if a.status_code == 429]
        assert len(answers) - len(refused) == 3
        assert {a.json()["error"]["code"] for a in refused} == {"0x80072326"}
        assert {a.json()["error"]["message"] for a in refused} == {
            "Number of concurrent requests exceeded the limit of 3."
        }
        assert all(int(a.headers["Retry-After"]) >= 1 for a in refused)
        assert who(org).status_code == 200


def test_a_refused_request_does_nothing(limited):
    with limited(requests=1) as org:
        who(org)
        assert org.ask("POST", "accounts", {"name": "no"}).status_code == 429
        assert "no" not in [r["name"] for r in org.rows("accounts")]


def test_ordered_refusals_look_like_the_platforms_own(limited):
    with limited() as org:
        orders = [{"method": "GET", "path": "WhoAmI", "do": "429", "retry_after_s": 7}]
        orders += [{"method": "GET", "path": "accounts", "do": do} for do in ("503", "401")]
        org.door("POST", "faults", orders)
        throttled = who(org)
        assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "7")
        assert org.code(throttled) == "0x80072322"
        busy = org.ask("GET", "accounts?$select=name")
        assert busy.status_code == 503
        assert busy.json()["error"]["message"]


def test_a_lost_reply_leaves_the_work_done(limited):
    with limited() as org:
        org.door("POST", "faults", [{"method": "POST", "path": "CreateMultiple", "do": "lost_reply"}])
        rows = [target("account", name="lost")]
        with pytest.raises(requests.ConnectionError):
            org.ask("POST", f"accounts/{CRM}CreateMultiple", {"Targets": rows})
        assert [r["name"] for r in org.rows("accounts")].count("lost") == 1


def test_a_written_row_may_cost_more_than_one_that_is_read(limited):
    with limited(seconds=100, request_s=0, row_s=1, written_row_s=4) as org:
        left = "x-ms-ratelimit-time-remaining-xrm-requests"
        made = org.ask("POST", "accounts", {"name": "One"})
        org.ask("GET", "accounts?$select=name&$top=3")
        assert who(org).headers[left] == "92.00"
        assert made.status_code == 204


def test_execution_time_is_waited_for_where_the_limits_say_so(limited):
    with limited(request_s=0.3, waited=True) as org:
        began = time.monotonic()
        threads = [threading.Thread(target=who, args=(org,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - began >= 0.3


def test_the_control_door_tells_what_was_spent_and_refused(limited):
    with limited(requests=2, request_s=1.5) as org:
        for _ in range(3):
            who(org)
        told = org.door("GET", "limits").json()
        assert told["total"] == {"admitted": 2, "refused": 1, "spent_s": 3.0, "most_at_once": 1}
        assert told["limits"]["requests"] == 2
        org.door("POST", "reset")
        assert org.door("GET", "limits").json()["total"]["admitted"] == 0
