-- One probe of the quotes' key per market: the cost grows with markets, not with quotes.
select
    m.market_id,
    m.ticker,
    latest.observed_at,
    latest.confirmed_at,
    latest.origin,
    latest.yes_bid,
    latest.yes_ask,
    latest.yes_bid_size,
    latest.yes_ask_size,
    latest.last_price,
    latest.volume,
    latest.open_interest
from {{ source('market', 'markets') }} as m
cross join lateral (
    select
        q.observed_at,
        q.confirmed_at,
        q.origin,
        q.yes_bid,
        q.yes_ask,
        q.yes_bid_size,
        q.yes_ask_size,
        q.last_price,
        q.volume,
        q.open_interest
    from {{ source('market', 'quotes') }} as q
    where q.market_key = m.market_key
    order by q.observed_at desc
    limit 1
) as latest
