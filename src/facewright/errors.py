"""The one exception that means "your input is wrong", as opposed to "our code is wrong"."""

__all__ = ["FacewrightError"]


class FacewrightError(Exception):
    """Bad input, an unusable file or a full disk.

    The message is one line: which file or field, what was found, what was expected.
    The command line prints it and exits with status 2.
    """
