"""Who may call what: a row for each operation. One without a row fails the build.

This is what was decided, written down apart from the schema that says so, too.
"""

from dataclasses import dataclass

from api.caller import Role


@dataclass(frozen=True)
class Open:
    """To whom an operation is open."""

    key: bool = False
    """Any API key; with ``managed``, those of partners alone."""
    managed: bool = False
    role: Role | None = None
    """The least role of a console user, or ``None`` where it is closed to them."""
    embed: bool = False
    everybody: bool = False


VIEWERS = Open(key=True, role=Role.VIEWER)
MEMBERS = Open(key=True, role=Role.MEMBER)
KEYS = Open(key=True)
PARTNERS = Open(key=True, managed=True)
ADMINS = Open(role=Role.ADMIN)
SIGNED_IN = Open(role=Role.VIEWER)
IFRAME = Open(embed=True)
EVERYBODY = Open(everybody=True)

EXPECTED: dict[str, Open] = {
    "apiKeys": ADMINS,
    "companyPeople": MEMBERS,
    "companySearch": MEMBERS,
    "consoleUser": SIGNED_IN,
    "createApiKey": ADMINS,
    "createEmbedKey": PARTNERS,
    "createEmbedSession": EVERYBODY,
    "createPartnerCustomer": PARTNERS,
    "createPersonSearchJob": MEMBERS,
    "createWebhookEndpoint": MEMBERS,
    "deleteWebhookEndpoint": MEMBERS,
    "domains": VIEWERS,
    "embedKeys": PARTNERS,
    "enableWebhookEndpoint": MEMBERS,
    "endConsoleSession": SIGNED_IN,
    "exportProspects": IFRAME,
    "grantWalletCredits": PARTNERS,
    "interpretCompanySearch": VIEWERS,
    "interpretPersonSearch": VIEWERS,
    "organisation": KEYS,
    "organisationFetch": KEYS,
    "organisationFilterOptions": KEYS,
    "organisationSearch": KEYS,
    "organisationStats": KEYS,
    "partnerCustomer": PARTNERS,
    "partnerCustomers": PARTNERS,
    "personLookup": MEMBERS,
    "personSearch": MEMBERS,
    "personSearchJob": VIEWERS,
    "personSearchJobUpdates": VIEWERS,
    "personSearchJobs": VIEWERS,
    "personSearchTaxonomy": VIEWERS,
    "prospectingSession": IFRAME,
    "prospectingWallet": IFRAME,
    "pushProspects": IFRAME,
    "rateLimit": Open(key=True, role=Role.VIEWER, embed=True),
    "redeliver": MEMBERS,
    "revokeApiKey": ADMINS,
    "revokeEmbedKey": PARTNERS,
    "rotateWebhookSecret": MEMBERS,
    "startProspecting": IFRAME,
    "updatePartnerCustomer": PARTNERS,
    "usage": KEYS,
    "webhookDeliveries": VIEWERS,
    "webhookEndpoints": VIEWERS,
}
