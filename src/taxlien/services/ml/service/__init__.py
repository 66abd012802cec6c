"""What ml does. Here is what a worker needs; training, promoting and serving are asked for by name.

They load engines of some 170 MB, which a process that only listens must not carry.
"""

from .keeping import keep_facts, nobody_asks

__all__ = ["keep_facts", "nobody_asks"]
