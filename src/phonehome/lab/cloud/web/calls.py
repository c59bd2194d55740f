"""A request as the services see it: who calls, over what, with which parameters, opened if they were sealed."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request

from phonehome.lab.cloud.hosts import Service
from phonehome.lab.cloud.receipts import MAX_KEY, Answer
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.region import Region
from phonehome.lab.cloud.sealing import SIGNATURE, SealError, open_parameters
from phonehome.lab.cloud.sessions import Caller, identify, use_nonce

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request."""

    service: Service
    method: str
    path: str
    variables: dict[str, str]
    """From the path."""
    parameters: dict[str, str]
    """From query and form, opened."""
    body: bytes
    """What is no form, or what the route takes as it is."""
    secure: bool
    sealed: bool
    caller: Caller | None
    key: str | None
    """The header `Idempotency-Key`."""

    def need(self, name: str) -> str:
        """Give a parameter that must be there."""
        try:
            return self.parameters[name]
        except KeyError:
            raise Refusal(Reason.MALFORMED, f"the parameter {name} is missing") from None

    def need_number(self, name: str) -> int:
        """Give a parameter that is a number; 0 if it is not there."""
        text = self.parameters.get(name, "0")
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Refusal(Reason.MALFORMED, f"{name} is not a number")
        return int(text)

    def need_caller(self) -> Caller:
        """Give the session; refuse a request without one."""
        if self.caller is None:
            raise Refusal(Reason.UNAUTHENTICATED, "cookies userId and serviceToken are needed")
        return self.caller

    def need_secure(self) -> None:
        """Refuse plain HTTP."""
        if not self.secure:
            raise Refusal(Reason.CLEARTEXT, "this is answered over https only")

    def need_key(self) -> str:
        """Give the idempotency key, without which nothing is stored."""
        if self.key is None:
            raise Refusal(Reason.MALFORMED, "the header Idempotency-Key is needed to store anything")
        return self.key


Handler = Callable[[Region, Call], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint of a service."""

    service: str
    method: str
    path: str
    handler: Handler
    body_limit: str = "body_bytes"
    """The name of its bound in `Limits`."""
    takes_bytes: bool = False
    """Its body is content, whatever type a client gives it: no form is looked for in it."""


def parse_call(
    region: Region,
    request: Request,
    body: bytes,
    *,
    service: Service,
    route: Route,
    variables: dict[str, str],
) -> Call:
    """Read a request, find its session, check and open what is sealed."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_form = content_type == FORM and not route.takes_bytes
    parameters = _parameters(
        request.scope["query_string"], body if is_form else b"", region.config.limits.parameters
    )
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isprintable()):
        raise Refusal(Reason.MALFORMED, f"an Idempotency-Key has 1 to {MAX_KEY} printable characters")
    user_id, token = request.cookies.get("userId"), request.cookies.get("serviceToken")
    caller = None
    if user_id is not None and token is not None:
        if "\0" in user_id:
            raise Refusal(Reason.MALFORMED, "a NUL in a cookie")
        caller = identify(region, user_id, token)
    sealed = SIGNATURE in parameters
    if sealed:
        if caller is None:
            raise Refusal(Reason.UNAUTHENTICATED, "sealed parameters need a session")
        try:
            parameters = open_parameters(request.method, request.url.path, parameters, caller.security)
        except SealError as error:
            raise Refusal(Reason.MALFORMED, str(error), user_id=caller.user_id) from error
        use_nonce(region, caller, parameters.get("_nonce", ""))
    if any("\0" in text for pair in (*parameters.items(), *variables.items()) for text in pair):
        raise Refusal(Reason.MALFORMED, "a NUL in a parameter or in the path")
    return Call(
        service=service,
        method=request.method,
        path=request.url.path,
        variables=variables,
        parameters=parameters,
        body=b"" if is_form else body,
        secure=request.url.scheme == "https",
        sealed=sealed,
        caller=caller,
        key=key,
    )


def _parameters(query: bytes, form: bytes, limit: int) -> dict[str, str]:
    """Read query and form together: the bound is on both, and a name stands in one of them, once."""
    pairs = [*_pairs(query, limit), *_pairs(form, limit)]
    if len(pairs) > limit:
        raise Refusal(Reason.MALFORMED, f"at most {limit} parameters are taken")
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refusal(Reason.MALFORMED, "a parameter is given twice")
    return dict(pairs)


def _pairs(data: bytes, limit: int) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            data.decode(),
            keep_blank_values=True,
            max_num_fields=limit,
            errors="strict",
            strict_parsing=bool(data),
        )
    except ValueError as error:  # UnicodeDecodeError is one
        raise Refusal(Reason.MALFORMED, "the parameters cannot be read, or are too many") from error
