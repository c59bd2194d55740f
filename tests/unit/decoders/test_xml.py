import contextlib
import plistlib
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.xml import MAX_DEPTH, Xml
from phonehome.model.errors import DecodeError, LimitExceeded


def parts(data: bytes) -> list[tuple[str, bytes]]:
    return [(leaf.step, leaf.data) for leaf in Xml().split(data, 1000)]


def test_texts_attributes_and_cdata_are_parts_and_references_are_decoded() -> None:
    data = (
        b"""<?xml version="1.0"?><!-- <no/> --><a k="v&amp;1" x='2'> """
        b"<b>Jos&#233; </b><n:c><![CDATA[<raw>&amp;]]></n:c><d/>tail</a>"
    )
    assert parts(data) == [
        ("/a/@k", b"v&1"),
        ("/a/@x", b"2"),
        ("/a/b", "José".encode()),
        ("/a/n:c", b"<raw>&amp;"),
        ("/a", b"tail"),
    ]
    first = Xml().split(data, 10)[0]
    assert data[first.start : first.end] == b"v&amp;1"


def test_entities_of_a_document_type_are_never_expanded() -> None:
    data = b'<!DOCTYPE a [<!ENTITY x "lol"><!ENTITY y "&x;&x;">]><a>&y;</a>'
    assert parts(data) == [("/a", b"&y;")]


def test_html_passes_with_its_open_and_void_elements_and_its_scripts() -> None:
    data = b'<html><script>if (a<b) x="<i>";</script><p>one<p>two<br><input value=abc>a < b</html>'
    assert parts(data) == [
        ("/html/script", b'if (a<b) x="<i>";'),
        ("/html/p", b"one"),
        ("/html/p", b"two"),
        ("/html/p/input/@value", b"abc"),
        ("/html/p", b"a"),
        ("/html/p", b"b"),
    ]


def test_a_property_list_and_a_fragment_pass() -> None:
    assert ("/plist/dict/string", b"490154203237518") in parts(plistlib.dumps({"imei": "490154203237518"}))
    assert parts(b"<a>1</a><b>2</b><c>cut sho") == [("/a", b"1"), ("/b", b"2"), ("/c", b"cut sho")]


@pytest.mark.parametrize(
    "data", [b"", b"text", b"<3 you", b"< a>", b"<!-- only -->", b'<a><b c="d>e</b></a>', b"a <b>c</b>"]
)
def test_what_does_not_begin_with_markup_or_never_ends_a_tag_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Xml().split(data, 100)


def test_deep_nesting_and_many_parts_end_at_a_bound() -> None:
    for data in (b"<a>" * (MAX_DEPTH + 1), b"<a>x<b/>" * 50):
        with pytest.raises(LimitExceeded):
            Xml().split(data, 20)


@pytest.mark.parametrize(
    "data",
    [
        b"<a " + b"b" * 500_000 + b">",
        b"<a>" + b"</" * 300_000,
        b"<a/>" + b"<!--" * 200_000,
        b'<a "' * 200_000,
    ],
)
def test_hostile_repeats_take_linear_time(data: bytes) -> None:
    with contextlib.suppress(DecodeError):
        assert len(Xml().split(data, 1000)) <= 1


def test_truncation_at_every_byte_gives_a_beginning_or_the_declared_error() -> None:
    data = b'<a k="1"><b>two</b><!-- c --><![CDATA[d]]></a>'
    whole = [value for _, value in parts(data)]
    for end in range(len(data)):
        try:
            found = parts(data[:end])
        except DecodeError:
            continue
        assert all(any(full.startswith(value.rstrip(b"]")) for full in whole) for _, value in found)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1),
    st.text("a<&\"'é", min_size=1),
)
def test_what_the_standard_library_writes_is_read(text: str, attribute: str) -> None:
    element = ElementTree.Element("root", {"key": attribute})
    element.text = text
    data = ElementTree.tostring(element, encoding="utf-8", xml_declaration=False)
    assert parts(data) == [("/root/@key", attribute.encode()), ("/root", text.encode())]
