"""Users: SIMs that activated messaging, and accounts that people registered.

A SIM's user is made by its activation; nobody chose it. An account has a name and a password. Both may be in use
on one handset: messages belong to the SIM, the backup to the account.
"""

import base64
import hmac
import re

from sqlalchemy import Connection, delete, insert, select, update

from phonehome.lab.cloud import residents
from phonehome.lab.cloud.consent import MESSAGING, ActivatedBy
from phonehome.lab.cloud.directory import Home
from phonehome.lab.cloud.erasing import erase_rows
from phonehome.lab.cloud.receipts import Answer
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.region import ElsewhereError, Region
from phonehome.lab.cloud.sessions import Caller, add_session
from phonehome.lab.cloud.tables import residents as residents_table
from phonehome.lab.cloud.tables import sessions, users
from phonehome.lab.cloud.throttle import Throttle
from phonehome.lab.cloud.tokens import password_hash, sim_credentials, token_hash
from phonehome.lab.cloud.withdrawal import answer_of_activation, let_go, meet_build

NAME = re.compile(r"[A-Za-z0-9._+@-]{3,64}\Z")
PASSWORD_CHARACTERS = range(6, 129)
COUNTRY = re.compile(r"[A-Z]{2}\Z")
PHONE = re.compile(r"\+[1-9][0-9]{5,14}\Z")
ACTIVATION_SMS = re.compile(r"MX/([\w-]{16})/([\w-]{16})/([\w-]{6,64})\Z", re.ASCII)
MAX_DEVICE = 64
WRONG = "name or password is wrong"


def register(region: Region, *, name: str, password: str, country: str) -> Answer:
    """Make an account, once: the same name and password again is the same account."""
    if not (NAME.match(name) and len(password) in PASSWORD_CHARACTERS and COUNTRY.match(country)):
        raise Refusal(
            Reason.MALFORMED,
            "a name (3 to 64), a password (6 to 128 characters) and a country (IN) are needed",
        )
    home = region.directory.claim("account", name.lower(), country)
    _need_home_here(region, home)
    _need_patience(region.logins, home.user_id)  # the right password is told from a wrong one here, too
    hashed = password_hash(password, home.user_id)

    def work(connection: Connection) -> Answer:
        _settle_in(connection, home)
        rev = residents.fence(connection, home.user_id)
        there = _password(connection, home.user_id)
        if there is None:
            connection.execute(
                insert(users).values(
                    user_id=home.user_id,
                    rev=rev,
                    kind="account",
                    name=name.lower(),
                    country=country,
                    password=hashed,
                    created_at=region.clock.seconds(),
                )
            )
        elif not hmac.compare_digest(there, hashed):
            raise Refusal(Reason.FOREIGN, "this name is taken")
        return Answer(status=201, data={"userId": home.user_id, "region": region.name.value})

    answer = region.database.write(work)
    region.logins.forgive(home.user_id)
    return answer


def log_in(region: Region, *, name: str, password: str, device: str) -> Answer:
    """Open a session of an account on a device."""
    if not 0 < len(device) <= MAX_DEVICE:
        raise Refusal(Reason.MALFORMED, f"a deviceId has 1 to {MAX_DEVICE} characters")
    user_id = region.directory.find("account", name.lower())
    if user_id is None:  # as slow, and as often, as with a name that somebody has
        _need_patience(region.strangers, name.lower())
        password_hash(password, name)
        raise Refusal(Reason.UNAUTHENTICATED, WRONG)
    region.place(user_id)
    _need_patience(region.logins, user_id)
    hashed = password_hash(password, user_id)
    # Of this log-in alone: counted where nothing is ever counted back, so that no token comes a second time.
    parts = (user_id, device, str(region.directory.count_log_in()))
    token, security = region.tokens.token(*parts), region.tokens.security(*parts)

    def work(connection: Connection) -> Answer:
        rev = residents.fence(connection, user_id)
        there = _password(connection, user_id)
        if there is None or not hmac.compare_digest(there, hashed):
            raise Refusal(Reason.UNAUTHENTICATED, WRONG, user_id=user_id)
        add_session(
            connection,
            user_id=user_id,
            rev=rev,
            token=token,
            security=security,
            device=device,
            at=region.clock.seconds(),
        )
        return Answer(
            data={
                "userId": user_id,
                "serviceToken": token,
                "security": base64.b64encode(security).decode(),
                "region": region.name.value,
            }
        )

    answer = region.database.write(work)
    region.logins.forgive(user_id)
    return answer


