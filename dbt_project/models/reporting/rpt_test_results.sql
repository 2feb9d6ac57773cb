with controls as (

    select * from {{ ref('controls') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

counts as (

    select
        control_id,
        count(*) as items,
        count(*) filter (where status = 'PASS') as passed,
        count(*) filter (where status = 'EXCEPTION') as exceptions,
        count(*) filter (where status = 'NOT_TESTABLE') as not_testable,
        count(*) filter (where status = 'NOT_DUE') as not_due
    from {{ ref('int_population_items') }}
    group by control_id

),

final as (

    select
        controls.control_id,
        case engagement.report_type when 'I' then 'design' else 'operation' end as test_kind,
        controls.statement,
        controls.management_test,
        coalesce(counts.items, 0) as items,
        coalesce(counts.passed, 0) as passed,
        coalesce(counts.exceptions, 0) as exceptions,
        coalesce(counts.not_testable, 0) as not_testable,
        coalesce(counts.not_due, 0) as not_due,
        cast(counts.exceptions as double) / nullif(counts.items, 0) as exception_rate_low,
        cast(counts.exceptions + counts.not_testable as double) / nullif(counts.items, 0) as exception_rate_high,
        cast(null as string) as auditor_test,
        cast(null as string) as auditor_result
    from controls
    cross join engagement
    left join counts on counts.control_id = controls.control_id

)

select * from final
