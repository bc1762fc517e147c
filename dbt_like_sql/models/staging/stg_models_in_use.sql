-- A change of parameters makes a new model version; the one whose ratings were made last is the one in use.
-- Its states tell when: they are written at each rating, also where no number changed.
with rated as (
    select
        v.league,
        v.model_version,
        max(coalesce(s.computed_at, v.created_at)) as last_rated_at
    from {{ source('model', 'versions') }} as v
    left join {{ source('model', 'states') }} as s on s.model_version = v.model_version
    where v.name = 'default'
    group by v.league, v.model_version
)

select distinct on (rated.league)
    rated.league,
    rated.model_version,
    rated.last_rated_at
from rated
order by rated.league, rated.last_rated_at desc, rated.model_version
