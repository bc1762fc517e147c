"""Order groups over REST."""

from __future__ import annotations

from typing import Any

from precog_assets.simulator.kalshi.bodies import Field, Struct
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint
from precog_assets.simulator.kalshi.exchange.exchange import Exchange
from precog_assets.simulator.kalshi.exchange.membership import group_of
from precog_assets.simulator.kalshi.exchange.model import OrderGroup
from precog_assets.simulator.kalshi.instants import microseconds
from precog_assets.simulator.kalshi.orders import shard_of, subaccount_of
from precog_assets.simulator.kalshi.records import group_json
from precog_assets.simulator.kalshi.wire import Json

_LIMITS = (Field("contracts_limit", "int64"), Field("contracts_limit_fp"))
_CREATE = Struct("CreateOrderGroupRequest", (*_LIMITS, Field("subaccount", "int64"), Field("exchange_index", "int64")))
_UPDATE = Struct("UpdateOrderGroupLimitRequest", _LIMITS)
_MOST_CONTRACTS = 10**12


class Groups:
    """The order-group endpoints over one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def endpoints(self) -> list[Endpoint]:
        """The rows of the route table."""
        base = "/portfolio/order_groups"
        one = f"{base}/{{order_group_id}}"
        return [
            Endpoint("GET", base, "GetOrderGroups", self._list, signed=True),
            Endpoint("POST", f"{base}/create", "CreateOrderGroup", self._create, signed=True, status_code=201),
            Endpoint("GET", one, "GetOrderGroup", self._get, signed=True),
            Endpoint("DELETE", one, "DeleteOrderGroup", self._delete, signed=True),
            Endpoint("PUT", f"{one}/reset", "ResetOrderGroup", self._reset, signed=True),
            Endpoint("PUT", f"{one}/trigger", "TriggerOrderGroup", self._trigger, signed=True),
            Endpoint("PUT", f"{one}/limit", "UpdateOrderGroupLimit", self._limit, signed=True),
        ]

    def _list(self, call: Call) -> Json:
        subaccount = subaccount_of(call.query)
        groups = self._exchange.accounts[call.account_id].groups.values()
        return {"order_groups": [group_json(g) for g in groups if subaccount in (None, g.record.subaccount)]}

    def _create(self, call: Call) -> Json:
        found = _CREATE.read(call.body)
        _CREATE.shard(found)
        terms = {"limit": _contracts(_CREATE, found), "subaccount": _CREATE.subaccount(found)}
        record: OrderGroup = self._do(call, "create_group", terms)
        return {"order_group_id": record.group_id, "subaccount": record.subaccount, "exchange_index": 0}

    def _get(self, call: Call) -> Json:
        account = self._exchange.accounts[call.account_id]
        group = group_of(account, call.path["order_group_id"], subaccount_of(call.query))
        row = group_json(group)
        del row["id"]
        orders = [order_id for order_id in group.order_ids if account.orders[order_id].status == "resting"]
        return {**row, "orders": orders}

    def _delete(self, call: Call) -> Json:
        return self._change(call, "delete_group")

    def _reset(self, call: Call) -> Json:
        return self._change(call, "reset_group")

    def _trigger(self, call: Call) -> Json:
        return self._change(call, "trigger_group")

    def _limit(self, call: Call) -> Json:
        return self._change(call, "limit_group", {"limit": _contracts(_UPDATE, _UPDATE.read(call.body))})

    def _change(self, call: Call, do: str, more: dict[str, Any] | None = None) -> Json:
        shard_of(call.query)
        terms = {"group_id": call.path["order_group_id"], "subaccount": subaccount_of(call.query)}
        self._do(call, do, {**terms, **(more or {})})
        return {}

    def _do(self, call: Call, do: str, terms: dict[str, Any]) -> Any:
        return self._exchange.do(microseconds(call.now), do, call.account_id, terms)


def _contracts(struct: Struct, found: dict[str, Any]) -> int:
    """The limit in 1/100 contracts; where both forms are sent, they must agree."""
    whole = found.get("contracts_limit")
    fine = struct.count(found, "contracts_limit_fp") if "contracts_limit_fp" in found else None
    if whole is None and fine is None:
        raise struct.invalid("contracts_limit", "required")
    if whole is not None:
        if not 1 <= whole <= _MOST_CONTRACTS:
            raise struct.invalid("contracts_limit", "gte" if whole < 1 else "lte")
        if fine not in (None, whole * 100):
            raise struct.invalid("contracts_limit_fp", "eqfield")
        return whole * 100
    return fine or 0
