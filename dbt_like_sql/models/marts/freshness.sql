select
    f.source,
    count(*) as feeds,
    count(*) filter (where f.last_outcome not in ('ok', 'not_modified')) as failing_feeds,
    cast(sum(f.polls) as bigint) as polls,
    cast(sum(f.changes) as bigint) as changes,
    max(f.last_polled_at) as last_polled_at,
    max(f.last_changed_at) as last_changed_at
from {{ source('ops', 'feeds') }} as f
group by f.source
