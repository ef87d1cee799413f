"""What the one port answers to a browser and to a monitor, with the pages and without them."""

import ssl
import urllib.request

import pytest

import wire


def test_health_and_readiness(plant):
    for path in ("/healthz", "/readyz"):
        status, _, body = plant.http(path)
        assert status == 200 and body


def test_the_authority_can_be_fetched_in_the_clear_and_nothing_else(plant):
    with urllib.request.urlopen(f"http://{plant.host}:{plant.port}/ca.pem", timeout=5) as answer:
        assert answer.read() == plant.certificate_authority.read_bytes()


def test_the_certificate_is_the_authoritys_and_names_this_host(plant):
    for name in ("127.0.0.1", "localhost"):
        stream = wire._Stream(plant.address, plant.tls_context(), server_hostname=name)
        stream.close()
    with pytest.raises(ssl.SSLCertVerificationError):
        wire._Stream(plant.address, plant.tls_context(), server_hostname="elsewhere.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        wire._Stream(plant.address, ssl.create_default_context())


def test_pages_carry_the_headers_that_keep_strangers_out(plant):
    status, headers, body = plant.http("/", headers={"Accept": "text/html"})
    headers = {name.lower(): value for name, value in headers.items()}
    assert status == 200 and b"<!doctype html>" in body[:200].lower()
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy and "http:" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in policy or headers.get("x-frame-options") == "DENY"


def test_pages_are_not_sent_twice(plant):
    _, headers, _ = plant.http("/")
    etag = {name.lower(): value for name, value in headers.items()}["etag"]
    status, _, body = plant.http("/", headers={"If-None-Match": etag})
    assert status == 304 and body == b""


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/"), ("PUT", "/healthz"), ("GET", "/no/such/page.js"), ("GET", "/api/sign-in")])
def test_what_is_not_offered(plant, method, path):
    assert plant.http(path, method)[0] in (404, 405)


def test_a_body_that_is_too_large(plant):
    status, _, _ = plant.http("/api/sign-in", "POST", b"x" * (2 * 2**20), {"Content-Type": "application/json"})
    assert status == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"name": 1, "password": 2}', b"\xff\xfe", b"[" * 100_000])
def test_a_sign_in_that_is_none(plant, body):
    status, _, answer = plant.http("/api/sign-in", "POST", body, {"Content-Type": "application/json"})
    assert status in (400, 422) and answer
