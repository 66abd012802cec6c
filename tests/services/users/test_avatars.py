"""Pictures go to the real object store by an address of their own, and only their pixels come back."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import obstore
import pytest
from PIL import Image, ImageDraw

from taxlien.kit.ids import new_id
from taxlien.services.users import service
from taxlien.services.users.adapters.uploads import Objects, _store

Client = Callable[..., httpx2.AsyncClient]

MIB = 1024 * 1024
PATH = "/v1/users/me/avatar"


def picture(kind: str = "JPEG", size: tuple[int, int] = (800, 600), **options: Any) -> bytes:
    drawn = Image.new("RGB", size, (200, 30, 30))
    ImageDraw.Draw(drawn).rectangle((0, 0, size[0] // 2, size[1]), fill=(20, 20, 220))
    out = io.BytesIO()
    drawn.save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that unpacks to ``width * height`` pixels."""
    packer = zlib.compressobj(9)
    row = b"\x00" * (width // 8 + 1)
    rows = (row * 500 for _ in range(height // 500))
    packed = b"".join(map(packer.compress, rows)) + packer.compress(row * (height % 500))
    packed += packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


async def send(client: httpx2.AsyncClient, content: bytes) -> tuple[str, str]:
    """Send a file to quarantine as a browser would. Returns the upload's id and address."""
    place = (await client.post(f"{PATH}/upload")).json()
    async with httpx2.AsyncClient(trust_env=False) as browser:
        sent = await browser.put(place["url"], content=content)
    assert sent.status_code == 200, sent.text
    return place["upload_id"], place["url"]


async def set_avatar(client: httpx2.AsyncClient, content: bytes) -> httpx2.Response:
    upload_id, _ = await send(client, content)
    return await client.post(PATH, json={"upload_id": upload_id})


async def fetch(url: str) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False) as browser:
        return await browser.get(url)


def stored_keys() -> list[str]:
    """Every object of this test's own part of the store."""
    objects = Objects.from_environment()
    return sorted(meta["path"] for page in obstore.list(objects._store) for meta in page)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_comes_back_squared_in_two_sizes(
    people: Any, app_client: Client, kind: str
) -> None:
    client = app_client(await people.sign_up())
    answer = await set_avatar(client, picture(kind))
    assert answer.status_code == 200, answer.text
    shown = (await client.get(PATH)).json()
    assert shown["avatar_id"] == answer.json()["avatar_id"]
    for name, size in (("large_url", 512), ("small_url", 128)):
        got = await fetch(shown[name])
        assert got.headers["content-type"] == "image/webp"
        with Image.open(io.BytesIO(got.content)) as made:
            assert (made.format, made.size) == ("WEBP", (size, size))
            left, right = (
                made.convert("RGB").getpixel((5, 5)),
                made.convert("RGB").getpixel((size - 5, 5)),
            )
        assert left[2] > 150 > left[0]
        assert right[0] > 150 > right[2]
    assert len(stored_keys()) == 2, "the file that was sent is gone"


async def test_positions_and_comments_do_not_come_back(people: Any, app_client: Client) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAMERA"
    position = exif.get_ifd(0x8825)
    position[1], position[2] = "N", (40.0, 26.0, 46.0)
    content = picture(exif=exif, comment=b"SECRETCOMMENT", icc_profile=b"SECRETPROFILE" * 20)
    with Image.open(io.BytesIO(content)) as sent:
        assert sent.getexif().get_ifd(0x8825), "the picture that is sent knows where it was taken"
    answer = (await set_avatar(app_client(await people.sign_up()), content)).json()
    for name in ("large_url", "small_url"):
        got = (await fetch(answer[name])).content
        assert b"SECRET" not in got
        with Image.open(io.BytesIO(got)) as made:
            assert not made.getexif()
            assert not {"exif", "icc_profile", "xmp", "comment"} & set(made.info)


async def test_a_picture_taken_sideways_is_set_upright(people: Any, app_client: Client) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right by a quarter to see it
    answer = await set_avatar(app_client(await people.sign_up()), picture(exif=exif))
    with Image.open(io.BytesIO((await fetch(answer.json()["large_url"])).content)) as made:
        top = made.convert("RGB").getpixel((256, 5))
    assert top[2] > 150 > top[0]


async def test_a_page_hidden_in_a_picture_does_not_come_back(
    people: Any, app_client: Client
) -> None:
    page = b"<html><script>alert(document.domain)</script></html>"
    content = picture(comment=page) + page
    answer = (await set_avatar(app_client(await people.sign_up()), content)).json()
    for name in ("large_url", "small_url"):
        got = await fetch(answer[name])
        assert b"<script" not in got.content
        assert b"<html" not in got.content
        assert got.headers["content-type"] == "image/webp"


def _moving() -> bytes:
    frames = [Image.new("RGB", (64, 64), (n, 0, 0)) for n in (0, 120, 240)]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue()


def _long_text() -> bytes:
    plain, text = picture("PNG"), zlib.compress(b"\x00" * 200 * MIB, 9)
    return plain[:33] + chunk(b"zTXt", b"a\x00\x00" + text) + plain[33:]


def _moving_webp() -> bytes:
    frames = [Image.new("RGB", (64, 64), (n, 0, 0)) for n in (0, 120, 240)]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
REFUSED: dict[str, Callable[[], bytes]] = {
    "a decompression bomb of 2.5 gigapixels": lambda: bomb(50_000, 50_000),
    "a picture just above the limit": lambda: bomb(6_000, 4_001),
    "a head that promises more than memory": lambda: picture("PNG")[:16]
    + struct.pack(">II", 2**31 - 1, 2**31 - 1) + picture("PNG")[24:],
    "a drawing with a script": lambda: SVG,
    "a drawing behind a declaration": lambda: b'<?xml version="1.0"?>' + SVG,
    "a page": lambda: b"<!doctype html><script>alert(1)</script>",
    "a moving PNG": _moving,
    "a moving WebP": _moving_webp,
    "a GIF": lambda: picture("GIF"),
    "a TIFF": lambda: picture("TIFF"),
    "a zip": lambda: b"PK\x03\x04" + b"\x00" * 200,
    "a PNG by its first bytes only": lambda: b"\x89PNG\r\n\x1a\n" + SVG,
    "a JPEG cut in half": lambda: picture()[: len(picture()) // 2],
    "a text chunk that unpacks to 200 MB": _long_text,
    "nothing": lambda: b"",
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_no_decent_picture_is_refused_and_removed(
    people: Any, app_client: Client, name: str
) -> None:
    client = app_client(await people.sign_up())
    answer = await set_avatar(client, REFUSED[name]())
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["upload_id"]
    assert stored_keys() == []
    assert (await client.get(PATH)).status_code == 404


async def test_a_file_above_five_megabytes_is_refused_and_removed(
    people: Any, app_client: Client
) -> None:
    answer = await set_avatar(app_client(await people.sign_up()), picture() + b"\0" * 5 * MIB)
    assert answer.status_code == 422
    assert "5242880 are the limit" in answer.json()["detail"]
    assert stored_keys() == []


async def test_an_upload_belongs_to_who_began_it(people: Any, app_client: Client) -> None:
    ann, eve = app_client(await people.sign_up()), app_client(await people.sign_up())
    upload_id, _ = await send(ann, picture())
    stolen = await eve.post(PATH, json={"upload_id": upload_id})
    unknown = await eve.post(PATH, json={"upload_id": str(new_id())})
    assert stolen.status_code == unknown.status_code == 404
    assert stolen.json()["detail"] == unknown.json()["detail"], "no difference tells that it exists"
    assert (await ann.post(PATH, json={"upload_id": upload_id})).status_code == 200


async def test_an_upload_is_used_once_and_for_its_purpose(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    upload_id, _ = await send(client, picture())
    as_document = await client.post("/v1/users/me/kyc/documents", json={"upload_id": upload_id})
    assert as_document.status_code == 404
    assert (await client.post(PATH, json={"upload_id": upload_id})).status_code == 200
    assert (await client.post(PATH, json={"upload_id": upload_id})).status_code == 409


async def test_an_upload_that_received_nothing_says_so(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    place = (await client.post(f"{PATH}/upload")).json()
    answer = await client.post(PATH, json={"upload_id": place["upload_id"]})
    assert answer.status_code == 422


async def test_uploads_that_are_begun_and_left_are_limited(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    statuses = [(await client.post(f"{PATH}/upload")).status_code for _ in range(11)]
    assert statuses == [201] * 10 + [409]


async def test_an_address_opens_one_object_for_one_method(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    _, url = await send(client, picture())
    async with httpx2.AsyncClient(trust_env=False) as browser:
        assert (await browser.get(url)).status_code == 403
        assert (await browser.delete(url)).status_code == 403
        elsewhere = url.replace("/quarantine/", "/avatars/")
        assert (await browser.put(elsewhere, content=b"x")).status_code == 403
        unsigned = url.partition("?")[0]
        assert (await browser.put(unsigned, content=b"x")).status_code == 403


async def test_an_address_names_nobody(people: Any, app_client: Client) -> None:
    user_id: UUID = await people.sign_up()
    answer = (await set_avatar(app_client(user_id), picture())).json()
    for url in (answer["large_url"], answer["small_url"]):
        assert str(user_id) not in url
        assert user_id.hex not in url


async def remove_due(people: Any, after: timedelta = timedelta(0)) -> int:
    async with people.database.session() as session:
        return await service.remove_objects(session, datetime.now(UTC) + after)


async def test_a_replaced_and_a_removed_picture_are_gone_from_the_store(
    people: Any, app_client: Client
) -> None:
    client = app_client(await people.sign_up())
    first = (await set_avatar(client, picture())).json()
    second = (await set_avatar(client, picture("PNG"))).json()
    assert await remove_due(people) == 2
    assert (await fetch(first["large_url"])).status_code == 404
    assert (await fetch(second["large_url"])).status_code == 200
    assert (await client.delete(PATH)).status_code == 204
    assert await remove_due(people) == 2
    assert stored_keys() == []
    assert (await client.get(PATH)).status_code == 404
    assert (await client.delete(PATH)).status_code == 404


async def test_what_is_sent_and_left_is_removed_once_its_address_ended(
    people: Any, app_client: Client
) -> None:
    client = app_client(await people.sign_up())
    upload_id, url = await send(client, picture())
    await client.post(PATH, json={"upload_id": upload_id})
    async with httpx2.AsyncClient(trust_env=False) as browser:
        await browser.put(url, content=b"sent again, while the address still opens")
    await send(client, b"left")
    assert await remove_due(people) == 0
    assert await remove_due(people, timedelta(minutes=16)) == 4
    assert len(stored_keys()) == 2
    assert (await client.get(PATH)).status_code == 200


async def test_what_a_process_wrote_before_it_died_is_removed(
    people: Any, app_client: Client
) -> None:
    client = app_client(await people.sign_up())
    place = (await client.post(f"{PATH}/upload")).json()
    large, small = service.uploads.made_of("avatar", UUID(place["upload_id"]))
    for key in (large, small):
        await Objects.from_environment().write(key, b"half done", "image/webp")
    await remove_due(people, timedelta(minutes=16))
    assert stored_keys() == []


def test_stores_of_one_process_are_shared() -> None:
    arguments = ("http://127.0.0.1:1", "s3://bucket", "us-east-1", "key", "secret")
    assert _store(*arguments) is _store(*arguments)
