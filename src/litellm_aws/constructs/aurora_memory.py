"""The memory of an Aurora instance, on which its limits depend."""

from constructs import Construct

from .blocks import local
from .expressions import Expression, call

_GIB_OF_LARGE = {"r": 16, "t": 8, "x": 32}
"""Memory of the size `large`, by the first letter of an instance class of Aurora PostgreSQL (Aurora User Guide,
"Hardware specifications for DB instance classes for Aurora"). The old r3 and r4 have 5 % less."""
_SIZES = {"medium": 0.5, "large": 1, "xlarge": 2} | {f"{n}xlarge": 2 * n for n in (2, 4, 8, 12, 16, 24, 32, 48)}
"""How much of the memory of `large` a size has."""
_BYTES_FOR_A_CONNECTION = 9531392
_MOST_CONNECTIONS = 5000
_LOCAL_STORAGE_FOR_MEMORY = 2
"""Local storage for a byte of memory: 1.8 to 2.1 for every class in the table of the Aurora User Guide, "Temporary
storage limits for Aurora PostgreSQL". Classes with a disk of their own, such as r6gd, have more."""
_GIB = 1024**3


class AuroraMemory(Construct):
    """The memory of the managed Aurora's instances, and what follows from it.

    CloudWatch has the instance's use of each of them, and none of the limits. Performance Insights has some limits, but
    an alarm on its counters needs a service-linked role in the account (DbPerfInsightsServiceRolePolicy).

    Attributes:
        is_known: whether the class of the instances is one whose memory is known.
        bytes: of memory.
        connections: `max_connections`, by its default of LEAST({DBInstanceClassMemory/9531392},5000) (Aurora User
            Guide, "Maximum connections to an Aurora PostgreSQL DB instance"), which the module does not change.
            DBInstanceClassMemory is less than the memory of the class: the real limit is 3 to 11 % lower.
        local_storage: bytes for temporary files and logs.
    """

    def __init__(self, scope: Construct, id_: str, *, instance_class: Expression) -> None:
        super().__init__(scope, id_)
        # Such as db.r6g.large. The memory of db.serverless changes with its capacity: it is not known.
        name = instance_class
        of_large = local(self, "aurora_gib_of_large", _GIB_OF_LARGE)[call("substr", name, 3, 1)]
        size = local(self, "aurora_sizes", _SIZES)[call("element", call("split", ".", name), 2)]
        gib = local(self, "aurora_memory_gib", call("try", of_large * size, None))
        self.is_known = gib.differs(None)
        self.bytes: Expression = gib * _GIB
        self.connections = call("min", self.bytes / _BYTES_FOR_A_CONNECTION, _MOST_CONNECTIONS)
        self.local_storage: Expression = self.bytes * _LOCAL_STORAGE_FOR_MEMORY
