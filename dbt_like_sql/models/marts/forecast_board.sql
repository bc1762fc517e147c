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
    where (g.phase = 'scheduled' and g.start_time >= clock.as_of - interval '1 day')
        or (g.phase in ('in_play', 'delayed') and g.last_observed_at >= clock.as_of - interval '1 day')
)

select
    games.game_id,
    games.league,
    games.season,
    games.start_time,
    games.phase,
    games.home_team_id,
    games.home_team,
    games.away_team_id,
    games.away_team,
    games.neutral_site,
    games.home_score,
    games.away_score,
    forecast.p_home,
    forecast.p_draw,
    forecast.p_away,
    forecast.rating_home,
    forecast.rating_away,
    forecast.deviation_home,
    forecast.deviation_away,
    forecast.games_home,
    forecast.games_away,
    forecast.as_of as results_until,
    forecast.computed_at,
    forecast.made_before_start,
    forecast.model_version,
    games.as_of
from games
inner join {{ ref('stg_forecasts_current') }} as forecast
    on forecast.game_id = games.game_id
    and forecast.home_team_id = games.home_team_id
    and forecast.away_team_id = games.away_team_id
