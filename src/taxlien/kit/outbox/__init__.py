"""The transactional outbox: an event leaves if, and only if, the rows it speaks of were committed."""

from taxlien.kit.outbox.emit import MAX_BODY, emit, emit_many
from taxlien.kit.outbox.pace import Pace
from taxlien.kit.outbox.relay import Relay
from taxlien.kit.outbox.tables import create_tables, drop_tables

__all__ = ["MAX_BODY", "Pace", "Relay", "create_tables", "drop_tables", "emit", "emit_many"]
