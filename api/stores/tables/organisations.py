"""The organisations, and which model their embeddings are of."""

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from api.stores.tables.base import metadata

# Vectors of the embedder that comes with the product; another one may have another length, to which
# the first load into an empty table sets the column.
EMBEDDING_DIMENSION = 384

# The index of words is in the migration alone: its tokenizers are types that SQLAlchemy cannot
# spell.
BM25_INDEX = "ix_organisations_bm25"

CATEGORIES = (
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
)
"""The columns that are filtered by lists of values, and whose values are options of a filter."""

# The columns are those of users' files, in their order. What is not known is null; keywords are an
# empty list then.
organisations = Table(
    "organisations",
    metadata,
    Column("domain", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("summary", Text),
    Column("summary_keywords", ARRAY(Text), nullable=False, server_default="{}"),
    # Searched, and never returned by any door.
    Column("text", Text),
    Column("address", Text),
    Column("organization_type", Text),
    Column("organization_size", Text),
    Column("employee_class", Text),
    Column("revenue_class", Text),
    Column("nace_code", Text),
    Column("continent", Text),
    Column("country", Text),
    Column("country_code", Text),
    Column("state", Text),
    Column("state_code", Text),
    Column("region", Text),
    Column("region_code", Text),
    Column("district", Text),
    Column("district_code", Text),
    Column("municipality", Text),
    Column("municipality_code", Text),
    Column("lat", Double),
    Column("lon", Double),
    Column("source", Text),
    Column("company_register_court", Text),
    Column("company_register_id", Text),
    Column("company_register_date", Date),
    Column("new_register_entry", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("embedding", HALFVEC(EMBEDDING_DIMENSION), nullable=False),
    # Of the text that was embedded; null where the embedding came with the file.
    Column("embedding_hash", LargeBinary),
    *(Index(f"ix_organisations_{name}", name) for name in (*CATEGORIES, "company_register_date")),
    Index("ix_organisations_summary_keywords", "summary_keywords", postgresql_using="gin"),
    # HNSW and not DiskANN: with 200,000 vectors in clusters it was built in 61 s and not in 473,
    # and answered in 10.9 ms (p50) and not in 16.8 at a recall@10 of 0.976 and not 0.948. Under a
    # filter that keeps 1 % of the rows DiskANN's recall was 0.605, where we compare every row.
    Index(
        "ix_organisations_embedding",
        "embedding",
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "halfvec_cosine_ops"},
    ),
)

# At most one row: vectors of two models cannot be compared.
organisation_embedding_model = Table(
    "organisation_embedding_model",
    metadata,
    Column("singleton", SmallInteger, primary_key=True, server_default="1", autoincrement=False),
    Column("name", Text, nullable=False),
    Column("dimension", Integer, nullable=False),
    CheckConstraint("singleton = 1", name="singleton"),
    CheckConstraint("dimension between 1 and 4000", name="dimension"),
)

# Embeddings that a load has computed and not published yet: a load that was interrupted does not
# compute them again. Empty between loads.
organisation_embeddings = Table(
    "organisation_embeddings",
    metadata,
    Column("embedding_hash", LargeBinary, primary_key=True),
    Column("embedding", HALFVEC, nullable=False),
)
