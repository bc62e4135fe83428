"""The store as one object: a repository for each subject, over one database."""

from __future__ import annotations

from collections.abc import Callable

from gateway.store.account_tables import AccountTables
from gateway.store.answers import Answers
from gateway.store.audit import Audit
from gateway.store.audit_log import AuditLog
from gateway.store.availability import Availability
from gateway.store.billed_charges import BilledCharges
from gateway.store.contracts import Contracts
from gateway.store.database import Database, StoreUnavailable
from gateway.store.decisions import Decisions
from gateway.store.deliveries import Deliveries
from gateway.store.delivery_problems import DeliveryProblems
from gateway.store.documents import Documents
from gateway.store.draft_tests import DraftTests
from gateway.store.drafts import Drafts
from gateway.store.envelopes import Envelopes
from gateway.store.intake import Intake
from gateway.store.inventory_reports import InventoryReports
from gateway.store.invoices import Invoices
from gateway.store.keys import Keys
from gateway.store.lateness import Lateness
from gateway.store.line_history import LineHistory
from gateway.store.message_search import MessageSearch
from gateway.store.messages import Messages
from gateway.store.notices import Notices
from gateway.store.numbers import Numbers
from gateway.store.order_threads import OrderThreads
from gateway.store.orders import Orders
from gateway.store.pickups import Pickups
from gateway.store.problem_states import ProblemStates
from gateway.store.problems import Problems
from gateway.store.queue import WorkQueue
from gateway.store.rebate_settlements import RebateSettlements
from gateway.store.receipts import ReceiptClock
from gateway.store.repeating import Repeating
from gateway.store.replays import Replays
from gateway.store.resubmissions import Resubmissions
from gateway.store.revision_log import RevisionLog
from gateway.store.revisions import Revisions
from gateway.store.saved_searches import SavedSearches
from gateway.store.schema import upgrade, version
from gateway.store.sealed_secrets import SealedSecrets
from gateway.store.seals import Seals
from gateway.store.search_backlog import SearchBacklog
from gateway.store.sending import Sending
from gateway.store.sent_under import SentUnder
from gateway.store.shipments import Shipments
from gateway.store.silences import Silences
from gateway.store.statements import fetch
from gateway.store.stock import StockBook
from gateway.store.threads import Threads
from gateway.store.uploads import Uploads
from gateway.store.urgency import Backlog
from gateway.store.users import Users
from gateway.store.worklist import Worklist


class Store:
    """Open with a database URL; every process has its own."""

    def __init__(self, url: str, *, lease_seconds: float = 30.0, max_losses: int = 3) -> None:
        self.database = Database(url)
        self.audit = Audit(self.database)
        self.audit_log = AuditLog(self.database)
        self.seals = Seals(self.database)
        self.intake = Intake(self.database)
        self.receipts = ReceiptClock(self.database)
        self.queue = WorkQueue(self.database, lease_seconds=lease_seconds, max_losses=max_losses)
        self.backlog = Backlog(self.database)
        self.revisions = Revisions(self.database, self.audit)
        self.revision_log = RevisionLog(self.database)
        self.drafts = Drafts(self.database, self.audit)
        self.draft_tests = DraftTests(self.database, self.audit, lease_seconds=lease_seconds, max_losses=max_losses)
        self.replays = Replays(self.database, self.audit, lease_seconds=lease_seconds)
        self.repeating = Repeating(self.database)
        self.account_tables = AccountTables(self.database)
        self.uploads = Uploads(self.database)
        self.users = Users(self.database, self.audit)
        self.keys = Keys(self.database, self.audit)
        self.secrets = SealedSecrets(self.database, self.audit)
        self.messages = Messages(self.database)
        self.resubmissions = Resubmissions(self.database)
        self.orders = Orders(self.database)
        self.threads = Threads(self.database)
        self.order_threads = OrderThreads(self.database)
        self.line_history = LineHistory(self.database)
        self.contracts = Contracts(self.database)
        self.envelopes = Envelopes(self.database)
        self.documents = Documents(self.database)
        self.sent_under = SentUnder(self.database)
        self.search = MessageSearch(self.database, self.messages, self.documents)
        self.search_backlog = SearchBacklog(self.database)
        self.saved_searches = SavedSearches(self.database)
        self.problems = Problems(self.database)
        self.problem_states = ProblemStates(self.database, self.audit)
        self.sending = Sending(self.database, lease_seconds=lease_seconds)
        self.deliveries = Deliveries(self.database, self.audit)
        self.answers = Answers(self.database)
        self.delivery_problems = DeliveryProblems(self.database)
        self.pickups = Pickups(self.database, self.audit)
        self.stock = StockBook(self.database)
        self.shipments = Shipments(self.database)
        self.numbers = Numbers(self.database)
        self.invoices = Invoices(self.database, self.audit, self.numbers)
        self.billed_charges = BilledCharges(self.database)
        self.rebate_settlements = RebateSettlements(self.database)
        self.availability = Availability(self.database)
        self.inventory_reports = InventoryReports(self.database, self.audit)
        self.worklist = Worklist(self.database)
        self.decisions = Decisions(self.database)
        self.lateness = Lateness(self.database)
        self.silences = Silences(self.database)
        self.notices = Notices(self.database)

    def upgrade(self) -> None:
        """Bring the tables to this program's version. Safe to run at once from several processes."""
        upgrade(self.database)

    def version(self) -> str | None:
        """Which version its tables have; None where there are none."""
        return version(self.database)

    def can_store(self) -> bool:
        """Whether a write transaction can be had now."""
        return _succeeds(self._touch)

    def _touch(self) -> None:
        with self.database.write() as connection:
            fetch(connection, "SELECT 1")

    def close(self) -> None:
        """Finish what waits and give back every connection."""
        self.intake.stop()
        self.keys.stop()
        self.database.close()


def _succeeds(action: Callable[[], None]) -> bool:
    try:
        action()
    except StoreUnavailable:
        return False
    return True
