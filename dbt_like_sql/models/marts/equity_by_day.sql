-- Eastern days, as games are counted. What positions cost is from the ledger and never changes afterwards; what they
-- would have fetched is as it was last reckoned on the day.
with booked as (
    select
        l.venue,
        cast(timezone('America/New_York', l.at) as date) as day,
        coalesce(sum(l.amount) filter (where l.account = 'cash'), 0) as cash,
        coalesce(sum(l.amount) filter (where l.account like 'position:%'), 0) as positions,
        coalesce(-sum(l.amount) filter (where l.account = 'deposits'), 0) as deposited,
        coalesce(sum(l.amount) filter (where l.account = 'withdrawals'), 0) as withdrawn,
        coalesce(sum(l.amount) filter (where l.account = 'fees'), 0) as fees,
        coalesce(-sum(l.amount) filter (where l.account = 'profit'), 0) as realised,
        count(distinct l.transaction_id) as transactions
    from {{ source('book', 'ledger') }} as l
    group by l.venue, cast(timezone('America/New_York', l.at) as date)
),

marked as (
    select distinct on (e.venue, cast(timezone('America/New_York', e.at) as date))
        e.venue,
        cast(timezone('America/New_York', e.at) as date) as day,
        e.cash + e.positions_mid as equity_at_mid,
        e.cash + e.positions_liquidation as equity_at_liquidation,
        e.resting
    from {{ source('book', 'equity') }} as e
    order by e.venue, cast(timezone('America/New_York', e.at) as date), e.at desc
),

days as (
    select
        coalesce(booked.venue, marked.venue) as venue,
        coalesce(booked.day, marked.day) as day,
        coalesce(booked.deposited, 0) as deposited,
        coalesce(booked.withdrawn, 0) as withdrawn,
        coalesce(booked.realised, 0) as realised,
        coalesce(booked.fees, 0) as fees,
        coalesce(booked.transactions, 0) as transactions,
        coalesce(booked.cash, 0) as cash_moved,
        coalesce(booked.positions, 0) as positions_moved,
        marked.equity_at_mid,
        marked.equity_at_liquidation,
        marked.resting
    from booked
    full outer join marked on marked.venue = booked.venue and marked.day = booked.day
),

summed as (
    select
        days.*,
        days.realised - days.fees as profit,
        sum(days.cash_moved) over (partition by days.venue order by days.day) as cash,
        sum(days.positions_moved) over (partition by days.venue order by days.day) as positions_at_cost,
        sum(days.realised - days.fees) over (partition by days.venue order by days.day) as profit_so_far
    from days
)

select
    summed.venue || ' ' || summed.day as equity_id,
    summed.venue,
    summed.day,
    summed.deposited,
    summed.withdrawn,
    summed.realised,
    summed.fees,
    summed.profit,
    summed.transactions,
    summed.cash,
    summed.positions_at_cost,
    summed.cash + summed.positions_at_cost as equity_at_cost,
    summed.equity_at_mid,
    summed.equity_at_liquidation,
    summed.resting,
    summed.profit_so_far,
    max(summed.profit_so_far) over (partition by summed.venue order by summed.day) - summed.profit_so_far as below_best
from summed
