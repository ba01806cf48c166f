"""A partner's customers, their wallets, what was granted to them, and the journal of both."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from api.stores.tables.base import metadata

# `limits` holds the limits that are set, by name. What an embed key says of the delivery of results
# is copied when its first session begins (`embedded_at`); null is what nobody has said.
partner_customers = Table(
    "partner_customers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("external_customer_id", Text, nullable=False),
    Column("name", Text),
    Column("status", Text, nullable=False),
    Column("credit_enforcement_mode", Text, nullable=False),
    Column("credit_reset_policy", Text, nullable=False),
    Column("limits", JSONB, nullable=False),
    Column("result_delivery_url", Text),
    Column("result_delivery_cta", Text),
    Column("csv_export_enabled", Boolean),
    Column("embedded_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("status in ('active', 'suspended')", name="status"),
    CheckConstraint("credit_enforcement_mode in ('enforced', 'metered')", name="mode"),
    CheckConstraint("credit_reset_policy in ('monthly_reset', 'rollover')", name="policy"),
    CheckConstraint("jsonb_typeof(limits) = 'object'", name="limits"),
    UniqueConstraint("account_id", "external_customer_id"),
    Index("ix_partner_customers_account_id", "account_id", "created_at", "id"),
)

_COUNTED = ("credit_units", "search_sessions", "record_reveals")

# The one row that whoever changes the wallet, its grants or its customer locks. Balance and
# counters are sums of the journal, kept for reading; `stibnite check ledger` proves that they are.
wallets = Table(
    "wallets",
    metadata,
    Column("partner_customer_id", Uuid, ForeignKey("partner_customers.id"), primary_key=True),
    Column("seq", BigInteger, nullable=False, server_default="0"),
    Column("balance", BigInteger, nullable=False, server_default="0"),
    # Up to when starts, ends and renewals of grants are in the journal.
    Column("settled_at", DateTime(timezone=True), nullable=False),
    Column("counted_month", Date, nullable=False),
    *(
        Column(f"{period}_{name}", BigInteger, nullable=False, server_default="0")
        for period in ("monthly", "lifetime")
        for name in _COUNTED
    ),
    CheckConstraint("seq >= 0", name="seq"),
    CheckConstraint("balance >= 0", name="balance"),
    *(
        CheckConstraint(f"monthly_{name} between 0 and lifetime_{name}", name=name)
        for name in _COUNTED
    ),
)

# `remaining` is what spending has left of it in its current period.
wallet_grants = Table(
    "wallet_grants",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("partner_customer_id", Uuid, ForeignKey("wallets.partner_customer_id"), nullable=False),
    Column("credit_units", BigInteger, nullable=False),
    Column("credit_type", Text),
    Column("note", Text),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("remaining", BigInteger, nullable=False),
    CheckConstraint("credit_units between 1 and 1000000000", name="credit_units"),
    CheckConstraint("starts_at < expires_at", name="expires_at"),
    CheckConstraint("state in ('pending', 'active', 'expired')", name="state"),
    CheckConstraint("remaining between 0 and credit_units", name="remaining"),
    CheckConstraint("state = 'active' or remaining = 0", name="remaining_state"),
    Index("ix_wallet_grants_partner_customer_id", "partner_customer_id"),
)

# A journal: rows are only added, which triggers see to. They also refuse a gap and a balance that
# does not follow from the row before, and write `hash`, of the row and the hash of the row before.
# `amount` is the change of the balance, `postings` its parts by grant; `credit_units` is what was
# used, whether or not a grant had it.
wallet_entries = Table(
    "wallet_entries",
    metadata,
    Column(
        "partner_customer_id", Uuid, ForeignKey("wallets.partner_customer_id"), primary_key=True
    ),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("balance_after", BigInteger, nullable=False),
    Column("credit_units", BigInteger, nullable=False),
    Column("search_sessions", SmallInteger, nullable=False),
    Column("record_reveals", BigInteger, nullable=False),
    Column("postings", JSONB, nullable=False),
    Column("user_id", Text),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("balance_after >= 0", name="balance_after"),
    CheckConstraint(
        "case kind"
        " when 'grant' then amount > 0 and credit_units + search_sessions + record_reveals = 0"
        " when 'renewal' then amount > 0 and credit_units + search_sessions + record_reveals = 0"
        " when 'expiry' then amount < 0 and credit_units + search_sessions + record_reveals = 0"
        " when 'search' then amount = 0 and search_sessions = 1"
        " and credit_units + record_reveals = 0"
        " when 'reveal' then amount between -credit_units and 0 and credit_units > 0"
        " and record_reveals > 0 and search_sessions = 0"
        " else false end",
        name="kind",
    ),
    UniqueConstraint("partner_customer_id", "kind", "source_id"),
)
