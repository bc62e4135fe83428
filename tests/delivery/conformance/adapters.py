"""All of them. A transport that is added is added here as well: `test_listed.py` says so where it isn't."""

from __future__ import annotations

from tests.delivery.conformance.adapter import Adapter
from tests.delivery.conformance.cxml_post import CxmlAdapter
from tests.delivery.conformance.https import Basic, Bearer, ClientCertificate
from tests.delivery.conformance.mail import MailAdapter, MailOverTls, MailWithStarttls
from tests.delivery.conformance.mailbox import MailboxAdapter
from tests.delivery.conformance.sftp import SftpKey, SftpPassword
from tests.delivery.conformance.webhook import WebhookAdapter

ADAPTERS: tuple[Adapter, ...] = (
    WebhookAdapter(),
    CxmlAdapter(),
    Basic(),
    Bearer(),
    ClientCertificate(),
    SftpKey(),
    SftpPassword(),
    MailAdapter(),
    MailOverTls(),
    MailWithStarttls(),
    MailboxAdapter(),
)
