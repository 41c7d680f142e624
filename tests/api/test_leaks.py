"""Nobody sees more than they may: every role, every route and method, every kind of record, list, count and answer.

The house (`tests.api.house`) holds one of each; the matrix (`tests.api.matrix`) names every route.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

import pytest
from httpx import Response

from core.ids import new_id
from tests.api.house import (
    CASES,
    CLEARING,
    DOCUMENTS,
    ENTRIES,
    ITEMS,
    LED,
    NUMBERS,
    PEOPLE,
    SHARED_PAGES,
    House,
    at,
    canary,
    case_path,
    customer_of,
    make_house,
    ordinal_of,
)
from tests.api.log_requests import ASKED_FOR, LOGS, REQUESTS
from tests.api.matrix import CHANGES, GET, routes_of

# cases -> who may admit others to them, and who may end what was given
ASSIGNABLE = {"own": {"lead"}, "team": {"lead"}, "foreign": {"elsewhere_lead"}}
ASSIGNED = {"foreign": {"elsewhere_lead"}}
MISSING_NUMBER = "99801-0999999"
SHOWN = (200, 303)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return make_house(tmp_path_factory.mktemp("house"))


def test_every_route_and_method_has_a_row(house: House) -> None:
    assert routes_of(house.app) == {("GET", path) for path in GET} | set(CHANGES)


def places(house: House, kind: str) -> list[tuple[str, dict[str, str], set[str]]]:
    """(thing, values for the path, readers) of every record of a kind."""
    if kind == "document":
        pages = {thing: "3" if thing == "shared" else "1" for thing in DOCUMENTS}
        return [
            (thing, {"document_id": str(house.documents[thing]), "page_no": pages[thing]}, readers)
            for thing, readers in DOCUMENTS.items()
        ]
    if kind in ("case", "filing", "link", "assignable", "assigned"):
        may = {"assignable": ASSIGNABLE, "assigned": ASSIGNED}.get(kind)
        return [
            (
                case,
                {
                    "number:path": NUMBERS[case], "number": case_path(case), "n": str(house.ordinals[case][1]),
                    "customer": customer_of(case),
                },
                readers if may is None else may.get(case, set()),
            )
            for case, readers in CASES.items()
        ]  # fmt: skip
    if kind == "entry":
        return [(entry, {"entry_id": str(house.items[entry])}, readers) for entry, readers in ENTRIES.items()]
    if kind in ("request", "log"):
        may = REQUESTS if kind == "request" else LOGS
        return [(one, {"request_id": str(house.requests[one])}, may.get(one, set())) for one in house.requests]
    if kind in ("led", "unfiled"):
        may = LED if kind == "led" else {"unfiled": ITEMS["unfiled"]}
        return [(item, {"item_id": str(house.items[item])}, may.get(item, set())) for item in {**ITEMS, **CLEARING}]
    if kind not in ("item", "clearing"):
        return []
    return [
        (item, {"item_id": str(house.items[item])}, readers if kind == "item" or item in CLEARING else set())
        for item, readers in {**ITEMS, **CLEARING}.items()
    ]


def nowhere(kind: str) -> dict[str, str]:
    """Values that lead to nothing."""
    numbers = {"number": MISSING_NUMBER, "number:path": MISSING_NUMBER, "n": "1", "page_no": "1", "customer": "999Z99"}
    return {name: str(new_id()) for name in ("document_id", "item_id", "entry_id", "request_id")} | numbers


def fill(route: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{([^}]+)\}", lambda match: values[match[1]], route)


def some(house: House, route: str, kind: str, who: str) -> list[tuple[str, dict[str, str], set[str]]]:
    """The records to try a route with: all for the first route of documents, else one that is hidden and one that is
    not, other ones for each person and route, so that together all are tried.
    """
    found = places(house, kind)
    if route == "/api/v1/documents/{document_id}":
        return found
    turn = sum(map(ord, route + who))
    hidden = [one for one in found if not allowed(route, kind, one[0], who, one[2])]
    shown = [one for one in found if allowed(route, kind, one[0], who, one[2])]
    return [hidden[turn % len(hidden)], *shown[turn % max(1, len(shown)) :][:1]]


def allowed(route: str, kind: str, thing: str, who: str, readers: set[str]) -> bool:
    """Whether `who` gets the record on this route: readers do, of a shared letter only their own pages."""
    if who not in readers:
        return False
    if thing == "shared" and kind == "document":
        whole = route.endswith(("/pdf", "/original"))
        return not whole and ("{page_no}" not in route or 3 in SHARED_PAGES[who])
    return route != "/akte/{number}/zusammenfuehren"  # for provisional cases only, and none of these is one


def same(answer: Response, values: Mapping[str, str]) -> tuple[object, ...]:
    """What an answer tells, without what the client itself sent and without its own reference."""
    text = answer.text
    for value in sorted(values.values(), key=len, reverse=True):
        text = text.replace(value, "§") if len(value) > 2 else text
    headers = {k: v for k, v in answer.headers.items() if k not in ("x-request-id", "content-length")}
    return answer.status_code, re.sub(r"Kennung [0-9A-F]{8}", "", text), tuple(sorted(headers.items()))


RECORDS = {path: kind for path, kind in GET.items() if kind not in ("list", "own", "open", "station", "refused")}


@pytest.mark.parametrize("who", PEOPLE)
def test_records_open_for_their_readers_and_are_nowhere_for_all_others(house: House, who: str) -> None:
    client = house.client(who)
    for route, kind in RECORDS.items():
        lost = nowhere(kind)
        missing = same(client.get(fill(route, lost)), lost)
        assert missing[0] == 404
        for thing, values, readers in some(house, route, kind, who):
            looks = house.count("look")
            answer = client.get(fill(route, values))
            if allowed(route, kind, thing, who, readers):
                assert answer.status_code in SHOWN, (route, thing, answer.status_code)
                continue
            assert same(answer, values) == missing, (route, thing)
            assert house.count("look") == looks, (route, thing)


@pytest.mark.parametrize("who", PEOPLE)
def test_changes_of_what_is_not_yours_are_nowhere_and_change_nothing(house: House, who: str) -> None:
    client, token = house.client(who), house.token(who)
    acts = house.count("act")
    for (method, route), kind in CHANGES.items():
        hidden = [one for one in places(house, kind) if who not in one[2]]
        for thing, values, _ in hidden[sum(map(ord, route + who)) % len(hidden) :][:1] if hidden else ():
            path = fill(route, values)
            if path.startswith("/api"):
                answer = client.request(
                    method, path, json={"act": "done", "version": 1}, headers={"X-CSRF-Token": token}
                )
            else:
                form = {"csrf": token, "version": "1", "kennung": str(new_id()), "text": "x", "grund": "x"}
                answer = client.request(method, path, data=form)
            assert answer.status_code == 404, (method, route, thing, answer.status_code)
            assert canary(thing) not in answer.text
    assert house.count("act") == acts


def hidden_words(who: str) -> set[str]:
    """Every word that must not reach `who`: titles, pages, names and numbers of what is not theirs."""
    words = {canary(thing) for thing, readers in DOCUMENTS.items() if who not in readers}
    words |= {canary("shared", page) for page in range(1, 5) if page not in SHARED_PAGES.get(who, set())}
    words |= {canary(entry) for entry, readers in ENTRIES.items() if who not in readers}
    words |= {NUMBERS[case] for case, readers in CASES.items() if who not in readers | ASKED_FOR.get(case, set())}
    words |= {case_path(case) for case, readers in CASES.items() if who not in readers}
    words |= {canary("namesoz_g")} if who != "head" else set()
    return words | ({canary("namesoz_b")} if who != "worker" else set())


@pytest.mark.parametrize("who", PEOPLE)
def test_lists_hold_not_a_word_of_what_is_not_yours(house: House, who: str) -> None:
    client = house.client(who)
    absent = str(house.actor("worker").user_id)
    values = {"code": "SZ-HAL-L1", "user_id": absent, "mandate": "aktuell"}
    hidden = hidden_words(who)
    for route in (path for path, kind in GET.items() if kind in ("list", "own")):
        answer = client.get(fill(route, values), params={"q": "vogelkunde"})
        assert answer.status_code in (200, 303, 404), route
        told = {word for word in hidden if word in answer.text or word in answer.headers.get("location", "")}
        assert not told, (route, told)


@pytest.mark.parametrize("who", PEOPLE)
def test_search_counts_and_snippets_know_only_your_own_pages(house: House, who: str) -> None:
    client = house.client(who)
    mine = {thing for thing, readers in DOCUMENTS.items() if who in readers}
    answer = client.get("/api/v1/search", params={"q": "vogelkunde", "limit": 100}).json()
    assert answer["total"] == len(mine)
    assert {hit["document_id"] for hit in answer["results"]} == {str(house.documents[thing]) for thing in mine}
    assert sum(answer["facets"]["type"].values()) == sum(answer["facets"]["year"].values()) == len(mine)
    cases = {hit["case_file_number"] for hit in answer["results"]} - {None}
    assert cases <= {NUMBERS[case] for case, readers in CASES.items() if who in readers}
    for thing in DOCUMENTS:
        for page in range(1, 5 if thing == "shared" else 2):
            found = client.get("/api/v1/search", params={"q": canary(thing, page)}).json()
            seen = thing in mine and (thing != "shared" or page in SHARED_PAGES[who])
            assert found["total"] == int(seen), (thing, page)
            if seen:
                assert found["results"][0]["page"] == page
                assert canary(thing, page) in found["results"][0]["snippet"]
            else:
                assert not any(found["facets"].values())


def test_numbers_names_and_aliases_find_nothing_for_others(house: House) -> None:
    for who in ("worker", "next_team", "records", "admin", "stranger"):
        for query in (NUMBERS["foreign"], "99801BG0004713", "Gerdes", canary("namesoz_g"), NUMBERS["sealed"]):
            found = house.client(who).get("/api/v1/search", params={"q": query}).json()
            assert found["total"] == 0, (who, query)
            page = house.client(who).get("/suche", params={"q": query})
            assert page.status_code in (200, 404), (who, query)


@pytest.mark.parametrize("who", ["worker", "elsewhere"])
def test_a_shared_letter_shows_each_case_only_its_own_pages(house: House, who: str) -> None:
    client, mine = house.client(who), SHARED_PAGES[who]
    base = f"/api/v1/documents/{house.documents['shared']}"
    facts = client.get(base).json()
    assert set(facts["pages"]) == mine
    own, other = ("own", "foreign") if who == "worker" else ("foreign", "own")
    assert [one["case_file_number"] for one in facts["filings"]] == [NUMBERS[own]]
    text = client.get(f"{base}/text").text
    shown = client.get(f"/akte/{case_path(own)}/dokument/{ordinal_of(house, 'shared', own)}?ansicht=text").text
    for page in range(1, 5):
        assert (canary("shared", page) in text) == (canary("shared", page) in shown) == (page in mine)
        for part in ("text", "image"):
            assert client.get(f"{base}/pages/{page}/{part}").status_code == (200 if page in mine else 404)
    assert NUMBERS[other] not in shown
    assert "von 4" not in shown or who == "elsewhere"
    assert client.get(f"{base}/pdf").status_code == client.get(f"{base}/original").status_code == 404


def test_notes_of_one_case_stay_with_its_people(house: House) -> None:
    worker, elsewhere = house.client("worker"), house.client("elsewhere")
    path = f"/akte/{case_path('own')}/dokument/{ordinal_of(house, 'shared', 'own')}"
    form = {"csrf": house.token("worker"), "version": "1", "kennung": str(new_id()), "text": canary("note")}
    assert worker.post(f"{path}/notiz", data=form).status_code == 303
    assert canary("note") in worker.get(path).text
    assert canary("note") in house.client("lead").get(path).text
    other = f"/akte/{case_path('foreign')}/dokument/{ordinal_of(house, 'shared', 'foreign')}"
    assert canary("note") not in elsewhere.get(other).text
    assert canary("note") not in worker.get(f"/akte/{case_path('own')}").text.replace(path, "").split("<main")[0]


def test_who_got_a_letter_reads_the_letter_and_not_its_case(house: House) -> None:
    client = house.client("next_team")
    items = client.get("/api/v1/inbox/items").json()["items"]
    forwarded = [one for one in items if one["item_id"] == str(house.items["forwarded"])]
    assert [one["case_file_number"] for one in forwarded] == [None]
    page = client.get(f"/postkorb/e/{house.items['forwarded']}").text
    assert canary("forwarded") in page
    assert NUMBERS["own"] not in page
    assert case_path("own") not in page
    assert client.get(f"/api/v1/documents/{house.documents['done']}").status_code == 404


def test_rights_end_with_their_day(house: House) -> None:
    with at(house, days=11):
        assert house.fresh("auditor")[0].get(f"/api/v1/documents/{house.documents['foreign']}").status_code == 404
        assert house.fresh("auditor")[0].get("/api/v1/search", params={"q": "vogelkunde"}).json()["total"] == 0
    assert house.client("auditor").get(f"/api/v1/documents/{house.documents['foreign']}").status_code == 200


def test_without_a_session_there_is_nothing(house: House) -> None:
    client = house.anonymous()
    for route, kind in GET.items():
        if kind in ("open", "station", "refused"):
            continue
        for _, values, _ in places(house, kind) if kind not in ("list", "own") else [("", {}, set())]:
            filled = fill(route, {"code": "SZ-HAL-L1", "user_id": str(new_id()), "mandate": "aktuell", **values})
            answer = client.get(filled)
            assert answer.status_code == (401 if route.startswith("/api") else 303), route
            assert "Kanarienvogel" not in answer.text


@pytest.mark.parametrize("who", ["elsewhere", "mailroom", "admin"])
def test_on_every_route_parts_and_news_of_what_is_hidden_are_nowhere(house: House, who: str) -> None:
    client = house.client(who)
    looks = house.count("look")
    for route, kind in RECORDS.items():
        lost = nowhere(kind)
        missing = same(client.get(fill(route, lost)), lost)
        thing, values, _ = some(house, route, kind, who)[0]
        for headers in ({"Range": "bytes=0-3"}, {"If-None-Match": "*"}):
            answer = client.get(fill(route, values), headers=headers)
            assert answer.status_code == 404, (route, thing)
            assert same(answer, values) == missing, (route, thing)
    assert house.count("look") == looks


@pytest.mark.parametrize("header", [{"Range": "bytes=0-3"}, {"If-None-Match": "*"}, {"If-Range": "x"}, {}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_partial_and_conditional_requests_ask_for_the_same_rights(
    house: House, method: str, header: dict[str, str]
) -> None:
    for part in ("pdf", "original", "pages/1/image"):
        path = f"/api/v1/documents/{house.documents['own']}/{part}"
        reader = house.client("worker").request(method, path, headers=header)
        assert reader.status_code in (200, 206, 304)
        assert method == "GET" or reader.content == b""
        other = house.client("elsewhere").request(method, path, headers=header)
        assert other.status_code == 404
        assert "etag" not in other.headers


def test_a_station_asks_for_its_own_receipts_only(house: House) -> None:
    body = b"%PDF-1.7 nichts"
    sent = house.anonymous().put(
        "/api/v1/batches/k-1", content=body,
        headers={"Authorization": f"Bearer {house.tokens['own']}", "Content-Type": "application/pdf"},
    )  # fmt: skip
    assert sent.status_code == 201
    path = f"/api/v1/receipts/{sent.json()['receipt_id']}"
    for name, status in (("own", 200), ("other", 404), ("abroad", 401)):
        answer = house.anonymous().get(path, headers={"Authorization": f"Bearer {house.tokens[name]}"})
        assert answer.status_code == status, name
    again = house.anonymous().put(
        "/api/v1/batches/k-1", content=b"%PDF-1.7 anderes",
        headers={"Authorization": f"Bearer {house.tokens['other']}", "Content-Type": "application/pdf"},
    )  # fmt: skip
    assert again.status_code == 201, "another station's key is another key"
    assert UUID(again.json()["receipt_id"]) != UUID(sent.json()["receipt_id"])
    assert house.client("admin").get(path).status_code == 401
    with_token = {"Authorization": f"Bearer {house.tokens['own']}"}
    assert house.anonymous().get("/api/v1/inbox/items", headers=with_token).status_code == 401
