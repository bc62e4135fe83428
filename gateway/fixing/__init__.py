"""Mending a problem where it is shown: what is missing is entered once, what that would do is seen, and it is published
and replayed in one step."""

from gateway.fixing.causes import Cause, NamedCause, cause_of
from gateway.fixing.fixes import Fix, fix_for, has_form

__all__ = ["Cause", "Fix", "NamedCause", "cause_of", "fix_for", "has_form"]
