-- What a YES contract paid: as it was booked, else as the venue says. A void returns what was paid, so it has no value.
with booked as (
    select distinct on (s.market_id)
        s.market_id,
        s.result,
        case when s.result <> 'void' then s.yes_value end as yes_value,
        s.settled_at,
        s.game_agrees
    from {{ source('book', 'settlements') }} as s
    order by s.market_id, s.amends desc
)

select
    m.market_id,
    coalesce(booked.result, m.result) as result,
    case when booked.market_id is not null then booked.yes_value else m.settlement_value end as yes_value,
    coalesce(booked.settled_at, m.settlement_time) as settled_at,
    booked.game_agrees,
    booked.market_id is not null as is_booked
from {{ source('market', 'markets') }} as m
left join booked on booked.market_id = m.market_id
where booked.market_id is not null or (m.status = 'finalized' and m.settlement_value is not null)
