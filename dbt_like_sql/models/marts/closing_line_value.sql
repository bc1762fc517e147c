-- Positive: the market came to value the side more than it cost, before fees. Where there is no closing quote, nothing
-- is said.
select
    g.decision_id,
    g.strategy,
    g.league,
    g.game_id,
    g.market_id,
    m.ticker,
    g.as_of,
    g.action = 'take' as was_taken,
    g.side,
    g.limit_price as price,
    g.closing_price,
    g.closing_line_value,
    g.closing_line_value > 0 as beat_the_close,
    g.closed_at,
    extract(epoch from g.closed_at - g.as_of) / 3600 as hours_before_close,
    g.paid_out,
    g.paid_out - g.limit_price as gain_before_fees
from {{ ref('stg_graded_decisions') }} as g
inner join {{ ref('stg_markets') }} as m on m.market_id = g.market_id
where g.closing_price is not null
