"""
A plugin for detect-secrets that finds the keys of a Tollgate gateway.

    detect-secrets scan --plugin tollgate_keys.py

A key ends in a checksum of what stands before it, so that a string that only looks like a key is
not reported. Where `keys.prefix` of the project is not `tg`, replace it in PREFIXES.
"""
import re
import zlib
from typing import Any
from typing import Dict
from typing import Generator

from detect_secrets.plugins.base import RegexBasedDetector

PREFIXES = ('tg', 'tgo')

ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'


def checksum(text: str) -> str:
    """The CRC-32 of a text, as six digits to the base of 62."""
    rest = zlib.crc32(text.encode('ascii'))
    digits = ''
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = ALPHABET[digit] + digits
    return digits


class TollgateKeyDetector(RegexBasedDetector):
    """Finds keys and operators' tokens by form and checksum, and imported keys by form."""

    secret_type = 'Tollgate API key'

    denylist = (
        re.compile(r'((?:{})_[0-9A-Za-z]{{32}}_[0-9A-Za-z]{{6}})'.format('|'.join(PREFIXES))),
        re.compile(r'(zpka_[0-9A-Za-z]{32}_[0-9A-Za-z]{8})(?![0-9A-Za-z])'),
    )

    def analyze_string(self, string: str, **kwargs: Dict[str, Any]) -> Generator[str, None, None]:
        for found in super().analyze_string(string, **kwargs):
            text, _, end = found.rpartition('_')
            # The longer checksum is that of imported keys, which nobody else can compute.
            if len(end) == 8 or end == checksum(text):
                yield found
