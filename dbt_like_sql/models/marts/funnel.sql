-- Of the decisions that held in the 24 hours before the newest poll. A market counts once a strategy, by the decision
-- that came furthest: one that was priced at noon and closed at night passed what it passed at noon.
with clock as (
    select max(f.last_polled_at) as as_of
    from {{ source('ops', 'feeds') }} as f
),

held as (
    select
        d.decision_id,
        d.strategy,
        coalesce(d.league, 'none') as league,
        d.market_id,
        d.as_of,
        d.reason,
        d.gates
    from {{ source('book', 'decisions') }} as d
    cross join clock
    where coalesce(d.last_repeated_at, d.as_of) >= clock.as_of - interval '24 hours' and d.as_of <= clock.as_of
),

asked as (
    select
        held.decision_id,
        g.gate ->> 'name' as gate,
        cast(g.place as integer) as place,
        g.gate ->> 'passed' is distinct from 'true' as is_stop
    from held
    cross join lateral jsonb_array_elements(held.gates) with ordinality as g (gate, place)
),

stops as (
    select
        held.decision_id,
        case
            when held.reason = 'taken' then jsonb_array_length(held.gates) + 1
            else coalesce(
                min(asked.place) filter (where asked.gate = held.reason),
                min(asked.place) filter (where asked.is_stop),
                1
            )
        end as stopped_at
    from held
    left join asked on asked.decision_id = held.decision_id
    group by held.decision_id, held.reason, held.gates
),

furthest as (
    select distinct on (held.strategy, held.market_id)
        held.decision_id,
        held.strategy,
        held.league,
        stops.stopped_at
    from held
    inner join stops on stops.decision_id = held.decision_id
    order by held.strategy, held.market_id, stops.stopped_at desc, held.as_of desc
)

select
    furthest.strategy || ' ' || furthest.league || ' ' || asked.gate as funnel_id,
    furthest.strategy,
    furthest.league,
    max(asked.place) as place,
    asked.gate,
    count(*) as decided_markets,
    count(*) filter (where furthest.stopped_at >= asked.place) as markets,
    count(*) filter (where furthest.stopped_at > asked.place) as passed,
    count(*) filter (where furthest.stopped_at = asked.place) as stopped
from furthest
inner join asked on asked.decision_id = furthest.decision_id
group by furthest.strategy, furthest.league, asked.gate
