-- The evidence of a strategy: the first decision of each game that was taken, or would have been but for its rung.
-- A game decided on a hundred times is one piece of evidence.
with wanted as (
    select
        d.decision_id,
        d.strategy,
        d.league,
        d.game_id,
        d.market_id,
        d.as_of,
        d.action,
        d.side,
        d.limit_price,
        d.p_market,
        case when s.parameters ->> 'probability' = 'model' then d.p_model else d.p_trading end as p_used,
        paid.yes_value,
        paid.settled_at
    from {{ source('book', 'decisions') }} as d
    inner join {{ source('book', 'strategies') }} as s on s.strategy_hash = d.strategy_hash
    inner join {{ ref('stg_market_values') }} as paid on paid.market_id = d.market_id
    where d.details ->> 'would_take' = 'true'
        and d.reason in ('taken', 'skill')
        and d.side is not null
        and d.limit_price is not null
        and d.game_id is not null
        and paid.yes_value is not null
),

first_of_game as (
    select distinct on (wanted.strategy, wanted.game_id) wanted.*
    from wanted
    order by wanted.strategy, wanted.game_id, wanted.as_of, wanted.market_id
)

select
    first_of_game.decision_id,
    first_of_game.strategy,
    first_of_game.league,
    first_of_game.game_id,
    first_of_game.market_id,
    first_of_game.as_of,
    first_of_game.action,
    first_of_game.side,
    first_of_game.limit_price,
    first_of_game.p_used,
    first_of_game.p_market,
    first_of_game.yes_value,
    case when first_of_game.side = 'yes' then first_of_game.yes_value else 1 - first_of_game.yes_value end as paid_out,
    case when first_of_game.side = 'yes' then closed.yes_mid else 1 - closed.yes_mid end as closing_price,
    case when first_of_game.side = 'yes' then closed.yes_mid else 1 - closed.yes_mid end - first_of_game.limit_price
        as closing_line_value,
    closed.confirmed_at as closed_at,
    first_of_game.settled_at
from first_of_game
left join {{ ref('stg_closing_quotes') }} as closed on closed.market_id = first_of_game.market_id
