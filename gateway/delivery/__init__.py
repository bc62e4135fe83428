"""How a document leaves: one file for each way out, and what they share. `TRANSPORTS` is the list."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.delivery.cxml_post import CxmlPost
from gateway.delivery.https import Https
from gateway.delivery.mail import Mail
from gateway.delivery.sftp import Sftp
from gateway.delivery.transport import Transport
from gateway.delivery.webhook import Webhook

TRANSPORTS: Mapping[str, Transport] = {one.name: one for one in (Webhook(), CxmlPost(), Https(), Sftp(), Mail())}
"""Name in account.yaml → the way. `mailbox` is none of them: the account comes for what is there."""
