"""One request and its answer: connections that are kept and guarded, time and size that are bounded."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime

import httpcore2
import httpx2
import msgspec

from .decoding import decoded
from .network import GuardedNetwork, Resolve, resolve
from .outcomes import Refused, Unreachable

_LARGE = 1_000_000  # bytes; unpacking more is done beside the event loop
_CONNECTIONS = 32
_IDLE_SECONDS = 30.0


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer may cost: bytes before and after unpacking, and seconds."""

    max_bytes: int
    connect_seconds: float
    read_seconds: float
    page_seconds: float


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back for one request, unpacked. ``headers`` have lower-case names and no cookies."""

    url: str
    status: int
    headers: dict[str, str]
    content: bytes
    bytes_read: int
    at: datetime


class PooledTransport(httpx2.AsyncBaseTransport):
    """Connections to one host, kept open between requests; HTTP/2 where the host speaks it."""

    def __init__(self, pool: httpcore2.AsyncConnectionPool) -> None:
        self._pool = pool

    @classmethod
    def guarded(
        cls, *, loopback: bool, tls: ssl.SSLContext, look_up: Resolve = resolve
    ) -> PooledTransport:
        """Return connections to checked addresses, by no proxy of the environment."""
        return cls(
            httpcore2.AsyncConnectionPool(
                ssl_context=tls,
                max_connections=_CONNECTIONS,
                keepalive_expiry=_IDLE_SECONDS,
                http2=True,
                network_backend=GuardedNetwork(loopback=loopback, look_up=look_up),
            )
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send ``request``. Raises what httpcore raises, and ``Refused``."""
        url = request.url
        stream = request.stream
        if not isinstance(stream, httpx2.AsyncByteStream):
            raise TypeError("a request of an async transport has an async body")
        response = await self._pool.handle_async_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    """The body of an answer as it arrives."""

    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    def __aiter__(self):  # type: ignore[no-untyped-def]
        return self._response.aiter_stream()

    async def aclose(self) -> None:
        await self._response.aclose()


async def exchange(
    transport: httpx2.AsyncBaseTransport,
    request: httpx2.Request,
    limits: Limits,
    jar: httpx2.Cookies | None = None,
) -> Answer:
    """Send ``request`` and take the whole answer, within ``limits``.

    Cookies of ``jar`` go out and those of the answer come in. Raises ``Refused`` for what is too large
    or encoded otherwise than asked, ``Unreachable`` where the transport fails or takes too long.
    """
    request.extensions["timeout"] = {
        "connect": limits.connect_seconds,
        "read": limits.read_seconds,
        "write": limits.read_seconds,
        "pool": limits.page_seconds,
    }
    if jar is not None:
        jar.set_cookie_header(request)
    try:
        async with asyncio.timeout(limits.page_seconds):
            response = await transport.handle_async_request(request)
            response.request = request
            try:
                raw = await _capped(response, limits.max_bytes)
            finally:
                await response.aclose()
    except TimeoutError:
        raise Unreachable(f"no whole answer within {limits.page_seconds:g} s") from None
    except httpcore2.TimeoutException as error:
        raise Unreachable(f"too slow: {type(error).__name__}") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError) as error:
        certificate = isinstance(error.__context__, ssl.SSLCertVerificationError)
        raise Unreachable(_in_words(error), retry=not certificate) from None
    except (httpcore2.UnsupportedProtocol, httpx2.InvalidURL) as error:
        raise Refused(_in_words(error)) from None
    if jar is not None:
        jar.extract_cookies(response)
    return await _unpacked(request, response, raw, limits.max_bytes)


async def _capped(response: httpx2.Response, limit: int) -> bytes:
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise Refused(f"{announced} bytes announced, {limit} are taken at most")
    taken = bytearray()
    async for piece in response.stream:  # type: ignore[union-attr]
        taken += piece
        if len(taken) > limit:
            raise Refused(f"more than {limit} bytes")
    return bytes(taken)


async def _unpacked(
    request: httpx2.Request, response: httpx2.Response, raw: bytes, limit: int
) -> Answer:
    encoding = response.headers.get("content-encoding")
    if encoding and len(raw) > _LARGE:
        content = await asyncio.to_thread(decoded, raw, encoding, limit)
    else:
        content = decoded(raw, encoding, limit)
    return Answer(
        url=str(request.url),
        status=response.status_code,
        headers={n: v for n, v in response.headers.items() if n not in _NOT_KEPT},
        content=content,
        bytes_read=len(raw),
        at=datetime.now(UTC),
    )


_NOT_KEPT = frozenset({"set-cookie", "set-cookie2", "cookie"})


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
