"""The attacks there are."""

from collections.abc import Mapping

from tests.attack.attack import Attack
from tests.attack.command_lines import CommandLines
from tests.attack.configs import Configs
from tests.attack.connections import Connections
from tests.attack.data_files import DataFiles
from tests.attack.databases import Databases
from tests.attack.ends import Ends
from tests.attack.exports import Exports
from tests.attack.floods import Floods
from tests.attack.full_disk import FullDisk
from tests.attack.images import Images
from tests.attack.kept import Kept
from tests.attack.keys import KeysAttack
from tests.attack.kills import Kills
from tests.attack.network_files import NetworkFiles
from tests.attack.patterns import Patterns
from tests.attack.plugins import Plugins
from tests.attack.programs import Programs
from tests.attack.strangers import Strangers
from tests.attack.text_files import TextFiles
from tests.attack.typed_bytes import TypedBytes
from tests.attack.weights import Weights

ATTACKS: tuple[type[Attack], ...] = (
    CommandLines,
    Images,
    Patterns,
    Configs,
    TextFiles,
    Plugins,
    Weights,
    NetworkFiles,
    Databases,
    Kept,
    KeysAttack,
    TypedBytes,
    Ends,
    Kills,
    Exports,
    Programs,
    FullDisk,
    Strangers,
    Connections,
    Floods,
    DataFiles,
)
KINDS: Mapping[str, type[Attack]] = {kind.name: kind for kind in ATTACKS}
