-- Quotes are counted by key before they meet their markets: millions of rows are read once, joined never.
with quotes as (
    select
        q.market_key,
        count(*) as row_count,
        max(q.observed_at) as newest_at
    from {{ source('market', 'quotes') }} as q
    group by q.market_key
),

states as (
    select
        s.game_id,
        count(*) as row_count,
        max(s.observed_at) as newest_at
    from {{ source('core', 'game_states') }} as s
    group by s.game_id
),

counted as (
    select
        'core.games' as table_name,
        'espn' as source,
        g.league as part,
        count(*) as row_count,
        max(g.last_observed_at) as newest_at
    from {{ source('core', 'games') }} as g
    group by g.league

    union all

    select
        'core.game_states' as table_name,
        'espn' as source,
        g.league as part,
        cast(sum(states.row_count) as bigint) as row_count,
        max(states.newest_at) as newest_at
    from states
    inner join {{ source('core', 'games') }} as g on g.game_id = states.game_id
    group by g.league

    union all

    select
        'market.markets' as table_name,
        m.venue as source,
        coalesce(m.league, m.series_ticker) as part,
        count(*) as row_count,
        max(m.last_observed_at) as newest_at
    from {{ source('market', 'markets') }} as m
    group by m.venue, coalesce(m.league, m.series_ticker)

    union all

    select
        'market.quotes' as table_name,
        m.venue as source,
        coalesce(m.league, m.series_ticker) as part,
        cast(sum(quotes.row_count) as bigint) as row_count,
        max(quotes.newest_at) as newest_at
    from quotes
    inner join {{ source('market', 'markets') }} as m on m.market_key = quotes.market_key
    group by m.venue, coalesce(m.league, m.series_ticker)

    union all

    select
        'raw.responses' as table_name,
        r.source,
        r.outcome as part,
        count(*) as row_count,
        max(r.observed_at) as newest_at
    from {{ source('raw', 'responses') }} as r
    group by r.source, r.outcome

    union all

    select
        'ops.rejections' as table_name,
        split_part(j.payload_type, '.', 1) as source,
        j.payload_type || ' ' || j.reason as part,
        count(*) as row_count,
        max(j.last_seen_at) as newest_at
    from {{ source('ops', 'rejections') }} as j
    group by j.payload_type, j.reason
)

select
    counted.table_name || ' ' || counted.source || ' ' || counted.part as row_count_id,
    counted.table_name,
    counted.source,
    counted.part,
    counted.row_count,
    counted.newest_at
from counted
