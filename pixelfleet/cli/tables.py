"""Tables of commands that list things."""

from rich.table import Table


def folding_table(*columns: str) -> Table:
    """A table whose long words go on in the next line. By default, Rich cuts a word that is longer than its column."""
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
