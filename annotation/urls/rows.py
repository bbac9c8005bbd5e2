"""Row numbers in addresses."""


class RowNumber:
    """A row's number that fits every database's column; a longer one is no address."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)
