{{ config(materialized='table') }}
-- A table, not a view: two marts and its own tests read it, and each reading would sort every rating again.
-- A change of parameters makes a new model version; the one that wrote last is the one in use.
with versions as (
    select
        r.league,
        r.model_version,
        max(r.computed_at) as last_computed_at
    from {{ source('model', 'ratings') }} as r
    where r.superseded_at is null
    group by r.league, r.model_version
),

in_use as (
    select distinct on (versions.league)
        versions.league,
        versions.model_version
    from versions
    order by versions.league, versions.last_computed_at desc, versions.model_version
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
