"""The body of a request or a file → its events, one by one, still undecoded: one bad event must not hide the others."""

import zlib

import msgspec

MAX_BYTES = 5 * 1024 * 1024
MAX_EVENTS = 5_000
NDJSON_TYPES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines"})
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


class _Envelope(msgspec.Struct):
    events: list[msgspec.Raw]


_ENVELOPE = msgspec.json.Decoder(_Envelope)


class BodyError(ValueError):
    """The body as a whole cannot be taken; `status` is the HTTP answer."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def decode_body(body: bytes, content_type: str = "", encoding: str = "") -> list[msgspec.Raw]:
    """A JSON array, {"events": […]} or one event per line; gzip where the encoding says so. Raises BodyError."""
    if encoding.strip().lower() in ("gzip", "x-gzip"):
        body = _gunzip(body)
    elif encoding.strip().lower() not in ("", "identity"):
        raise BodyError(f"The encoding “{encoding}” is not known. Send gzip or nothing.", status=415)
    if len(body) > MAX_BYTES:
        raise _too_large()
    is_lines = content_type.split(";", maxsplit=1)[0].strip().lower() in NDJSON_TYPES
    events = split_lines(body) if is_lines else split_json(body)
    if len(events) > MAX_EVENTS:
        raise BodyError(f"{len(events)} events in one request. Send at most {MAX_EVENTS}.", status=413)
    return events


def split_lines(body: bytes) -> list[msgspec.Raw]:
    return [msgspec.Raw(line) for line in body.splitlines() if line.strip()]


def split_json(body: bytes) -> list[msgspec.Raw]:
    """An array, an object with `events`, or, where it is neither, lines."""
    start = body.lstrip()[:1]
    try:
        if start == b"[":
            return _ARRAY.decode(body)
        if start == b"{":
            return _ENVELOPE.decode(body).events
    except msgspec.ValidationError:
        if b"\n" in body.strip() or b'"type"' in body:
            return split_lines(body)
        raise BodyError("Send a JSON array of events, or an object with the field “events”.") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        lines = split_lines(body)
        if start == b"{" and len(lines) > 1:
            return lines
        raise BodyError(f"The body is not valid JSON: {error}.") from None
    raise BodyError("Send a JSON array of events, an object with the field “events”, or one event per line.")


def _gunzip(body: bytes) -> bytes:
    """Never unpacks more than the limit, however small the body is."""
    pieces: list[bytes] = []
    room = MAX_BYTES + 1
    while body and room > 0:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            pieces.append(unpacker.decompress(body, room))
        except zlib.error:
            raise BodyError("The body is not valid gzip.") from None
        room -= len(pieces[-1])
        if room > 0 and not unpacker.eof:
            raise BodyError("The gzip body is cut off.")
        body = unpacker.unused_data
    if room <= 0:
        raise _too_large()
    return b"".join(pieces)


def _too_large() -> BodyError:
    return BodyError(f"The body is larger than {MAX_BYTES // 1024 // 1024} MB. Send smaller batches.", status=413)
