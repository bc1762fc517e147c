-- A change of parameters makes a new model version; the one that wrote last is the one in use.
with in_use as (
    select distinct on (r.league)
        r.league,
        r.model_version
    from {{ source('model', 'ratings') }} as r
    where r.superseded_at is null
    order by r.league, r.computed_at desc, r.model_version
)

select distinct on (r.team_id)
    r.team_id,
    r.league,
    r.model_version,
    r.rating_after as rating,
    r.games_before + 1 as games,
    r.season,
    r.game_id as last_game_id,
    r.start_time as last_game_at,
    r.computed_at
from {{ source('model', 'ratings') }} as r
inner join in_use on in_use.league = r.league and in_use.model_version = r.model_version
where r.superseded_at is null
order by r.team_id, r.start_time desc, r.game_id desc
