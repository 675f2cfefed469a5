"""The one exception that means "your input is wrong", as opposed to "our code is wrong"."""

__all__ = ["FacewrightError", "first_line"]


class FacewrightError(Exception):
    """Bad input, an unusable file or a full disk.

    The message is one line: which file or field, what was found, what was expected.
    The command line prints it and exits with status 2.
    """


def first_line(problem: BaseException) -> str:
    """What another library says is wrong, as one line; its type's name if it says nothing."""
    return next(iter(str(problem).splitlines()), "") or type(problem).__name__
