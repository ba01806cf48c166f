"""Partner customers, their wallets, grants, and the journal.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COUNTED = ("credit_units", "search_sessions", "record_reveals")

# Of everything that an entry says, and of the entry before it: whoever changes an old row changes
# the hash of every row since. Moments as numbers, so that no session's time zone matters.
_HASH = """
    create function wallet_entry_hash(before bytea, entry wallet_entries) returns bytea
    language sql stable as $$
        select sha256(before || convert_to(
            jsonb_build_array(
                entry.partner_customer_id, entry.seq, entry.kind, entry.source_id, entry.amount,
                entry.balance_after, entry.credit_units, entry.search_sessions,
                entry.record_reveals, entry.postings, entry.user_id,
                extract(epoch from entry.occurred_at)
            )::text, 'UTF8'))
    $$
"""
_CHAIN = """
    create function wallet_entry_chained() returns trigger language plpgsql as $$
    declare
        before wallet_entries;
        posted bigint;
    begin
        select * into before from wallet_entries
        where partner_customer_id = new.partner_customer_id and seq = new.seq - 1;
        select coalesce(sum(value::bigint), 0) into posted from jsonb_each_text(new.postings);
        if new.seq <> coalesce(before.seq, 0) + 1
            or new.balance_after <> coalesce(before.balance_after, 0) + new.amount
            or new.occurred_at < before.occurred_at
            or new.amount <> posted
        then
            raise exception 'a wallet entry does not follow from the one before it'
                using errcode = 'check_violation';
        end if;
        new.hash := wallet_entry_hash(coalesce(before.hash, ''), new);
        return new;
    end
    $$
"""
_REFUSE = """
    create function wallet_entry_refused() returns trigger language plpgsql as $$
    begin
        raise exception 'wallet entries are only added' using errcode = 'restrict_violation';
    end
    $$
