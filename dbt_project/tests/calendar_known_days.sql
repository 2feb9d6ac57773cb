-- Days that everybody can look up; the third is observed on a Friday, the last on a Monday.
with known as (

    select 'US-Federal' as calendar, date '2025-11-28' as day_on, true as is_business_day
    union all
    select 'US-Federal', date '2025-11-27', false
    union all
    select 'US-Federal', date '2026-07-03', false
    union all
    select 'GB-England', date '2026-07-03', true
    union all
    select 'GB-England', date '2026-04-06', false
    union all
    select 'US-Federal', date '2026-04-06', true
    union all
    select 'GB-England', date '2026-12-28', false

)

select known.*
from known
left join {{ ref('int_calendar_days') }} as days
    on days.calendar = known.calendar and days.day_on = known.day_on
where days.is_business_day is distinct from known.is_business_day
