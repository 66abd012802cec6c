"""Handing mails in: TLS, signing in, addresses and headers nobody can break out of."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from taxlien.kit.settings import SettingsError
from taxlien.services.notifications.adapters.messages import Mail
from taxlien.services.notifications.adapters.provider import Deferred, Refused
from taxlien.services.notifications.adapters.smtp import SmtpMailer, SmtpServer

SENDER = "TAXLIEN.online <no-reply@taxlien.example>"


def mail(to: str = "ann@example.com", subject: str = "Hello") -> Mail:
    return Mail(
        "0a1b", to, subject, "text\n", "<p>html</p>", "en", datetime(2026, 1, 2, tzinfo=UTC)
    )


def mailer(url: str, timeout: float = 10.0) -> SmtpMailer:
    return SmtpMailer(SmtpServer.parse(url), SENDER, timeout=timeout)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, its own authority, with the key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def signs_in(
    server: object, session: object, envelope: object, kind: str, data: object
) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.password == b"s3cret/:@"
    return AuthResult(success=good, handled=False)


@pytest.fixture
async def guarded(mail_server, server_tls: ssl.SSLContext):
    """The server demands STARTTLS and a password."""
    await mail_server.stop()
    mail_server.options = {
        "tls_context": server_tls,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": signs_in,
    }
    await mail_server.start()
    return mail_server


async def test_starttls_and_password(guarded, certificate: Path) -> None:
    url = f"smtp+starttls://ann:s3cret%2F%3A%40@localhost:{guarded.port}?ca={certificate}"
    await mailer(url).send(mail())
    assert guarded.recipients == ["ann@example.com"]


async def test_wrong_password_is_no_fault_of_the_mail(guarded, certificate: Path) -> None:
    url = f"smtp+starttls://ann:wrong@localhost:{guarded.port}?ca={certificate}"
    with pytest.raises(Deferred, match="535"):
        await mailer(url).send(mail())


async def test_server_with_a_foreign_certificate_gets_nothing(guarded) -> None:
    with pytest.raises(Deferred):
        await mailer(f"smtp+starttls://a:b@localhost:{guarded.port}").send(mail())
    assert guarded.mails == []


async def test_server_without_tls_gets_nothing_where_tls_is_wanted(mail_server) -> None:
    with pytest.raises(Deferred):
        await mailer(f"smtp+starttls://localhost:{mail_server.port}").send(mail())
    assert mail_server.mails == []


async def test_tls_from_the_start(mail_server, server_tls, certificate: Path) -> None:
    await mail_server.stop()
    mail_server.implicit_tls = server_tls
    await mail_server.start()
    await mailer(f"smtps://localhost:{mail_server.port}?ca={certificate}").send(mail())
    assert len(mail_server.mails) == 1


async def test_server_that_hangs_is_given_up_in_time(mail_server) -> None:
    mail_server.gate = asyncio.Event()
    with pytest.raises(Deferred, match="Timeout"):
        await mailer(f"smtp://127.0.0.1:{mail_server.port}", timeout=0.3).send(mail())
    mail_server.gate.set()


async def test_server_that_hangs_after_it_took_the_mail_is_not_asked_to_take_it_again(
    mail_server,
) -> None:
    mail_server.quit_gate = asyncio.Event()
    await mailer(f"smtp://127.0.0.1:{mail_server.port}", timeout=60).send(mail())
    mail_server.quit_gate.set()
    assert len(mail_server.mails) == 1


@pytest.mark.parametrize(
    "to",
    [
        "ann@example.com\r\nBcc: eve@example.com",
        "ann@example.com\nRCPT TO:<eve@example.com>",
        "ann@example.com, eve@example.com",
        "ann@example.com> NOTIFY=SUCCESS <eve@example.com",
        "Ann <ann@example.com>",
        "ann",
        "",
        "@example.com",
        "ann@",
        "ann@exa mple.com",
        "ann@-example.com",
        '"ann"@example.com',
        "ann@example.com\x00",
    ],
)
async def test_what_is_not_one_address_is_refused_before_any_server_is_asked(
    mail_server, to: str
) -> None:
    with pytest.raises(Refused):
        await mailer(f"smtp://127.0.0.1:{mail_server.port}").send(mail(to))
    assert mail_server.mails == []


async def test_subject_cannot_become_a_header(mail_server) -> None:
    with pytest.raises(Refused):
        await mailer(f"smtp://127.0.0.1:{mail_server.port}").send(mail(subject="a\r\nBcc: e@e.com"))
    assert mail_server.mails == []


async def test_addresses_of_other_scripts_arrive(mail_server) -> None:
    send = mailer(f"smtp://127.0.0.1:{mail_server.port}").send
    await send(mail("ann@пример.рф"))
    await send(mail("анна@example.com"))
    assert mail_server.recipients == ["ann@xn--e1afmkfd.xn--p1ai", "анна@example.com"]


async def test_headers_say_what_the_mail_is(mail_server) -> None:
    await mailer(f"smtp://127.0.0.1:{mail_server.port}").send(mail())
    [got] = mail_server.mails
    assert got["Message-ID"] == "<0a1b@taxlien.example>"
    assert got["From"].addresses[0].addr_spec == "no-reply@taxlien.example"
    assert got["From"].addresses[0].display_name == "TAXLIEN.online"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"] == "Fri, 02 Jan 2026 00:00:00 +0000"
    assert [part.get_content_type() for part in got.iter_parts()] == ["text/plain", "text/html"]
    assert "Bcc" not in got


async def test_address_that_stops_mails_arrives_whole_however_long_it_is(mail_server) -> None:
    url = f"https://taxlien.example/v1/notifications/unsubscribe?token={'Ab-_' * 60}%3D%3D"
    send = mailer(f"smtp://127.0.0.1:{mail_server.port}").send
    await send(replace(mail(), unsubscribe_url=url))
    await send(replace(mail("анна@example.com"), unsubscribe_url=url))
    for got in mail_server.mails:
        headers = dict(got.raw_items())
        assert headers["List-Unsubscribe"] == f"<{url}>"
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://mail.example.com", "must begin with"),
        ("smtp://user:hidden@mail.example.com", "password in the clear"),
        ("smtps://", "no host"),
        ("smtp://host:notaport", "malformed"),
    ],
)
def test_address_of_a_server_that_cannot_be_used_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        SmtpServer.parse(url)
    assert "hidden" not in str(caught.value)


def test_password_is_not_shown() -> None:
    assert "hidden" not in repr(SmtpServer.parse("smtps://user:hidden@mail.example.com"))
