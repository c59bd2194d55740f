import pytest

from phonehome.attribution.hosts import HostReader, public_suffix_version

READER = HostReader()


@pytest.mark.parametrize(
    ("text", "name", "domain"),
    [
        ("api.account.xiaomi.com", "api.account.xiaomi.com", "xiaomi.com"),
        ("API.Account.XIAOMI.com.", "api.account.xiaomi.com", "xiaomi.com"),
        ("www.bbc.co.uk", "www.bbc.co.uk", "bbc.co.uk"),
        ("Bücher.example.de", "xn--bcher-kva.example.de", "example.de"),
        ("xn--bcher-kva.de", "xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
        ("_dmarc.example.net", "_dmarc.example.net", "example.net"),
        ("co.uk", "co.uk", None),
    ],
)
def test_a_host_gets_one_spelling_and_its_registrable_domain(
    text: str, name: str, domain: str | None
) -> None:
    host = READER.read(text)

    assert (host.name, host.domain) == (name, domain)


@pytest.mark.parametrize(
    ("text", "domain", "customer", "suffix"),
    [
        ("shop.github.io", "github.io", "shop.github.io", "github.io"),
        ("a.b.github.io", "github.io", "b.github.io", "github.io"),
        ("d111.cloudfront.net", "cloudfront.net", "d111.cloudfront.net", "cloudfront.net"),
        ("bucket.s3.amazonaws.com", "amazonaws.com", "bucket.s3.amazonaws.com", "s3.amazonaws.com"),
        ("s3.amazonaws.com", "amazonaws.com", None, "s3.amazonaws.com"),
        ("www.xiaomi.com", "xiaomi.com", None, None),
    ],
)
def test_a_name_below_a_private_suffix_belongs_to_a_customer(
    text: str, domain: str, customer: str | None, suffix: str | None
) -> None:
    host = READER.read(text)

    assert (host.domain, host.customer_domain, host.lent_suffix) == (domain, customer, suffix)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("[2001:DB8::0001]", "2001:db8::1"),
        ("fe80::1%wlan0", "fe80::1"),
        ("::FFFF:8.8.8.8", "::ffff:8.8.8.8"),
    ],
)
def test_an_address_in_place_of_a_name_has_no_domain(text: str, shown: str) -> None:
    host = READER.read(text)

    assert host.literal is not None
    assert (host.name, host.domain, host.labels) == (shown, None, ())


@pytest.mark.parametrize(
    "text",
    [
        "a b",
        "a..b",
        "-a.com",
        "a-.com",
        "a.com/path",
        "a.com:443",
        "x" * 64 + ".com",
        "a." * 200 + "com",
        ".",
        "é" * 300,
    ],
)
def test_what_is_no_host_name_says_so_and_is_kept(text: str) -> None:
    host = READER.read(text)

    assert host.name == text
    assert host.domain is None
    assert host.notes == ("not a well-formed host name",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("localhost", "handset itself"),
        ("printer.local", "mDNS"),
        ("router.home.arpa", "home network"),
        ("abc.onion", "Tor"),
        ("nas", "one label"),
        ("a.b.nosuchtld", "not in the public suffix list"),
    ],
)
def test_a_name_that_the_dns_does_not_serve_says_so(text: str, says: str) -> None:
    host = READER.read(text)

    assert host.domain is None
    assert says in host.notes[0]


def test_the_public_suffix_list_has_a_date() -> None:
    version, day = public_suffix_version()

    assert day is not None
    assert version.endswith(day.strftime("%Y%m%d"))
