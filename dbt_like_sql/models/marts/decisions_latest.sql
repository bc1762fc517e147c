-- The gate that the reason names, with what it read and what it wanted, stands beside the decision.
with latest as (
    select distinct on (d.market_id, d.strategy)
        d.*,
        jsonb_path_query_first(d.gates, '$[*] ? (@.name == $reason)', jsonb_build_object('reason', d.reason)) as gate
    from {{ source('book', 'decisions') }} as d
    order by d.market_id, d.strategy, d.as_of desc, d.computed_at desc
)

select
    latest.decision_id,
    latest.market_id,
    m.ticker,
    latest.league,
    latest.game_id,
    m.outcome,
    latest.strategy,
    latest.strategy_hash,
    latest.as_of,
    coalesce(latest.last_repeated_at, latest.as_of) as held_until,
    latest.repeats,
    latest.action,
    latest.reason,
    latest.gate ->> 'value' as gate_value,
    latest.gate ->> 'threshold' as gate_threshold,
    latest.gate ->> 'detail' as gate_detail,
    latest.side,
    latest.limit_price,
    latest.contracts,
    latest.p_model,
    latest.p_market,
    latest.p_trading,
    latest.divergence,
    latest.net_value,
    latest.rung
from latest
left join {{ ref('stg_markets') }} as m on m.market_id = latest.market_id
