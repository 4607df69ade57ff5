"""What an NTLM AUTHENTICATE message says about its channel: the binding a client sent, if it sent one.

The acceptor itself takes a binding of sixteen zero bytes for a good one, and cannot tell "none" from "wrong"; a GP
service set to require bindings refuses both. Layout: [MS-NLMP] 2.2.1.3, 2.2.2.1 and 2.2.2.7.
"""

import struct

_NEGOTIATE = b"NTLMSSP\x00\x01\x00\x00\x00"
_AUTHENTICATE = b"NTLMSSP\x00\x03\x00\x00\x00"
_RESPONSE_FIELDS = len(_AUTHENTICATE) + 8
_PAIRS_IN_RESPONSE = 44
_CHANNEL_BINDINGS, _END = 0x000A, 0x0000
_NOT_SENT = bytes(16)


def is_negotiate(token: bytes) -> bool:
    """Tell whether a token, raw or wrapped in SPNEGO, carries the first NTLM message."""
    return _NEGOTIATE in token


def is_authenticate(token: bytes) -> bool:
    """Tell whether a token, raw or wrapped in SPNEGO, carries the last NTLM message."""
    return _AUTHENTICATE in token


def channel_binding(token: bytes) -> bytes | None:
    """Give the MD5 of the client's channel bindings; None when none or only zeros were sent."""
    start = token.find(_AUTHENTICATE)
    message = token[start:] if start >= 0 else b""
    if len(message) < _RESPONSE_FIELDS + 8:
        return None
    length, _, offset = struct.unpack_from("<HHI", message, _RESPONSE_FIELDS)
    sent = _pairs(message[offset : offset + length][_PAIRS_IN_RESPONSE:]).get(_CHANNEL_BINDINGS, _NOT_SENT)
    return None if sent == _NOT_SENT else sent


def _pairs(data: bytes) -> dict[int, bytes]:
    pairs: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        if kind == _END:
            break
        pairs[kind] = data[at + 4 : at + 4 + length]
        at += 4 + length
    return pairs
