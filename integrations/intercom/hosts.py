"""Where a workspace's API and pages live. Decides addresses only; sends nothing and reads no settings."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Region(StrEnum):
    """Where a workspace's data lives; SANDBOX is a pretend workspace, at an address of the caller's."""

    US = "US"
    EU = "EU"
    AU = "AU"
    SANDBOX = "SANDBOX"


_API = {
    Region.US: "https://api.intercom.io",
    Region.EU: "https://api.eu.intercom.io",
    Region.AU: "https://api.au.intercom.io",
}
_APP = {
    Region.US: "https://app.intercom.com",
    Region.EU: "https://app.eu.intercom.com",
    Region.AU: "https://app.au.intercom.com",
}
_NAMES = {
    "us": Region.US,
    "eu": Region.EU,
    "europe": Region.EU,
    "au": Region.AU,
    "australia": Region.AU,
    "sandbox": Region.SANDBOX,
}


def normal_region(word: str) -> Region:
    """The region that `word` names: as we write it or as /me does (`Europe`), in any case.

    Raises ValueError for any other word.
    """
    try:
        return _NAMES[word.strip().casefold()]
    except KeyError:
        raise ValueError("unknown Intercom region") from None


def api_url(region: Region, *, override: str = "", sandbox_url: str = "") -> str:
    """The base URL of a region's API, with no slash at the end.

    `override` replaces the three real addresses, `sandbox_url` is the sandbox's. Raises ValueError for an
    address that is no URL, is missing, or would carry a real token unencrypted to another machine.
    https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis
    """
    if region is Region.SANDBOX:
        return _checked(sandbox_url, plain_http=True)
    return _checked(override, plain_http=False) if override else _API[region]


def app_url(region: Region, *, override: str = "") -> str:
    """The address of Intercom's own pages for a region, with no slash at the end.

    `override` replaces all of them. Raises ValueError for the sandbox, which has no such pages, and for an
    address that is no URL or would carry a code unencrypted to another machine.
    https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth
    """
    if region not in _APP:
        raise ValueError("no permission page")
    return _checked(override, plain_http=False) if override else _APP[region]


def _checked(url: str, *, plain_http: bool) -> str:
    parts = urlsplit(url)
    # A name and password in the address would take the place of the token. A bad port raises by itself.
    odd = parts.query or parts.fragment or parts.username is not None or parts.port == 0
    if parts.scheme not in {"http", "https"} or not parts.hostname or odd:
        raise ValueError("not the base URL of an API")
    if parts.scheme == "http" and not plain_http and parts.hostname not in _LOOPBACK:
        raise ValueError("a token must not travel over plain http")
    return url.rstrip("/")
