"""What goes wrong under /api/ is always problem+json with the status that fits."""

import pytest

INPUTS = "/api/v1/roi/inputs/"
JSON = "application/json"


def told(answer, status: int) -> dict:
    assert (answer.status_code, answer["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    return problem


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", JSON, 400),
        (b'{"hourly_cost": NaN}', JSON, 400),
        (b"\xff\xfe", JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b'{"hourly_cost": "\\u0000"}', JSON, 400),
        (b'{"hourly_cost": "\\ud800"}', JSON, 400),
        (b" " * 1_000_001, JSON, 413),
        (b"hourly_cost=1", "application/x-www-form-urlencoded", 415),
        (b"<hourly_cost/>", "text/xml", 415),
        (b"--x", "multipart/form-data", 415),
    ],
)
def test_bodies_that_cannot_be_read(api, merchant, body, kind, status):
    told(api("settings").generic("PUT", INPUTS, body, content_type=kind), status)


def test_statuses_of_addresses_keys_and_methods(api, client, merchant):
    told(api("read").get("/api/v1/nothing/"), 404)
    told(api("read").get(f"/api/v1/conversations/{2**70}/"), 404)
    told(client.get(INPUTS), 401)
    told(client.get(INPUTS, headers={"authorization": "Basic eDp5"}), 401)
    told(api("ingest").get(INPUTS), 403)
    for method in ("post", "delete", "options", "trace"):
        refused = getattr(api("read"), method)(INPUTS)
        told(refused, 405)
        assert refused["allow"] == "GET, HEAD, PUT, PATCH"


def test_the_answer_has_one_kind_whatever_is_accepted(api, merchant):
    for accepted in ("text/html", "application/xml", "*/*"):
        answer = api("read").get("/api/v1/metrics/", headers={"accept": accepted})
        assert (answer.status_code, answer["content-type"]) == (200, "application/json")


def test_parameters_that_do_not_exist_or_come_twice(api, merchant):
    reader = api("read")
    twice = told(reader.get("/api/v1/metrics/?period=7d&period=30d&colour=red"), 400)["errors"]
    assert twice["period"] == ["Given more than once."]
    assert twice["colour"][0].startswith("There is no such parameter here. Use period, on, from, to, ")
    assert told(reader.get(f"{INPUTS}?x=1"), 400)["errors"] == {"x": ["There are no parameters here."]}
