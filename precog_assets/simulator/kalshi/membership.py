"""Accounts over REST: rate limits, subaccounts and transfers between them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from precog_assets.simulator.kalshi.bodies import Field, Struct
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint
from precog_assets.simulator.kalshi.exchange.accounts import LAST_SUBACCOUNT, Account
from precog_assets.simulator.kalshi.exchange.exchange import Exchange
from precog_assets.simulator.kalshi.exchange.units import dollars_text
from precog_assets.simulator.kalshi.instants import DAY_US, SECOND_US, microseconds
from precog_assets.simulator.kalshi.limits import limits_json
from precog_assets.simulator.kalshi.portfolio import paged_rows
from precog_assets.simulator.kalshi.records import transfer_json
from precog_assets.simulator.kalshi.wire import Json, count_text

_MONTH_US = 30 * DAY_US
_CREATE = Struct("CreateSubaccountRequest", (Field("exchange_index", "int64"),))
_TRANSFER = Struct(
    "ApplySubaccountTransferRequest",
    (
        Field("client_transfer_id", required=True),
        Field("from_subaccount", "int64", required=True),
        Field("to_subaccount", "int64", required=True),
        Field("amount_cents", "int64", required=True),
        Field("exchange_index", "int64"),
    ),
)
_NETTING = Struct(
    "UpdateSubaccountNettingRequest",
    (Field("subaccount_number", "int64", required=True), Field("enabled", "bool", required=True)),
)


class Membership:
    """The account and subaccount endpoints over one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def endpoints(self) -> list[Endpoint]:
        """The rows of the route table."""
        base = "/portfolio/subaccounts"
        return [
            Endpoint("GET", "/account/limits", "GetAccountApiLimits", self._limits, signed=True),
            Endpoint(
                "GET",
                "/account/api_usage_level/volume_progress",
                "GetAccountApiUsageLevelVolumeProgress",
                self._progress,
                signed=True,
            ),
            Endpoint("POST", base, "CreateSubaccount", self._create, signed=True, status_code=201, scope="write"),
            Endpoint(
                "POST", f"{base}/transfer", "ApplySubaccountTransfer", self._transfer, signed=True,
                scope="write::transfer",
            ),
            Endpoint("GET", f"{base}/balances", "GetSubaccountBalances", self._balances, signed=True),
            Endpoint("GET", f"{base}/transfers", "GetSubaccountTransfers", self._transfers, signed=True),
            Endpoint("GET", f"{base}/netting", "GetSubaccountNetting", self._netting, signed=True),
            Endpoint("PUT", f"{base}/netting", "UpdateSubaccountNetting", self._set_netting, signed=True),
        ]  # fmt: skip

    def _account(self, call: Call) -> Account:
        return self._exchange.accounts[call.account_id]

    def _do(self, call: Call, do: str, terms: dict[str, Any]) -> Any:
        return self._exchange.do(microseconds(call.now), do, call.account_id, terms)

    def _limits(self, call: Call) -> Json:
        return limits_json(self._account(call).tier)

    def _progress(self, call: Call) -> Json:
        now_us = microseconds(call.now)
        fills = self._account(call).fills
        traded = sum(fill.count for fill in fills if now_us - _MONTH_US < fill.time_us <= now_us)
        row = {"computed_ts": now_us // SECOND_US, "trailing_30d_volume_fp": count_text(traded), "goals": []}
        return {"volume_progress": [row]}

    def _create(self, call: Call) -> Json:
        _CREATE.shard(_CREATE.read(call.body))
        return {"subaccount_number": self._do(call, "create_subaccount", {})}

    def _transfer(self, call: Call) -> Json:
        found = _TRANSFER.read(call.body)
        _TRANSFER.shard(found)
        try:
            transfer_id = str(UUID(found["client_transfer_id"]))
        except ValueError as error:
            raise _TRANSFER.invalid("client_transfer_id", "uuid") from error
        for name in ("from_subaccount", "to_subaccount"):
            if not 0 <= found[name] <= LAST_SUBACCOUNT:
                raise _TRANSFER.invalid(name, "gte" if found[name] < 0 else "lte")
        terms = {
            "transfer_id": transfer_id,
            "source": found["from_subaccount"],
            "target": found["to_subaccount"],
            "amount_cents": found["amount_cents"],
        }
        self._do(call, "transfer", terms)
        return {}

    def _balances(self, call: Call) -> Json:
        rows = [
            {
                "subaccount_number": purse.number,
                "exchange_index": 0,
                "balance": dollars_text(purse.available, 4),
                "updated_ts": purse.updated_us // SECOND_US,
            }
            for purse in self._account(call).purses.values()
        ]
        return {"subaccount_balances": rows}

    def _transfers(self, call: Call) -> Json:
        rows = [transfer_json(transfer) for transfer in self._account(call).transfers.values()]
        return paged_rows(call.query, "transfers", rows, 1000)

    def _netting(self, call: Call) -> Json:
        rows = [
            {"subaccount_number": purse.number, "enabled": purse.netting, "exchange_index": 0}
            for purse in self._account(call).purses.values()
        ]
        return {"netting_configs": rows}

    def _set_netting(self, call: Call) -> Json:
        found = _NETTING.read(call.body)
        number = found["subaccount_number"]
        if not 0 <= number <= LAST_SUBACCOUNT:
            raise _NETTING.invalid("subaccount_number", "gte" if number < 0 else "lte")
        self._do(call, "set_netting", {"subaccount": number, "enabled": found["enabled"]})
        return {}
