"""Buying: the moment at which previews become records that a partner's customer owns.

Everything is checked and read first. Then one transaction, which has the customer's wallet locked,
sees what is net new, admits it as a whole or not at all, and writes the records as they are now:
the purchase, the records, the wallet's entry and the account's, and what else has to be kept. What
was bought is delivered from there, so that neither a change of the data nor a receiver that is down
can take it away, and nobody is billed for it again.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.prospecting import storage
from api.domain.prospecting.records import Action, Purchase, Selection, Session
from api.domain.prospecting.request_keys import keep, made_under
from api.domain.prospecting.selection import chosen
from api.domain.usage.service import Payer, bill
from api.domain.wallet import service as wallets
from api.domain.wallet.rules import admit_reveal
from api.stores.tables import prospecting_purchases
from api.uuid7 import uuid7
from api.work import Work

OPERATIONS = {Action.PUSH: "prospecting_push", Action.EXPORT: "prospecting_export"}


async def buy(
    work: Work,
    session: Session,
    selection: Selection,
    action: Action,
    *,
    also: Callable[[AsyncConnection, Purchase], Awaitable[None]] | None = None,
    now: datetime | None = None,
) -> Purchase:
    """Buys what of a selection the customer does not own, all of it or nothing.

    ``also`` writes what else belongs into the transaction. Under the ``Idempotency-Key`` of a
    request that was answered before, it is the purchase of that one. Raises as
    :func:`api.domain.prospecting.selection.chosen` does, and ``insufficient_credits``.
    """
    embed, stores, now = work.embed, work.stores, now or datetime.now(UTC)
    key, table = work.request_key, prospecting_purchases
    made = await made_under(stores.postgres.fetch, table, key, now)
    if made is not None:
        return storage.purchase_of(made)
    found = await chosen(stores, session, selection)
    person_ids = [each.person_id for each in found]
    customer = (embed.account_id, embed.partner_customer_id)
    async with stores.postgres.transaction() as connection:
        wallet = await wallets.lock(connection, *customer)
        # The same request may have been waited for.
        made = await made_under(connection.execute, table, key, now)
        if made is not None:
            return storage.purchase_of(made)
        owned = await storage.owned_ids(connection.execute, *customer, person_ids)
        # What a customer owns it keeps: what was owned before the lock still is.
        new = [each for each in found if each.person_id not in owned]
        admit_reveal(wallet, len(new), now)
        purchase = Purchase(
            id=uuid7(now),
            session_id=session.id,
            account_id=embed.account_id,
            partner_customer_id=embed.partner_customer_id,
            user_id=embed.user_id,
            action=action,
            selection=selection,
            person_ids=person_ids,
            prospect_ids=[each.prospect_id for each in found],
            net_new=len(new),
            created_at=now,
        )
        await storage.add_purchase(connection, purchase)
        await keep(connection, table, purchase.id, key)
        if new:
            await storage.add_owned(connection, purchase, new)
            await wallets.spend_reveals(
                connection,
                wallet,
                len(new),
                user_id=embed.user_id,
                source_id=str(purchase.id),
                now=now,
            )
        await bill(connection, Payer.of(embed, OPERATIONS[action]), len(new))
        if also is not None:
            await also(connection, purchase)
    return purchase
