"""The program `gateway`: every command, by subject."""

from __future__ import annotations

import logging

import click

from gateway.commands.accounts import accounts
from gateway.commands.audit import audit
from gateway.commands.catalogue import packs, products, taxes
from gateway.commands.convert import convert
from gateway.commands.corrections import corrections
from gateway.commands.database import db
from gateway.commands.deliveries import deliveries
from gateway.commands.demo import demo
from gateway.commands.doctor import doctor
from gateway.commands.documents import documents
from gateway.commands.faults import faults
from gateway.commands.inventory import inventory
from gateway.commands.invoices import invoices
from gateway.commands.keys import keys
from gateway.commands.mappings import mappings
from gateway.commands.messages import messages
from gateway.commands.notices import notices
from gateway.commands.orders import orders
from gateway.commands.pickups import pickups
from gateway.commands.problems import problems
from gateway.commands.processes import scheduler, up, web, worker
from gateway.commands.rebates import rebates
from gateway.commands.replay import replay
from gateway.commands.replays import replays
from gateway.commands.secrets import secrets
from gateway.commands.stock import stock
from gateway.commands.users import users


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def program() -> None:
    """Orders of key accounts in, order responses out.

    Settings are environment variables GATEWAY_*; `gateway doctor` lists them. Every command takes --json. Exit codes:
    0 done, 1 failed, 2 usage, 3 partly done, 4 conflict.
    """


for _subject in (
    (up, web, worker, scheduler),
    (db, doctor, demo, faults),
    (accounts, products, packs, taxes, stock, inventory, invoices, rebates, keys, secrets, users, mappings),
    (convert, messages, corrections, problems, replay, orders, documents, deliveries, pickups, audit, notices, replays),
):
    for _command in _subject:
        program.add_command(_command)


def main() -> None:
    """Run the command that was asked for, and end with its exit code."""
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s: %(message)s")
    program(prog_name="gateway")


if __name__ == "__main__":
    main()