def receive_activation_sms(region: Region, *, sender: str, text: str, country: str, imsi: str | None) -> None:
    """Take in `MX/H(IMEI)/H(simId)/password` as the short code gets it from the carrier.

    The carrier says who sent it: that is how the vendor learns the phone number.
    """
    found = ACTIVATION_SMS.match(text)
    if found is None or not PHONE.match(sender) or not COUNTRY.match(country):
        raise Refusal(Reason.MALFORMED, "an activation SMS is MX/H(IMEI)/H(simId)/password, from +NUMBER")
    imei, sim, password = found.groups()
    home = region.directory.claim("sim", sim, country)
    _need_home_here(region, home)
    token, security = sim_credentials(password, sim)
    at = region.clock.seconds()

    def work(connection: Connection) -> None:
        _settle_in(connection, home)
        rev = residents.fence(connection, home.user_id)
        _need_same_subscriber(connection, home.user_id, sender, imsi)
        _need_new_password(connection, home.user_id, token)
        values = {"rev": rev, "phone": sender, "imsi": imsi}
        changed = connection.execute(
            update(users).where(users.c.user_id == home.user_id).values(**values)
        ).rowcount
        if not changed:
            fixed = {"kind": "sim", "name": sim, "country": country, "created_at": at}
            connection.execute(insert(users).values(user_id=home.user_id, **values, **fixed))
        add_session(
            connection,
            user_id=home.user_id,
            rev=rev,
            token=token,
            security=security,
            device=imei,
            at=at,
        )

    region.database.write(work)
    region.directory.assign_phone(home.user_id, sender)


def activate(
    region: Region,
    *,
    imei: str,
    sim: str,
    consent: str | None = None,
    shown: str | None = None,
    caller: Caller | None = None,
) -> Answer:
    """Answer a handset that asks for its own number.

    Args:
        region: Where it asks.
        imei: H(IMEI).
        sim: H(simId), from the parameter named `imsi`.
        consent: Of the later variant: what the user said. The factory build does not ask.
        shown: The words that the user saw.
        caller: The session of the request, if it has one: the SIM's own may say anything, at any time.
    """
    user_id = region.directory.find("sim", sim)
    if user_id is None:
        return Answer(data={"state": "waiting"})  # the SMS has not come yet
    region.place(user_id)

    def work(connection: Connection) -> Answer:
        row = connection.execute(select(users).where(users.c.user_id == user_id)).one()
        device = connection.execute(
            select(sessions.c.device).where(sessions.c.user_id == user_id, sessions.c.device == imei).limit(1)
        ).one_or_none()
        if device is None:
            raise Refusal(Reason.FOREIGN, "this SIM was activated by another handset", user_id=user_id)
        if consent is not None:
            answer_of_activation(connection, region, user_id, state=consent, shown=shown, caller=caller)
        else:
            meet_build(connection, region, user_id, ActivatedBy.FACTORY)
        if row.phone is None or not region.directory.owns_phone(user_id, row.phone):
            return Answer(data={"state": "waiting"})  # the number went to another SIM; this one needs an SMS
        data = {"state": "activated", "userId": user_id, "phone": row.phone, "imsi": row.imsi or sim}
        return Answer(data=data)

    answer = region.database.write(work)
    if consent == "declined":
        let_go(region, user_id, MESSAGING)
    return answer


def erase(region: Region, caller: Caller) -> Answer:
    """Delete an account and everything of it. A SIM's user has messaging only, and switches that off."""
    if caller.kind != "account":
        raise Refusal(Reason.MALFORMED, "only an account can be erased", user_id=caller.user_id)
    at = region.clock.seconds()

    def work(connection: Connection) -> None:
        residents.fence(connection, caller.user_id)
        erase_rows(connection, caller.user_id, at=at, region=region.name, reason="erased by the user")
        connection.execute(delete(residents_table).where(residents_table.c.user_id == caller.user_id))

    region.database.write(work)
    region.directory.remove(caller.user_id)
    region.hub.end(caller.user_id, "erased")
    return Answer(data={"result": "erased"})


def _need_home_here(region: Region, home: Home) -> None:
    if home.region != region.name:
        raise ElsewhereError(home.region)
    region.settle(home.user_id)  # what a move left behind, if nobody looked since


def _need_patience(throttle: Throttle, name: str) -> None:
    if not throttle.admits(name):
        raise Refusal(Reason.THROTTLED, "too many tries at a password in a minute")


def _need_same_subscriber(connection: Connection, user_id: str, sender: str, imsi: str | None) -> None:
    # H(simId) is no secret, it goes over the air in clear. What nobody can make up is what the carrier vouches for.
    known = connection.execute(
        select(users.c.phone, users.c.imsi).where(users.c.user_id == user_id)
    ).one_or_none()
    if known is None or known.phone == sender or (imsi is not None and known.imsi == imsi):
        return
    raise Refusal(Reason.FOREIGN, "this SIM was activated from another number", user_id=user_id)


def _need_new_password(connection: Connection, user_id: str, token: str) -> None:
    # Both ends derive token and key from it: the same again would be the session that was ended.
    ended = connection.execute(
        select(sessions.c.ended_at).where(
            sessions.c.user_id == user_id,
            sessions.c.token == token_hash(token),
            sessions.c.ended_at.is_not(None),
        )
    ).one_or_none()
    if ended is not None:
        raise Refusal(
            Reason.REPLAYED, "the session of this password was ended; a new one is needed", user_id=user_id
        )


def _settle_in(connection: Connection, home: Home) -> None:
    # A new user: the directory named this region a moment ago. One that moved away and back has a row.
    residents.add_resident(connection, home.user_id, home.epoch)


def _password(connection: Connection, user_id: str) -> str | None:
    return connection.execute(select(users.c.password).where(users.c.user_id == user_id)).scalar_one_or_none()
