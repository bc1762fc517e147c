{{ config(materialized='table') }}
-- A table, not a view: two marts and its own tests read it, and each reading would sort every rating again.
select distinct on (r.team_id)
    r.team_id,
    r.league,
    r.model_version,
    r.rating_after as rating,
    r.deviation_after as deviation,
    r.games_before + 1 as games,
    r.season,
    r.game_id as last_game_id,
    r.start_time as last_game_at,
    r.computed_at
from {{ source('model', 'ratings') }} as r
inner join {{ ref('stg_models_in_use') }} as in_use
    on in_use.league = r.league and in_use.model_version = r.model_version
where r.superseded_at is null
order by r.team_id, r.start_time desc, r.game_id desc
