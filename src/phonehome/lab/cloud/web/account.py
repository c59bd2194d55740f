"""`api.account.xiaomi.com`: activation, look-up, registration, log-in, consent."""

from phonehome.lab.cloud import accounts
from phonehome.lab.cloud.config import Group
from phonehome.lab.cloud.consent import MAX_SHOWN, MESSAGING, consents_of, need_consent
from phonehome.lab.cloud.messages import look_up
from phonehome.lab.cloud.outgoing import unsent
from phonehome.lab.cloud.receipts import Answer
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.region import Region
from phonehome.lab.cloud.sessions import end_session
from phonehome.lab.cloud.web.calls import Call, Route
from phonehome.lab.cloud.withdrawal import set_consent

PHONE_TYPE = "MXPH"


def activating(region: Region, call: Call) -> Answer:
    """Tell a factory build its own number: in clear, and without having asked anybody."""
    return accounts.activate(region, imei=call.variables["imei"], sim=call.need("imsi"))


def activating_v3(region: Region, call: Call) -> Answer:
    """Tell an updated build its own number, once its user has agreed."""
    call.need_secure()
    if call.need("consent") not in ("granted", "declined"):
        raise Refusal(Reason.MALFORMED, "consent is granted or declined")
    return accounts.activate(
        region,
        imei=call.variables["imei"],
        sim=call.need("imsi"),
        consent=call.need("consent"),
        shown=_shown(call),
        caller=call.caller,
    )


def user_of_number(region: Region, call: Call) -> Answer:
    """Look a phone number up, as the factory build does: in clear, for anybody."""
    if not region.config.messaging_default_on:
        raise Refusal(Reason.CONSENT, "this look-up ended with the update; /pass/v3/user@id needs a session")
    return _look_up(region, call)


def user_of_number_v3(region: Region, call: Call) -> Answer:
    """Look a phone number up, sealed, for a user of messaging."""
    call.need_secure()
    caller = call.need_caller()
    if not call.sealed:
        raise Refusal(Reason.MALFORMED, "this look-up takes sealed parameters only")
    region.database.read(
        lambda connection: need_consent(connection, caller.user_id, MESSAGING, region.config)
    )
    return _look_up(region, call)


def register(region: Region, call: Call) -> Answer:
    """Make an account in the region where people of its country are served."""
    call.need_secure()
    country = call.need("country")
    if region.directory.find("account", call.need("user").lower()) is None:
        region.need_residency(Group.PERSONAL, country)
    return accounts.register(region, name=call.need("user"), password=call.need("password"), country=country)


def log_in(region: Region, call: Call) -> Answer:
    """Open a session."""
    call.need_secure()
    return accounts.log_in(
        region, name=call.need("user"), password=call.need("password"), device=call.need("deviceId")
    )


def log_out(region: Region, call: Call) -> Answer:
    """End the session."""
    caller = call.need_caller()
    region.database.write(lambda connection: end_session(connection, caller, region.clock.seconds()))
    region.hub.end(caller.user_id, "ended")
    return Answer(data={"result": "ended"})


def report_device(_: Region, call: Call) -> Answer:
    """Take what the factory build says of itself after a log-in; nothing of it is kept."""
    call.need_caller()
    return Answer(data={"received": sorted(name for name in call.parameters if not name.startswith("_"))})


def get_consent(region: Region, call: Call) -> Answer:
    """Say what the user agreed to, and which of their messages came back."""
    caller = call.need_caller()
    return Answer(
        data=region.database.read(
            lambda connection: {
                "consents": consents_of(connection, caller.user_id),
                **unsent(connection, caller.user_id),
            }
        )
    )


def put_consent(region: Region, call: Call) -> Answer:
    """Take what the user says now."""
    call.need_secure()
    return set_consent(
        region, call.need_caller(), service=call.need("service"), state=call.need("state"), shown=_shown(call)
    )


def erase(region: Region, call: Call) -> Answer:
    """Delete the account."""
    call.need_secure()
    return accounts.erase(region, call.need_caller())


def _look_up(region: Region, call: Call) -> Answer:
    number = call.need("externalId")
    if call.need("type") != PHONE_TYPE or not accounts.PHONE.match(number):
        raise Refusal(Reason.MALFORMED, f"type={PHONE_TYPE} and externalId=+NUMBER are needed")
    user_id, state = look_up(region, number)
    return Answer(data={"userId": user_id, "state": state})


def _shown(call: Call) -> str | None:
    shown = call.parameters.get("shown")
    if shown is not None and len(shown) > MAX_SHOWN:
        raise Refusal(Reason.OVERSIZED, f"at most {MAX_SHOWN} characters were shown to anybody")
    return shown


ACCOUNT = (
    Route(service="account", method="GET", path="/pass/activate/dev/{imei}/activating", handler=activating),
    Route(
        service="account",
        method="POST",
        path="/pass/v3/activate/dev/{imei}/activating",
        handler=activating_v3,
    ),
    Route(service="account", method="GET", path="/pass/user@id", handler=user_of_number),
    Route(service="account", method="GET", path="/pass/v3/user@id", handler=user_of_number_v3),
    Route(service="account", method="POST", path="/pass/register", handler=register),
    Route(service="account", method="POST", path="/pass/serviceLoginAuth2", handler=log_in),
    Route(service="account", method="POST", path="/pass/logout", handler=log_out),
    Route(service="account", method="POST", path="/pass/device", handler=report_device),
    Route(service="account", method="GET", path="/pass/consent", handler=get_consent),
    Route(service="account", method="POST", path="/pass/consent", handler=put_consent),
    Route(service="account", method="DELETE", path="/pass/account", handler=erase),
)
