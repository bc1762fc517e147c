-- Of strategies, on the games they decided on; `skill` is of the models, on all games. Intervals come from the ladder,
-- which decides by their lower ends; it is asked anew when markets settle.
with scored as (
    select
        g.strategy,
        g.league,
        count(*) as graded,
        count(*) filter (where g.action = 'take') as taken,
        avg(power(g.p_used - g.yes_value, 2)) as brier,
        avg(power(g.p_market - g.yes_value, 2)) as market_brier,
        count(g.closing_line_value) as closed,
        avg(g.closing_line_value) as closing_line_value,
        avg(case when g.closing_line_value > 0 then 1.0 when g.closing_line_value is not null then 0.0 end)
            as share_beating_close,
        avg(g.paid_out - g.limit_price) as gain_per_contract,
        max(g.settled_at) as last_settled_at
    from {{ ref('stg_graded_decisions') }} as g
    where g.p_used is not null and g.p_market is not null
    group by g.strategy, g.league
),

rungs as (
    select distinct on (r.strategy, r.league)
        r.strategy,
        r.league,
        r.rung,
        r.reason,
        r.skill_low,
        r.closing_line_value_low,
        r.decided_at
    from {{ source('book', 'rungs') }} as r
    order by r.strategy, r.league, r.decided_at desc
)

select
    coalesce(scored.strategy, rungs.strategy) || ' ' || coalesce(scored.league, rungs.league) as skill_id,
    coalesce(scored.strategy, rungs.strategy) as strategy,
    coalesce(scored.league, rungs.league) as league,
    coalesce(scored.graded, 0) as graded,
    coalesce(scored.taken, 0) as taken,
    scored.brier,
    scored.market_brier,
    1 - scored.brier / nullif(scored.market_brier, 0) as skill,
    rungs.skill_low,
    coalesce(scored.closed, 0) as closed,
    scored.closing_line_value,
    rungs.closing_line_value_low,
    scored.share_beating_close,
    scored.gain_per_contract,
    rungs.rung,
    rungs.reason as rung_reason,
    rungs.decided_at as rung_decided_at,
    scored.last_settled_at
from scored
full outer join rungs on rungs.strategy = scored.strategy and rungs.league = scored.league
