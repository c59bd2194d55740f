"""Updates, store, weather, analytics: what such a phone talks about all day, so that a leak is a needle.

Content follows from the cloud's seed. Nothing that comes in is kept.
"""

import random

from phonehome.lab.cloud.config import Group
from phonehome.lab.cloud.receipts import Answer
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.region import ElsewhereError, Region
from phonehome.lab.cloud.web.calls import Call, Route

UPDATED_BUILD = "JHCMIBH47.0"
_APPS = ("Calculator", "Compass", "Weather", "Themes", "FM Radio", "File Explorer", "Notes", "Torch")
_ICON_BYTES = range(1_500, 9_000)
_PACKAGE_PIECE = 64 << 10
_SKIES = ("clear", "cloudy", "rain", "haze")


def latest_build(_: Region, call: Call) -> Answer:
    """Say whether there is an update (`b` is the build that asks)."""
    build = call.need("b")
    return Answer(
        data={
            "current": build,
            "latest": UPDATED_BUILD,
            "available": build != UPDATED_BUILD,
            "url": f"http://update.miui.com/packages/{UPDATED_BUILD}.zip",
            "notes": "Cloud Messaging is off until you switch it on.",
        }
    )


def package(region: Region, call: Call) -> Answer:
    """Give the first piece of an update package."""
    content = _random(region, "package", call.variables["name"]).randbytes(_PACKAGE_PIECE)
    return Answer(content=b"PK\x03\x04" + content, media_type="application/zip")


def store_page(region: Region, call: Call) -> Answer:
    """Give a page of the store, in the region that serves the country."""
    place = region.directory.place_of(Group.COMMERCE, call.parameters.get("co", "CN"))
    if place != region.name:
        raise ElsewhereError(place)
    page = call.need_number("page")
    drawn = _random(region, "store", str(page))
    apps = [
        {
            "id": drawn.randrange(10**6),
            "name": name,
            "stars": drawn.randrange(20, 51) / 10,
            "icon": f"/icons/{n}",
        }
        for n, name in enumerate(drawn.sample(_APPS, len(_APPS)))
    ]
    return Answer(data={"page": page, "apps": apps})


def store_updates(_: Region, call: Call) -> Answer:
    """Say which of the apps that a handset names have an update: never one, and what it named is not kept."""
    call.need("packages")
    return Answer(data={"updates": []})


def icon(region: Region, call: Call) -> Answer:
    """Give a picture."""
    drawn = _random(region, "icon", call.variables["name"])
    return Answer(
        content=b"\x89PNG\r\n\x1a\n" + drawn.randbytes(drawn.choice(_ICON_BYTES)), media_type="image/png"
    )


def weather(region: Region, call: Call) -> Answer:
    """Give the weather of a city."""
    city = call.need("city")
    drawn = _random(region, "weather", city, region.clock.now().date().isoformat())
    days = [
        {"sky": drawn.choice(_SKIES), "low": drawn.randrange(5, 20), "high": drawn.randrange(20, 40)}
        for _ in range(3)
    ]
    return Answer(data={"city": city, "days": days})


def greetings(region: Region, _: Call) -> Answer:
    """Give greeting texts, as a messaging application offers them."""
    drawn = _random(region, "greetings")
    words = ("Happy birthday!", "Good luck!", "Happy Diwali!", "Happy New Year!", "Get well soon!")
    return Answer(data={"greetings": drawn.sample(words, len(words))})


def track(_: Region, call: Call) -> Answer:
    """Take an analytics event: counted by nobody."""
    if not call.body and not call.parameters:
        raise Refusal(Reason.MALFORMED, "an event is empty")
    return Answer(data={"received": len(call.body) or len(call.parameters)})


def nothing(_: Region, __: Call) -> Answer:
    """Say that the network works."""
    return Answer(status=204, content=b"", media_type="text/plain")


def _random(region: Region, *parts: str) -> random.Random:
    return random.Random(region.tokens.derive("content", *parts))


BACKGROUND = (
    Route(service="ota", method="GET", path="/updates/miotaV3.php", handler=latest_build),
    Route(service="ota", method="GET", path="/packages/{name}", handler=package),
    Route(service="store", method="GET", path="/apm/home", handler=store_page),
    Route(service="store", method="POST", path="/apm/updates", handler=store_updates),
    Route(service="store", method="GET", path="/icons/{name}", handler=icon),
    Route(service="games", method="GET", path="/migc/home", handler=store_page),
    Route(service="portal", method="GET", path="/greetings", handler=greetings),
    Route(service="analytics", method="POST", path="/track", handler=track),
    Route(service="connectivity", method="GET", path="/generate_204", handler=nothing),
    Route(service="weather", method="GET", path="/weather", handler=weather),
)
