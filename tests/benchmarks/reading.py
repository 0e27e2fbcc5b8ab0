"""Times what a reader waits for: in the database, and through the page's view or a real web server."""

import http.client
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median, quantiles

from django.conf import settings
from django.db import connection
from django.test import Client

from analytics.models import Conversation
from improvement.models import Gap
from portal.models import ApiKey, Membership, Merchant, Role, Scope, User
from tests.benchmarks.databases import LARGEST, Built, used
from tests.benchmarks.served import HOST

DAYS = 90


@dataclass(slots=True)
class Times:
    """Milliseconds of each load."""

    whole: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    n_queries: int = 0


def p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20, method="inclusive")[-1]


def window(built: Built, days: int = DAYS) -> str:
    """The query of the last days with conversations, so that it means the same however old the data set is."""
    return f"period=custom&from={built.anchor - timedelta(days=days)}&to={built.anchor - timedelta(days=1)}"


@dataclass(frozen=True, slots=True)
class Reader:
    """The owner of the largest merchant at the browser, its REST client, and what its addresses are made of."""

    browser: Client
    agent: Client
    names: dict[str, str]

    def client_for(self, url: str) -> Client:
        return self.agent if url.startswith("/api/") else self.browser


def sign_in(built: Built) -> Reader:
    """Call it while the database is used."""
    merchant = Merchant.objects.get(slug=LARGEST)
    user, _ = User.objects.get_or_create(email="owner@bench.example", defaults={"name": "Olivia Owner"})
    Membership.objects.get_or_create(merchant=merchant, user=user, defaults={"role": Role.OWNER})
    browser = Client(headers={"host": "localhost"})
    browser.force_login(user)
    _row, key = ApiKey.create(merchant, name="benchmark", scopes=[Scope.READ])
    names = {
        "merchant": f"/{LARGEST}/",
        "window": window(built),
        "conversation": str(Conversation.objects.for_merchant(merchant).latest("started_at").pk),
        "gap": str(Gap.objects.for_merchant(merchant).first().pk),
    }
    return Reader(browser, Client(headers={"host": "localhost", "authorization": f"Bearer {key}"}), names)


@contextmanager
def summed_queries() -> Iterator[list[float]]:
    """The milliseconds of each statement."""
    spent: list[float] = []

    def measure(execute, sql, params, many, context):
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent.append((time.perf_counter() - started) * 1000)

    with connection.execute_wrapper(measure):
        yield spent


def time_views(addresses: dict[str, str], readers: dict[Built, Reader], *, n: int) -> dict[tuple[str, Built], Times]:
    """By name and size. The sizes take turns, so that what else the machine does meets both."""
    found = {(name, built): Times() for name in addresses for built in readers}
    for name, address in addresses.items():
        for turn in range(n + 2):
            for built, reader in readers.items():
                url = address.format(**reader.names)
                with used(built.name), summed_queries() as spent:
                    started = time.perf_counter()
                    response = reader.client_for(url).get(url)
                    whole = (time.perf_counter() - started) * 1000
                assert response.status_code == 200, f"{url}: {response.status_code}"
                if turn >= 2:  # the first ones warm up
                    times = found[name, built]
                    times.whole.append(whole)
                    times.database.append(sum(spent))
                    times.n_queries = len(spent)
    return found


def time_over_http(port: int, client: Client, url: str, *, n: int) -> list[float]:
    """On one connection, as a browser keeps it."""
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie.value}"}
    times = []
    with closing(http.client.HTTPConnection(HOST, port, timeout=60)) as server:
        for turn in range(n + 8):  # both workers and all threads warm up
            started = time.perf_counter()
            server.request("GET", url, headers=headers)
            response = server.getresponse()
            response.read()
            assert response.status == 200, url
            if turn >= 8:
                times.append((time.perf_counter() - started) * 1000)
    return times


def ratio(large: Sequence[float], small: Sequence[float]) -> float:
    """Of the medians: single loads on a busy machine say little."""
    return median(large) / median(small)
