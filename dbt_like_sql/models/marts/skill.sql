select
    e.league || ' ' || e.forecast || ' ' || e.label as skill_id,
    e.league,
    e.forecast,
    e.scope,
    case when e.scope = 'season' then cast(e.label as integer) end as season,
    e.games,
    e.ties_left_out,
    e.brier,
    e.log_loss,
    e.rps,
    e.accuracy,
    e.ece,
    e.priced_games,
    e.closing_brier,
    e.closing_log_loss,
    e.closing_rps,
    e.skill,
    e.skill_low,
    e.skill_high,
    b.model_weight,
    b.fitted_games,
    e.model_version,
    e.computed_at
from {{ source('model', 'evaluations') }} as e
inner join {{ ref('stg_models_in_use') }} as in_use
    on in_use.league = e.league and in_use.model_version = e.model_version
left join {{ source('model', 'blends') }} as b
    on b.model_version = e.model_version
    and e.scope = 'season'
    and e.label = cast(b.season as text)
    and b.superseded_at is null
where e.superseded_at is null and e.scope in ('all', 'season')
