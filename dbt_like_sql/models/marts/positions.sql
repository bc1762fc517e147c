-- One account never holds both sides of a market: buying the other side redeems pairs at a dollar. So what is held is
-- the difference of what was bought of each; what it cost, and what it brought, stand on the ledger.
with bought as (
    select
        o.venue,
        f.market_id,
        sum(f.contracts) filter (where f.side = 'yes') as yes_contracts,
        sum(f.contracts) filter (where f.side = 'no') as no_contracts,
        sum(f.fee) as fees,
        min(f.filled_at) as first_filled_at,
        max(f.filled_at) as last_filled_at,
        count(*) as fills
    from {{ source('book', 'fills') }} as f
    inner join {{ source('book', 'orders') }} as o on o.client_id = f.client_id
    group by o.venue, f.market_id
),

moved as (
    select
        l.venue,
        l.transaction_id,
        regexp_replace(l.account, '^position:(.+):(yes|no)$', '\1') as market_id,
        l.amount
    from {{ source('book', 'ledger') }} as l
    where l.account like 'position:%'
),

costs as (
    select
        moved.venue,
        moved.market_id,
        sum(moved.amount) as cost
    from moved
    group by moved.venue, moved.market_id
),

gains as (
    select
        touched.venue,
        touched.market_id,
        -sum(l.amount) as gained
    from (select distinct moved.venue, moved.transaction_id, moved.market_id from moved) as touched
    inner join {{ source('book', 'ledger') }} as l
        on l.transaction_id = touched.transaction_id and l.venue = touched.venue
    where l.account = 'profit'
    group by touched.venue, touched.market_id
),

held as (
    select
        bought.*,
        coalesce(bought.yes_contracts, 0) - coalesce(bought.no_contracts, 0) as net_contracts,
        coalesce(costs.cost, 0) as cost,
        coalesce(gains.gained, 0) as gained
    from bought
    left join costs on costs.venue = bought.venue and costs.market_id = bought.market_id
    left join gains on gains.venue = bought.venue and gains.market_id = bought.market_id
)

select
    held.venue || ' ' || held.market_id as position_id,
    held.venue,
    held.market_id,
    m.ticker,
    m.league,
    m.game_id,
    m.outcome,
    case when held.net_contracts > 0 then 'yes' when held.net_contracts < 0 then 'no' end as side,
    case when paid.is_booked then 0 else abs(held.net_contracts) end as contracts,
    coalesce(paid.is_booked, false) as is_settled,
    held.cost,
    case when paid.is_booked then null else held.cost / nullif(abs(held.net_contracts), 0) end as average_price,
    held.fees,
    held.gained - held.fees as realised,
    case
        when paid.is_booked then null
        when held.net_contracts > 0 then (q.yes_bid + q.yes_ask) / 2
        when held.net_contracts < 0 then 1 - (q.yes_bid + q.yes_ask) / 2
    end as mark_mid,
    case
        when paid.is_booked then null
        when held.net_contracts > 0 then q.yes_bid
        when held.net_contracts < 0 then 1 - q.yes_ask
    end as mark_best,
    held.fills,
    held.first_filled_at,
    held.last_filled_at,
    paid.settled_at
from held
left join {{ ref('stg_markets') }} as m on m.market_id = held.market_id
left join {{ ref('stg_market_values') }} as paid on paid.market_id = held.market_id
left join {{ ref('stg_quotes_latest') }} as q on q.market_id = held.market_id
