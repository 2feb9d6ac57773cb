with holidays as (

    select distinct
        calendar,
        day_on
    from {{ ref('business_holidays') }}

),

calendars as (

    select
        calendar,
        extract(year from min(day_on)) as first_year,
        extract(year from max(day_on)) as last_year
    from holidays
    group by calendar

),

calendar_days as (

    select
        calendars.calendar,
        days.day_on
    from calendars
    inner join {{ days("date '2000-01-01'", "date '2099-12-31'") }} as days
        on extract(year from days.day_on) between calendars.first_year and calendars.last_year

),

flagged as (

    select
        calendar_days.calendar,
        calendar_days.day_on,
        {{ day_of_week('calendar_days.day_on') }} between 1 and 5 and holidays.day_on is null as is_business_day
    from calendar_days
    left join holidays
        on holidays.calendar = calendar_days.calendar and holidays.day_on = calendar_days.day_on

),

final as (

    select
        calendar,
        day_on,
        is_business_day,
        cast(
            count(*) filter (where is_business_day) over (partition by calendar order by day_on rows between unbounded preceding and current row) as bigint
        ) as business_day_no
    from flagged

)

select * from final
