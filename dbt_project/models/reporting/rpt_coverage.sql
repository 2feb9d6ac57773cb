-- not_collected, not_operated, no_occurrence (proven by a successful collection) or covered.
with coverage as (

    select * from {{ ref('int_coverage') }}

),

final as (

    select
        control_id,
        interval_start,
        interval_end,
        expected,
        actual,
        collected,
        case
            when collected is not true then 'not_collected'
            when status in ('not_operated', 'no_occurrence') then status
            else 'covered'
        end as status,
        gap_cause
    from coverage

)

select * from final
