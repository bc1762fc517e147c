-- "Now" is the newest poll: a simulated world has a clock of its own.
with clock as (
    select max(f.last_polled_at) as as_of
    from {{ source('ops', 'feeds') }} as f
),

games as (
    select
        g.*,
        clock.as_of
    from {{ ref('stg_games') }} as g
    cross join clock
    where (g.start_time >= clock.as_of - interval '1 day' and g.start_time < clock.as_of + interval '7 days')
        or (g.phase in ('in_play', 'delayed') and g.last_observed_at >= clock.as_of - interval '1 day')
),

-- One market a side: an open one before a closed one, then the one seen last.
prices as (
    select distinct on (m.game_id, m.outcome)
        m.game_id,
        m.outcome,
        m.ticker,
        m.status,
        q.yes_bid,
        q.yes_ask,
        q.last_price,
        q.observed_at,
        q.confirmed_at
    from games
    inner join {{ ref('stg_markets') }} as m on m.game_id = games.game_id
    left join {{ ref('stg_quotes_latest') }} as q on q.market_id = m.market_id
    where m.verdict = 'matched' and m.outcome is not null
    order by m.game_id, m.outcome, (m.status = 'active') desc, q.confirmed_at desc nulls last, m.ticker
)

select
    games.game_id,
    games.league,
    games.season,
    games.season_type,
    games.game_kind,
    games.start_time,
    games.start_time_valid,
    games.home_team_id,
    games.home_team,
    games.away_team_id,
    games.away_team,
    games.neutral_site,
    games.status,
    games.phase,
    games.completed,
    games.home_score,
    games.away_score,
    games.winner,
    games.last_changed_at,
    home_rating.rating as home_rating,
    coalesce(home_rating.games, 0) as home_rated_games,
    away_rating.rating as away_rating,
    coalesce(away_rating.games, 0) as away_rated_games,
    home_rating.rating - away_rating.rating as rating_gap,
    forecast.p_home,
    forecast.p_draw,
    forecast.p_away,
    home_price.ticker as home_ticker,
    home_price.status as home_market_status,
    home_price.yes_bid as home_bid,
    home_price.yes_ask as home_ask,
    home_price.last_price as home_last,
    home_price.observed_at as home_quoted_at,
    home_price.confirmed_at as home_confirmed_at,
    away_price.ticker as away_ticker,
    away_price.status as away_market_status,
    away_price.yes_bid as away_bid,
    away_price.yes_ask as away_ask,
    away_price.last_price as away_last,
    away_price.observed_at as away_quoted_at,
    away_price.confirmed_at as away_confirmed_at,
    draw_price.ticker as draw_ticker,
    draw_price.status as draw_market_status,
    draw_price.yes_bid as draw_bid,
    draw_price.yes_ask as draw_ask,
    draw_price.last_price as draw_last,
    draw_price.observed_at as draw_quoted_at,
    draw_price.confirmed_at as draw_confirmed_at,
    games.as_of
from games
left join {{ ref('stg_ratings_current') }} as home_rating on home_rating.team_id = games.home_team_id
left join {{ ref('stg_ratings_current') }} as away_rating on away_rating.team_id = games.away_team_id
left join {{ ref('stg_forecasts_current') }} as forecast
    on forecast.game_id = games.game_id
    and forecast.home_team_id = games.home_team_id
    and forecast.away_team_id = games.away_team_id
left join prices as home_price on home_price.game_id = games.game_id and home_price.outcome = 'home'
left join prices as away_price on away_price.game_id = games.game_id and away_price.outcome = 'away'
left join prices as draw_price on draw_price.game_id = games.game_id and draw_price.outcome = 'draw'
