"""Who may not."""

from __future__ import annotations

from core.errors.base import WorkbenchError
from core.text import N_


class AccessDenied(WorkbenchError):
    code = "forbidden"
    status = 403
    text = N_("This is not open to you.")
    next_step = N_("Sign in as somebody who may, or ask the owner of this machine.")


class Unauthorised(AccessDenied):
    code = "unauthorised"
    status = 401
    text = N_("A valid token is needed.")
    next_step = N_(
        "Send “Authorization: Bearer …” with the token from local-token in the data folder."
    )


class TokenMissing(AccessDenied):
    """A program has no token to show. Params: place (where it was looked for)."""

    code = "token_missing"
    status = 401
    text = N_("There is no token in {place}.")
    next_step = N_(
        "Start Engawa once, or give a file with --token-file or a token in ENGAWA_TOKEN."
    )


class ForeignHost(AccessDenied):
    """Params: host."""

    code = "foreign_host"
    text = N_("Requests for the host “{host}” are not answered.")
    next_step = N_("Open the address that Engawa printed when it started.")


class ForeignOrigin(AccessDenied):
    """Params: origin."""

    code = "foreign_origin"
    text = N_("Requests from the page “{origin}” are not answered.")
    next_step = N_("Open the address that Engawa printed when it started.")


class BindNeedsAccounts(AccessDenied):
    """Params: host."""

    code = "bind_needs_accounts"
    text = N_("Engawa does not listen on {host}: nobody would have to sign in there.")
    next_step = N_("Start it with --host 127.0.0.1.")
