"""Pictures that strangers send: what they really are, and a new picture made of their pixels alone."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

from taxlien.kit.errors import InvalidInput

FORMATS = ("JPEG", "PNG", "WEBP")
LARGE = 512
SMALL = 128
MEDIA_TYPE = "image/webp"

_QUALITY = 82
_MAGIC = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "WEBP": b"RIFF"}
_PDF = b"%PDF-"


class Portrait(NamedTuple):
    """Two square WebP pictures of ``LARGE`` and ``SMALL`` pixels, without any metadata."""

    large: bytes
    small: bytes


def portrait_of(content: bytes, *, max_pixels: int) -> Portrait:
    """Make a portrait of a JPEG, PNG or WebP of one frame. Raises ``InvalidInput`` for all else.

    Only pixels survive: metadata such as GPS positions, colour profiles, comments and whatever was
    hidden behind or between the pixels are not copied.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with _opened(content, max_pixels) as picture:
                picture.draft("RGB", (LARGE, LARGE))  # a JPEG is decoded no larger than needed
                upright = ImageOps.exif_transpose(picture)
                mode = "RGBA" if upright.has_transparency_data else "RGB"
                square = ImageOps.fit(upright.convert(mode), (LARGE, LARGE))
        except (
            OSError,
            SyntaxError,
            ValueError,
            Image.DecompressionBombError,
            Image.DecompressionBombWarning,
        ) as error:
            raise _broken(error) from None
    return Portrait(_webp(square), _webp(square.resize((SMALL, SMALL), Image.Resampling.LANCZOS)))


def document_type_of(content: bytes, *, max_pixels: int) -> str:
    """Return the media type of a document: a PDF, or a JPEG or PNG that decodes. Raises ``InvalidInput``."""
    if content.startswith(_PDF):
        if b"%%EOF" not in content[-2048:]:
            raise InvalidInput("upload_id", "is a PDF that is not complete")
        return "application/pdf"
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with _opened(content, max_pixels) as picture:
                kind = picture.format
                picture.draft("RGB", (LARGE, LARGE))
                picture.load()
        except (
            OSError,
            SyntaxError,
            ValueError,
            Image.DecompressionBombError,
            Image.DecompressionBombWarning,
        ) as error:
            raise _broken(error) from None
    if kind == "WEBP":
        raise InvalidInput("upload_id", "is no PDF, JPEG or PNG")
    return "image/png" if kind == "PNG" else "image/jpeg"


def _opened(content: bytes, max_pixels: int) -> Image.Image:
    """Read a picture's head only. Raises ``InvalidInput``, or what Pillow raises."""
    if not any(content.startswith(magic) for magic in _MAGIC.values()):
        raise InvalidInput("upload_id", f"is none of {', '.join(FORMATS)}")
    try:
        picture = Image.open(BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        raise InvalidInput("upload_id", "is not a picture that can be read") from None
    width, height = picture.size
    if width * height > max_pixels:
        raise InvalidInput(
            "upload_id", f"has {width} x {height} pixels; {max_pixels} are the limit"
        )
    # A photograph with a preview behind it (MPO) is a JPEG whose first frame is the photograph.
    if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
        raise InvalidInput("upload_id", "moves; a picture of one frame is wanted")
    return picture


def _broken(error: Exception) -> InvalidInput:
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return InvalidInput("upload_id", "has too many pixels")
    return InvalidInput("upload_id", "is damaged: its pixels cannot be read")


def _webp(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "WEBP", quality=_QUALITY, method=4)
    return out.getvalue()
