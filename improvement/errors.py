"""Why a domain verb said no. The message is for the person who asked, so it also says what to do."""

from django.utils.functional import Promise


class RefusedError(Exception):
    """A verb that cannot be done now; nothing was changed."""

    def __init__(self, message: str | Promise) -> None:
        self.message = str(message)
        super().__init__(self.message)


class DraftInProgressError(RefusedError):
    """The gap has an active draft already."""


class AlreadyDecidedError(RefusedError):
    """Somebody else was faster."""


class OutdatedRevisionError(RefusedError):
    """The revision that was decided on is not the latest one any more."""


class CommentRequiredError(RefusedError):
    """A rejection without a reason helps nobody."""


class PersonalDataFoundError(RefusedError):
    """The text holds what must not be published."""


class NotEnoughMaterialError(RefusedError):
    """There is nothing to write an article from."""
