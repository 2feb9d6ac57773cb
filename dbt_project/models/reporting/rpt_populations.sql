-- One row per control. An empty population is NO_OCCURRENCE only when every interval was collected; else it is NOT_TESTABLE.
with controls as (

    select * from {{ ref('controls') }}

),

items as (

    select
        control_id,
        count(*) as items,
        min(occurred_at) as first_occurred_at,
        max(occurred_at) as last_occurred_at
    from {{ ref('int_population_items') }}
    group by control_id

),

coverage as (

    select
        control_id,
        bool_and(coalesce(collected, false)) as is_collected
    from {{ ref('int_coverage') }}
    group by control_id

),

final as (

    select
        controls.control_id,
        controls.population_id,
        controls.frame_id,
        controls.population_definition as definition,
        controls.source_systems,
        coalesce(items.items, 0) as items,
        items.first_occurred_at,
        items.last_occurred_at,
        case
            when items.items > 0 then 'TESTED'
            when coverage.is_collected then 'NO_OCCURRENCE'
            else 'NOT_TESTABLE'
        end as status
    from controls
    left join items on items.control_id = controls.control_id
    left join coverage on coverage.control_id = controls.control_id

)

select * from final
