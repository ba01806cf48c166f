"""Assembles the schema from the nouns."""

from datetime import datetime

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext
from strawberry.types.enum import EnumValue, StrawberryEnumDefinition

from graph.account import AccountMutation, AccountQuery
from graph.company import CompanyQuery
from graph.console import ConsoleMutation, ConsoleQuery
from graph.embed import EmbedMutation, EmbedQuery
from graph.executor import RowExecutor
from graph.job import JobMutation, JobQuery, JobSubscription
from graph.organisation import OrganisationQuery
from graph.organisation_search import OrganisationSearchQuery
from graph.organisation_stats import OrganisationStatsQuery
from graph.partner_customer import PartnerCustomerMutation, PartnerCustomerQuery
from graph.person import PersonQuery
from graph.prospecting import ProspectingMutation, ProspectingQuery
from graph.prospecting_results import ProspectingResultsMutation
from graph.rate_limit import RateLimitQuery
from graph.scalars import BIG_INT, DATE_TIME, STEERING_WEIGHT, BigInt, SteeringWeight
from graph.taxonomy import TaxonomyQuery
from graph.usage import UsageQuery
from graph.wallet import WalletMutation, WalletQuery
from graph.webhook import WebhookMutation, WebhookQuery


class DocumentedValues(NameConverter):
    """Enum values have the documented names, so that both doors show the same ones."""

    def from_enum_value(self, enum: StrawberryEnumDefinition, enum_value: EnumValue) -> str:
        """``indexed_dynamic``, not ``INDEXED_DYNAMIC``."""
        return enum_value.name.lower()


class Schema(strawberry.Schema):
    """Leaves telling of errors to the doors (``graph.errors.cause_of``).

    Strawberry's own log line quotes the document, with whatever e-mail address stands in it, and
    has a trace for every refused argument.
    """

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Logs nothing."""


Query = merge_types(
    "Query",
    (
        PersonQuery,
        JobQuery,
        CompanyQuery,
        OrganisationSearchQuery,
        OrganisationQuery,
        OrganisationStatsQuery,
        TaxonomyQuery,
        PartnerCustomerQuery,
        WalletQuery,
        WebhookQuery,
        EmbedQuery,
        UsageQuery,
        ProspectingQuery,
        RateLimitQuery,
        ConsoleQuery,
        AccountQuery,
    ),
)
Mutation = merge_types(
    "Mutation",
    (
        JobMutation,
        WebhookMutation,
        PartnerCustomerMutation,
        WalletMutation,
        EmbedMutation,
        ProspectingMutation,
        ProspectingResultsMutation,
        ConsoleMutation,
        AccountMutation,
    ),
)

schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=JobSubscription,
    config=StrawberryConfig(
        scalar_map={
            BigInt: BIG_INT,
            SteeringWeight: STEERING_WEIGHT,
            datetime: DATE_TIME,
        },
        name_converter=DocumentedValues(),
    ),
    execution_context_class=RowExecutor,
)
