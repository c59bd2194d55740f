"""The backup's hosts under `micloud.xiaomi.net`: one a type, with the same paths."""

from phonehome.lab.cloud import backup
from phonehome.lab.cloud.cursors import parse_cursor
from phonehome.lab.cloud.hosts import BACKUP_SERVICES
from phonehome.lab.cloud.receipts import Answer
from phonehome.lab.cloud.region import Region
from phonehome.lab.cloud.web.calls import Call, Route


def sync(region: Region, call: Call) -> Answer:
    """Store changes and give those of other handsets."""
    return backup.sync(
        region,
        call.need_caller(),
        kind=call.service.name,
        cursor=parse_cursor(call.parameters.get("cursor", "0")),
        changes=call.need("changes"),
        key=call.need_key(),
    )


def items(region: Region, call: Call) -> Answer:
    """Give what changed since a cursor."""
    cursor = parse_cursor(call.parameters.get("cursor", "0"))
    return backup.changed_since(region, call.need_caller(), kind=call.service.name, cursor=cursor)


def delete_all(region: Region, call: Call) -> Answer:
    """Delete everything of this type."""
    return backup.delete_all(region, call.need_caller(), kind=call.service.name)


def put_photo(region: Region, call: Call) -> Answer:
    """Store a photo: its bytes are the body, its data a parameter."""
    return backup.put_photo(
        region,
        call.need_caller(),
        name=call.variables["name"],
        base=call.need_number("base"),
        data=call.parameters.get("data", "{}"),
        content=call.body,
        key=call.need_key(),
    )


def get_photo(region: Region, call: Call) -> Answer:
    """Give a photo."""
    return backup.get_photo(region, call.need_caller(), name=call.variables["name"])


MICLOUD = (
    *(
        Route(service=service, method=method, path=path, handler=handler)
        for service in BACKUP_SERVICES
        for method, path, handler in (
            ("POST", "/mic/v1/sync", sync),
            ("GET", "/mic/v1/items", items),
            ("DELETE", "/mic/v1/items", delete_all),
        )
    ),
    Route(
        service="photos",
        method="PUT",
        path="/mic/v1/photos/{name}",
        handler=put_photo,
        body_limit="photo_bytes",
        takes_bytes=True,
    ),
    Route(service="photos", method="GET", path="/mic/v1/photos/{name}", handler=get_photo),
)
