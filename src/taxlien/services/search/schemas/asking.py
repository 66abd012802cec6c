"""The parameters of a search as OpenAPI describes them, made of the one table there is of them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, create_model

from taxlien.services.search.logic.parameters import PARAMETERS, Parameter

_TYPES: dict[str, Any] = {
    "text": str | None,
    "number": str | None,
    "day": str | None,
    "choices": list[str],
    "whole": int,
    "switch": bool,
}


def _field(parameter: Parameter) -> tuple[Any, Any]:
    unset = parameter.unset
    if parameter.kind == "choices":
        return _TYPES["choices"], Field(default_factory=list, description=parameter.says)
    return _TYPES[parameter.kind], Field(default=unset, description=parameter.says)


_fields: dict[str, Any] = {name: _field(parameter) for name, parameter in PARAMETERS.items()}

SearchParameters: type[BaseModel] = create_model("SearchParameters", **_fields)
"""What ``GET /v1/search`` takes. Values are read and refused by ``build_query``."""
