"""How an endpoint gets the database session of its service.

``session: Annotated[Session, Depends(session_for("liens"))]`` is one transaction for the endpoint: it
commits when the endpoint returns and before the answer is sent, so nobody is told "done" about work that
then fails to commit; it rolls back when the endpoint raises. An endpoint that streams its answer works
after it returned: it takes ``sessions_for("liens")`` and opens a session itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from fastapi import Request

from taxlien.kit.database import Database, Session

SessionFactory = Callable[[], AbstractAsyncContextManager[Session]]

# FastAPI closes this stack between the endpoint's return and the first byte of the answer; a generator
# dependency would close after the answer unless each of its users remembered scope="function".
_BEFORE_ANSWER = "fastapi_function_astack"


def session_for(service: str) -> Callable[[Request], Awaitable[Session]]:
    """Return the dependency that opens a transaction in the database of ``service``."""

    async def open_session(request: Request) -> Session:
        stack: AsyncExitStack = request.scope[_BEFORE_ANSWER]
        return await stack.enter_async_context(_database(request, service).session())

    return open_session


def sessions_for(service: str) -> Callable[[Request], SessionFactory]:
    """Return the dependency for streaming endpoints: a function that opens a transaction when called."""

    def session_factory(request: Request) -> SessionFactory:
        return _database(request, service).session

    return session_factory


def _database(request: Request, service: str) -> Database:
    databases: dict[str, Database] = request.app.state.databases
    return databases[service]
