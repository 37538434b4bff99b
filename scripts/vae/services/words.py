"""Numbers in words."""


def counted(n: int, noun: str, plural: str = "") -> str:
    """A number and a noun: "1 run", "2 runs"."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
