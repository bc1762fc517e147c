select
    g.game_id,
    g.league,
    g.season,
    g.season_type,
    g.game_kind,
    g.start_time,
    g.start_time_valid,
    g.home_team_id,
    home.display_name as home_team,
    g.away_team_id,
    away.display_name as away_team,
    g.neutral_site,
    g.status,
    g.phase,
    g.completed,
    g.home_score,
    g.away_score,
    g.winner,
    g.first_observed_at,
    g.last_observed_at,
    g.last_changed_at
from {{ source('core', 'games') }} as g
left join {{ source('core', 'teams') }} as home on home.team_id = g.home_team_id
left join {{ source('core', 'teams') }} as away on away.team_id = g.away_team_id
