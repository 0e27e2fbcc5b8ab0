"""Secrets that must be read again, such as those of authenticator apps: encrypted in the database.

The keys come from SECRET_KEY and SECRET_KEY_FALLBACKS, so a copy of the database alone opens nothing.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class DecryptionError(Exception):
    """Its SECRET_KEY is neither the present one nor among the fallbacks. Trying again is of no use."""


def encrypt(text: str, *, purpose: str) -> str:
    return _keys(purpose).encrypt(text.encode()).decode()


def decrypt(encrypted: str, *, purpose: str) -> str:
    """Raises DecryptionError, also for what was encrypted for another purpose."""
    try:
        return _keys(purpose).decrypt(encrypted.encode()).decode()
    except InvalidToken as error:
        raise DecryptionError("The SECRET_KEY with which this was encrypted is not known.") from error


def _keys(purpose: str) -> MultiFernet:
    """The present key encrypts, all of them decrypt."""
    return MultiFernet([Fernet(_derive(key, purpose)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _derive(secret_key: str, purpose: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=b"aftercare", info=purpose.encode())
    return base64.urlsafe_b64encode(derivation.derive(secret_key.encode()))