"""


def upgrade() -> None:
    """Creates the four tables, and the triggers of the journal."""
    _create_customers()
    _create_wallets()
    _create_grants()
    _create_entries()
    for function in (_HASH, _CHAIN, _REFUSE):
        op.execute(function)
    op.execute(
        "create trigger wallet_entry_chained before insert on wallet_entries"
        " for each row execute function wallet_entry_chained()"
    )
    op.execute(
        "create trigger wallet_entry_kept before update or delete on wallet_entries"
        " for each row execute function wallet_entry_refused()"
    )
    op.execute(
        "create trigger wallet_entries_kept before truncate on wallet_entries"
        " for each statement execute function wallet_entry_refused()"
    )


def _create_customers() -> None:
    op.create_table(
        "partner_customers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("external_customer_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("credit_enforcement_mode", sa.Text(), nullable=False),
        sa.Column("credit_reset_policy", sa.Text(), nullable=False),
        sa.Column("limits", JSONB(), nullable=False),
        sa.Column("result_delivery_url", sa.Text(), nullable=True),
        sa.Column("result_delivery_cta", sa.Text(), nullable=True),
        sa.Column("csv_export_enabled", sa.Boolean(), nullable=True),
        sa.Column("embedded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status in ('active', 'suspended')", name=op.f("ck_partner_customers_status")
        ),
        sa.CheckConstraint(
            "credit_enforcement_mode in ('enforced', 'metered')",
            name=op.f("ck_partner_customers_mode"),
        ),
        sa.CheckConstraint(
            "credit_reset_policy in ('monthly_reset', 'rollover')",
            name=op.f("ck_partner_customers_policy"),
        ),
        sa.CheckConstraint(
            "jsonb_typeof(limits) = 'object'", name=op.f("ck_partner_customers_limits")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_partner_customers_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_customers")),
        sa.UniqueConstraint(
            "account_id",
            "external_customer_id",
            name=op.f("uq_partner_customers_account_id_external_customer_id"),
        ),
    )
    op.create_index(
        "ix_partner_customers_account_id", "partner_customers", ["account_id", "created_at", "id"]
    )


def _create_wallets() -> None:
    op.create_table(
        "wallets",
        sa.Column("partner_customer_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("balance", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_month", sa.Date(), nullable=False),
        *(
            sa.Column(f"{period}_{name}", sa.BigInteger(), server_default="0", nullable=False)
            for period in ("monthly", "lifetime")
            for name in _COUNTED
        ),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_wallets_seq")),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_wallets_balance")),
        *(
            sa.CheckConstraint(
                f"monthly_{name} between 0 and lifetime_{name}", name=op.f(f"ck_wallets_{name}")
            )
            for name in _COUNTED
        ),
        sa.ForeignKeyConstraint(
            ["partner_customer_id"],
            ["partner_customers.id"],
            name=op.f("fk_wallets_partner_customer_id"),
        ),
        sa.PrimaryKeyConstraint("partner_customer_id", name=op.f("pk_wallets")),
    )


def _create_grants() -> None:
    op.create_table(
        "wallet_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_customer_id", sa.Uuid(), nullable=False),
        sa.Column("credit_units", sa.BigInteger(), nullable=False),
        sa.Column("credit_type", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "credit_units between 1 and 1000000000", name=op.f("ck_wallet_grants_credit_units")
        ),
        sa.CheckConstraint("starts_at < expires_at", name=op.f("ck_wallet_grants_expires_at")),
        sa.CheckConstraint(
            "state in ('pending', 'active', 'expired')", name=op.f("ck_wallet_grants_state")
        ),
        sa.CheckConstraint(
            "remaining between 0 and credit_units", name=op.f("ck_wallet_grants_remaining")
        ),
        sa.CheckConstraint(
            "state = 'active' or remaining = 0", name=op.f("ck_wallet_grants_remaining_state")
        ),
        sa.ForeignKeyConstraint(
            ["partner_customer_id"],
            ["wallets.partner_customer_id"],
            name=op.f("fk_wallet_grants_partner_customer_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_grants")),
    )
    op.create_index(
        "ix_wallet_grants_partner_customer_id", "wallet_grants", ["partner_customer_id"]
    )


def _create_entries() -> None:
    op.create_table(
        "wallet_entries",
        sa.Column("partner_customer_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("credit_units", sa.BigInteger(), nullable=False),
        sa.Column("search_sessions", sa.SmallInteger(), nullable=False),
        sa.Column("record_reveals", sa.BigInteger(), nullable=False),
        sa.Column("postings", JSONB(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("balance_after >= 0", name=op.f("ck_wallet_entries_balance_after")),
        sa.CheckConstraint(
            "case kind"
            " when 'grant' then amount > 0 and credit_units + search_sessions + record_reveals = 0"
            " when 'renewal' then amount > 0"
            " and credit_units + search_sessions + record_reveals = 0"
            " when 'expiry' then amount < 0 and credit_units + search_sessions + record_reveals = 0"
            " when 'search' then amount = 0 and search_sessions = 1"
            " and credit_units + record_reveals = 0"
            " when 'reveal' then amount between -credit_units and 0 and credit_units > 0"
            " and record_reveals > 0 and search_sessions = 0"
            " else false end",
            name=op.f("ck_wallet_entries_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_customer_id"],
            ["wallets.partner_customer_id"],
            name=op.f("fk_wallet_entries_partner_customer_id"),
        ),
        sa.PrimaryKeyConstraint("partner_customer_id", "seq", name=op.f("pk_wallet_entries")),
        sa.UniqueConstraint(
            "partner_customer_id",
            "kind",
            "source_id",
            name=op.f("uq_wallet_entries_partner_customer_id_kind_source_id"),
        ),
    )


def downgrade() -> None:
    """Drops them."""
    op.execute("drop function wallet_entry_hash")
    for table in ("wallet_entries", "wallet_grants", "wallets", "partner_customers"):
        op.drop_table(table)
    for function in ("wallet_entry_chained", "wallet_entry_refused"):
        op.execute(f"drop function {function}")
