"""Which sequences of a data set lie in which part, for the document of a run."""

from rnn_tui.archive.export.page.blocks import Block, MarkdownBlock, markdown_table, markdown_text
from rnn_tui.data.data_set import PART_NAMES, DataSet
from rnn_tui.engine.errors import printable
from rnn_tui.engine.tables import columns_of_cells

MOST_NAMES = 60  # sequences, or groups, up to which each is listed


def placed_blocks(data_set: DataSet) -> list[Block]:
    """Return a table of sequences, or of groups if sequences are many, with the parts they are in.

    Where both are too many, it is said how to list them.
    """
    name = data_set.description.name
    lists = f"rnn-tui data parts {name} lists which sequence is in which part."
    if data_set.count <= MOST_NAMES:
        return [_table_of("sequence", _sequences_in_parts(data_set))]
    groups = _groups_in_parts(data_set)
    blocks: list[Block] = []
    if 0 < len(groups) <= MOST_NAMES:
        blocks.append(_table_of("group", groups))
    return [*blocks, MarkdownBlock(markdown_text(lists))]


def _table_of(noun: str, rows: list[tuple[str, str]]) -> Block:
    return MarkdownBlock(markdown_table(columns_of_cells((noun, "part")), rows))


def _sequences_in_parts(data_set: DataSet) -> list[tuple[str, str]]:
    """Return the name of each sequence and its part, part by part."""
    return [
        (data_set.sequence_name(index), name)
        for part, name in enumerate(PART_NAMES)
        for index in data_set.of_part(part).tolist()
    ]


def _groups_in_parts(data_set: DataSet) -> list[tuple[str, str]]:
    """Return the name of each group and the parts that it is in; nothing without groups."""
    parts_of: dict[str, list[str]] = {}
    for part, name in enumerate(PART_NAMES):
        indices = data_set.of_part(part).tolist()
        for group in dict.fromkeys(map(data_set.origin.group, indices)):
            if group:
                parts_of.setdefault(group, []).append(name)
    return [(printable(group), ", ".join(parts)) for group, parts in parts_of.items()]
