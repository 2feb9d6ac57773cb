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
        status,
        gap_cause,
    from coverage

)

select * from final
