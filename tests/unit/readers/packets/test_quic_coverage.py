"""QUIC in coverage: closed as a whole, until it is decrypted as a whole."""

from pathlib import Path

from phonehome.model.account import Account
from phonehome.readers import iter_inputs, read_input

CASE = Path(__file__).parents[3] / "cases" / "pcap-illustrated-quic"


def test_the_first_packets_of_quic_count_as_closed_like_the_rest() -> None:
    [capture] = CASE.glob("*.pcap*")
    [file] = iter_inputs([capture])
    [account] = [item for item in read_input(file) if isinstance(item, Account)]
    assert (account.read, account.lost) == (0, 0)
    assert account.closed > 1200  # an Initial datagram alone has 1200 (RFC 9000, 14.1)
    assert account.sni is not None
