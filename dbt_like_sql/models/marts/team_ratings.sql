select
    r.team_id,
    r.league,
    t.display_name as team,
    r.rating,
    r.deviation,
    r.games,
    rank() over (partition by r.league order by r.rating desc) as league_rank,
    r.season,
    r.last_game_id,
    r.last_game_at,
    r.model_version,
    r.computed_at
from {{ ref('stg_ratings_current') }} as r
inner join {{ source('core', 'teams') }} as t on t.team_id = r.team_id
