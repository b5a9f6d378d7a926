"""The few errors a person may meet: each has a status, a stable code and a sentence that says what to do."""


class TierlineError(Exception):
    """An expected failure. Shown as JSON `{code, message}` over HTTP and as one line on the command line."""

    status = 500
    code = "internal"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadInput(TierlineError):
    status = 422
    code = "bad_input"


class NotSignedIn(TierlineError):
    status = 401
    code = "not_signed_in"


class NotAllowed(TierlineError):
    status = 403
    code = "not_allowed"


class NotFound(TierlineError):
    status = 404
    code = "not_found"


class Conflict(TierlineError):
    status = 409
    code = "conflict"


class TooMany(TierlineError):
    status = 429
    code = "too_many"


class Unavailable(TierlineError):
    """Something we depend on (database, PBX) is away; trying again later may help."""

    status = 503
    code = "unavailable"


class Misconfigured(TierlineError):
    """A setting is missing or wrong: named, with what is expected."""

    code = "misconfigured"
