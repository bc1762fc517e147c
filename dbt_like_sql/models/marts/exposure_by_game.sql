-- What can be lost on a game still open, and what each outcome of it would bring, of positions at what they cost.
with holdings as (
    select
        p.venue,
        p.game_id,
        p.market_id,
        p.outcome,
        p.side,
        p.contracts,
        p.cost,
        p.contracts * p.mark_mid as at_mid
    from {{ ref('positions') }} as p
    where p.contracts > 0 and p.game_id is not null
),

by_game as (
    select
        holdings.venue,
        holdings.game_id,
        count(*) as positions,
        sum(holdings.contracts) as contracts,
        sum(holdings.cost) as at_stake,
        sum(holdings.at_mid) as at_mid,
        sum(case when (holdings.outcome = 'home') = (holdings.side = 'yes') then holdings.contracts else 0 end)
            - sum(holdings.cost) as gain_if_home,
        sum(case when (holdings.outcome = 'draw') = (holdings.side = 'yes') then holdings.contracts else 0 end)
            - sum(holdings.cost) as gain_if_draw,
        sum(case when (holdings.outcome = 'away') = (holdings.side = 'yes') then holdings.contracts else 0 end)
            - sum(holdings.cost) as gain_if_away
    from holdings
    group by holdings.venue, holdings.game_id
),

resting as (
    select
        o.venue,
        m.game_id,
        count(*) as orders,
        sum(o.limit_price * (o.contracts - o.filled)) as dollars
    from {{ source('book', 'orders') }} as o
    inner join {{ ref('stg_markets') }} as m on m.market_id = o.market_id
    where o.status in ('written', 'resting') and m.game_id is not null
    group by o.venue, m.game_id
),

exposed as (
    select
        coalesce(by_game.venue, resting.venue) as venue,
        coalesce(by_game.game_id, resting.game_id) as game_id,
        coalesce(by_game.positions, 0) as positions,
        coalesce(by_game.contracts, 0) as contracts,
        coalesce(by_game.at_stake, 0) as at_stake,
        by_game.at_mid,
        by_game.gain_if_home,
        by_game.gain_if_draw,
        by_game.gain_if_away,
        coalesce(resting.orders, 0) as resting_orders,
        coalesce(resting.dollars, 0) as resting_dollars
    from by_game
    full outer join resting on resting.venue = by_game.venue and resting.game_id = by_game.game_id
)

select
    exposed.venue || ' ' || exposed.game_id as exposure_id,
    exposed.venue,
    exposed.game_id,
    g.league,
    g.start_time,
    g.phase,
    g.home_team,
    g.away_team,
    exposed.positions,
    exposed.contracts,
    exposed.at_stake,
    exposed.at_mid,
    exposed.gain_if_home,
    exposed.gain_if_draw,
    exposed.gain_if_away,
    exposed.resting_orders,
    exposed.resting_dollars
from exposed
inner join {{ ref('stg_games') }} as g on g.game_id = exposed.game_id
