-- The months of the period, in the engagement's zone, clipped to it.
with engagement as (

    select * from {{ ref('int_engagement') }}

),

month_starts as (

    select distinct
        case when extract(day from days.day_on) = 1 then days.day_on else engagement.period_start_on end as starts_on,
        engagement.zone,
        engagement.period_end_at
    from engagement
    inner join {{ days("date '2000-01-01'", "date '2099-12-31'") }} as days
        on
            days.day_on between engagement.period_start_on and engagement.period_end_on
            and (extract(day from days.day_on) = 1 or days.day_on = engagement.period_start_on)

),

final as (

    select
        {{ start_of_day('starts_on', 'zone') }} as interval_start,
        coalesce({{ start_of_day('lead(starts_on) over (order by starts_on)', 'zone') }}, period_end_at) as interval_end,
        starts_on
    from month_starts

)

select * from final
