-- The price that the market closed at: its last two-sided quote before the scheduled start, if it was still seen in
-- the day before. What came later may know the score.
select
    m.market_id,
    m.game_id,
    m.outcome,
    g.start_time,
    latest.observed_at,
    latest.confirmed_at,
    latest.origin,
    latest.yes_bid,
    latest.yes_ask,
    (latest.yes_bid + latest.yes_ask) / 2 as yes_mid
from {{ ref('stg_markets') }} as m
inner join {{ source('core', 'games') }} as g on g.game_id = m.game_id
cross join lateral (
    select
        q.observed_at,
        q.confirmed_at,
        q.origin,
        q.yes_bid,
        q.yes_ask
    from {{ source('market', 'quotes') }} as q
    where q.market_key = m.market_key and q.observed_at < g.start_time
    order by q.observed_at desc
    limit 1
) as latest
where m.verdict = 'matched'
    and g.phase in ('in_play', 'delayed', 'final')
    and latest.yes_bid is not null
    and latest.yes_ask is not null
    and latest.confirmed_at >= g.start_time - interval '24 hours'
