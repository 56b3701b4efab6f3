"""Why a file is not accepted."""


class RefusedFile(Exception):
    """It is broken, too large to be opened, or something else than it claims to be. The text says which, for people."""
