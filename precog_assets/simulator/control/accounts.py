"""The accounts' endpoint: open one and have its key once, see what all have; no secret is kept or told again."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from precog_assets.simulator.control.asking import answer, only, read_object, text
from precog_assets.simulator.control.worldtime import Current
from precog_assets.simulator.kalshi.instants import microseconds
from precog_assets.simulator.ledger.asking import Nonsense
from precog_assets.simulator.ledger.rows import contracts, money
from precog_assets.simulator.simulation import Simulation
from precog_assets.simulator.turns import TURNS

_FIELDS = ("balance_dollars", "tier", "public_key_pem", "key_id", "key_kind", "scopes")


class Accounts:
    """GET and POST of accounts."""

    def __init__(self, current: Current) -> None:
        self._current = current

    async def show(self, request: Request) -> Response:
        only(request)
        simulation = self._current()
        return answer({"accounts": await TURNS.run(lambda: _accounts_json(simulation))})

    async def open(self, request: Request) -> Response:
        """A new account; its private key is in this answer and nowhere else, unless a public key was given."""
        only(request)
        body = await read_object(request, _FIELDS)
        balance = _dollars(body.get("balance_dollars", "1000.00"))
        tier, kind = text(body, "tier", "basic"), text(body, "key_kind", "rsa")
        public, key_id = text(body, "public_key_pem"), text(body, "key_id")
        scopes = body.get("scopes", ["read", "write"])
        if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
            raise Nonsense(f'scopes: {scopes!r}; expected a list such as ["read", "write"]')
        exchange = self._current().kalshi.exchange
        try:
            opened = await TURNS.run(
                lambda: exchange.open_account(balance, tier or "", public, key_id, key_kind=kind or "", scopes=scopes)
            )
        except ValueError as error:
            raise Nonsense(str(error)) from error
        told = {"account_id": opened.account_id, "key_id": opened.key_id, "tier": tier}
        if opened.private_key_pem is not None:
            told["private_key_pem"] = opened.private_key_pem
        return answer(told, 201)


def _dollars(said: Any) -> Decimal:
    wrong = Nonsense(f'balance_dollars: {said!r}; expected an amount such as "1000.00"')
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        raise wrong
    try:
        dollars = Decimal(str(said))
    except InvalidOperation as error:
        raise wrong from error
    if not dollars.is_finite() or not 0 <= dollars <= 1_000_000_000:
        raise wrong
    return dollars


def _accounts_json(simulation: Simulation) -> list[dict[str, Any]]:
    exchange = simulation.kalshi.exchange
    exchange.advance(microseconds(simulation.clock.now()))
    return [
        {
            "account_id": account.account_id,
            "tier": account.tier,
            "key_ids": [key.key_id for key in exchange.keys_of(account.account_id)],
            "cash_dollars": str(money(sum(purse.cash for purse in account.purses.values()))),
            "resting_orders": len(account.resting()),
            "fills": len(account.fills),
            "settlements": len(account.settlements),
            "positions": {
                ticker: str(contracts(position.count))
                for purse in account.purses.values()
                for ticker, position in purse.positions.items()
                if position.count
            },
        }
        for account in exchange.accounts.values()
    ]
