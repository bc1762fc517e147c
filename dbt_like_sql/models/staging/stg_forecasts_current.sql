select
    f.game_id,
    f.league,
    f.model_version,
    f.season,
    f.start_time,
    f.home_team_id,
    f.away_team_id,
    f.p_home,
    f.p_draw,
    f.p_away,
    f.rating_home,
    f.rating_away,
    -- Systems without a deviation write NaN.
    nullif(f.deviation_home, 'NaN') as deviation_home,
    nullif(f.deviation_away, 'NaN') as deviation_away,
    f.games_home,
    f.games_away,
    f.as_of,
    f.computed_at,
    f.computed_at < f.start_time as made_before_start
from {{ source('model', 'forecasts') }} as f
inner join {{ ref('stg_models_in_use') }} as in_use
    on in_use.league = f.league and in_use.model_version = f.model_version
where f.superseded_at is null
