"""Where the server may be sent: public push services over HTTPS, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.policy.endpoints import KNOWN_HOSTS, BadEndpoint, Endpoint, check, is_public

ANY = ("*",)
GOOD = [
    ("https://fcm.googleapis.com/fcm/send/abc:def", "https://fcm.googleapis.com"),
    ("https://updates.push.services.mozilla.com:443/wpush/v2/abc", "https://updates.push.services.mozilla.com"),
    ("https://web.push.apple.com/abc", "https://web.push.apple.com"),
    ("https://db5.notify.windows.com/w/?token=a%2b", "https://db5.notify.windows.com"),
    ("https://FCM.googleapis.com/x", "https://fcm.googleapis.com"),
]
WRONG = [
    "",
    "fcm.googleapis.com/x",
    "http://fcm.googleapis.com/x",
    "ftp://fcm.googleapis.com/x",
    "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com:99999/x",
    "https://user@fcm.googleapis.com/x",
    "https://user:secret@fcm.googleapis.com/x",
    "https://evil.example/x",
    "https://evil.example#fcm.googleapis.com",
    "https://evil.example\\@fcm.googleapis.com/",
    "https://fcm.googleapis.com\t.evil.example/",
    "https://fcm.googleapis.com/\r\nHost: evil.example",
    "https://fcm.googleapis.com.evil.example/x",
    "https://evilfcm.googleapis.com/x",
    "https://push.apple.com/x",
    "https://evilpush.apple.com/x",
    "https://fcm.googleapis.com./x",
    "https:///x",
    "https://fcm.googleapis.com/" + "x" * 2_048,
    "https://f\u0441m.googleapis.com/x",
]
# For a server that lets any public host in.
NEVER = [
    "https://127.0.0.1/x",
    "https://127.1/x",
    "https://2130706433/x",
    "https://0x7f.1/x",
    "https://0177.0.0.1/x",
    "https://10.0.0.1/x",
    "https://169.254.169.254/latest",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[fd00::1]/x",
    "https://[fe80::1%25eth0]/x",
    "https://[::1/x",
    "https://localhost/x",
    "https://intranet/x",
    "https://a..example/x",
    "https://-a.example/x",
]
PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1",  # noqa: S104
    "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "2001:db8::1",
    "2001:0:7f00:1::", "2002:7f00:1::", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    "", "example.org", "127.1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "142.250.1.1", "::ffff:8.8.8.8", "2606:4700::1111", "2a00:1450:4001::1"]


@pytest.mark.parametrize(("url", "origin"), GOOD)
def test_the_browsers_push_services_are_known(url: str, origin: str) -> None:
    assert check(url) == Endpoint(origin, origin.removeprefix("https://"))


@pytest.mark.parametrize("url", WRONG)
def test_nothing_else_is_let_in(url: str) -> None:
    with pytest.raises(BadEndpoint) as why:
        check(url)
    assert not url or url not in str(why.value)


@pytest.mark.parametrize("url", NEVER)
def test_not_even_where_any_public_host_is(url: str) -> None:
    with pytest.raises(BadEndpoint):
        check(url, ANY)


@pytest.mark.parametrize("url", ["https://push.example.org/x", "https://8.8.8.8/x", "https://[2606:4700::1111]/x"])
def test_a_server_may_let_any_public_host_in(url: str) -> None:
    assert check(url, ANY).origin == url.removesuffix("/x")


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public(address: str) -> None:
    assert is_public(address)


def test_loopback_is_for_tests_and_is_one_address() -> None:
    assert check("http://127.0.0.1:4711/x", loopback=True) == Endpoint("http://127.0.0.1:4711", "127.0.0.1")
    assert is_public("127.0.0.1", loopback=True)
    for other in ("127.0.0.2", "::1", "10.0.0.1"):
        assert not is_public(other, loopback=True)
    for url in ("http://127.0.0.2/x", "http://localhost/x", "http://fcm.googleapis.com/x", "http://a@127.0.0.1/x"):
        with pytest.raises(BadEndpoint):
            check(url, loopback=True)


@given(st.text(max_size=60), st.sampled_from(["", "https://", "https://fcm.googleapis.com"]))
def test_it_refuses_in_its_own_words_or_lets_in_what_is_known(text: str, start: str) -> None:
    try:
        found = check(start + text)
    except BadEndpoint:
        return
    assert any(found.host == known or found.host.endswith(known[1:]) for known in KNOWN_HOSTS)
