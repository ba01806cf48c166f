"""Indexes of the organisations: words (BM25), vectors (HNSW), filters; and embeddings on their way.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The words that keyword search looks at, as one text: BM25 over one field ranks better than a sum
# over four. The mark between the parts, a letter that nobody types, keeps phrases from reaching
# from one part into the next.
_DOCUMENT = """
create function organisation_document(name text, summary text, keywords text[], body text)
returns text language sql immutable parallel safe
return concat_ws(' ǁ ', name, summary, array_to_string(keywords, ' ǁ '), body)
"""

# Words of Western scripts are stemmed as English and lose their accents; of Chinese, Japanese and
# Korean each character is a word. Stop words stay: a query may consist of them.
_WORDS = "'stemmer=english', 'ascii_folding=true'"
_LITERALS = (
    "country",
    "state",
    "region",
    "district",
    "municipality",
    "organization_type",
    "organization_size",
    "nace_code",
    "source",
    "company_register_court",
    "summary_keywords",
)
_BM25 = f"""
create index ix_organisations_bm25 on organisations using bm25 (
    domain,
    (organisation_document(name, summary, summary_keywords, text)
        ::pdb.chinese_compatible('alias=document', {_WORDS})),
    (text::pdb.chinese_compatible({_WORDS})),
    {", ".join(f"({name}::pdb.literal)" for name in _LITERALS)},
    company_register_date
) with (key_field = 'domain')
"""

_FILTERED = (
    "country",
    "state",
    "region",
    "district",
    "municipality",
    "organization_type",
    "organization_size",
    "nace_code",
    "source",
    "company_register_court",
    "company_register_date",
)


def upgrade() -> None:
    """Creates the indexes, and the table of embeddings whose rows are not loaded yet."""
    op.execute(_DOCUMENT)
    op.execute(_BM25)
    op.create_index(
        "ix_organisations_embedding",
        "organisations",
        ["embedding"],
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "halfvec_cosine_ops"},
    )
    for name in _FILTERED:
        op.create_index(f"ix_organisations_{name}", "organisations", [name])
    op.create_index(
        "ix_organisations_summary_keywords",
        "organisations",
        ["summary_keywords"],
        postgresql_using="gin",
    )
    op.create_table(
        "organisation_embeddings",
        sa.Column("embedding_hash", sa.LargeBinary(), nullable=False),
        sa.Column("embedding", HALFVEC(), nullable=False),
        sa.PrimaryKeyConstraint("embedding_hash", name=op.f("pk_organisation_embeddings")),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("organisation_embeddings")
    op.drop_index("ix_organisations_summary_keywords", "organisations")
    for name in reversed(_FILTERED):
        op.drop_index(f"ix_organisations_{name}", "organisations")
    op.drop_index("ix_organisations_embedding", "organisations")
    op.drop_index("ix_organisations_bm25", "organisations")
    op.execute("drop function organisation_document(text, text, text[], text)")
