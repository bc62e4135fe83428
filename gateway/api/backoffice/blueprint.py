"""What every group of back-office routes has in common: who gets in, and how it is described."""

from __future__ import annotations

from flask_openapi3 import APIBlueprint

from gateway.api.describe import BACK_OFFICE, OFFICE_KEY
from gateway.api.door import sign_in_back_office
from gateway.api.parameters import refuse_unknown_parameters


def back_office(name: str, import_name: str) -> APIBlueprint:
    """A new group of routes that lets a live back-office key pass and nobody else. `name` is unlike any other's."""
    group = APIBlueprint(name, import_name, abp_tags=[BACK_OFFICE], abp_security=OFFICE_KEY)
    group.before_request(sign_in_back_office)
    group.before_request(refuse_unknown_parameters)
    return group
