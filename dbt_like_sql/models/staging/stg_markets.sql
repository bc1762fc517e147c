select
    m.market_id,
    m.market_key,
    m.venue,
    m.ticker,
    m.event_ticker,
    m.series_ticker,
    m.league,
    m.status,
    m.result,
    m.open_time,
    m.close_time,
    link.verdict,
    link.game_id,
    link.outcome,
    m.first_observed_at,
    m.last_changed_at
from {{ source('market', 'markets') }} as m
left join {{ source('market', 'market_games') }} as link on link.market_id = m.market_id
