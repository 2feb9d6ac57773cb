-- Month by month and control: how many of the resources that it rests on (seed control_resources) were covered by collection, and
-- whether it had occasion to operate.
with control_resources as (

    select * from {{ ref('control_resources') }}

),

resource_coverage as (

    select * from {{ ref('int_resource_coverage') }}

),

items as (

    select
        control_id,
        occurred_at,
        occurred_at as lasted_to
    from {{ ref('int_population_items') }}
    where control_id <> 'LA-01'
    union all
    -- an account lasts: it counts in every month in which it existed
    select
        control_id,
        occurred_at,
        evaluated_to
    from {{ ref('la_01__accounts') }}

),

months as (

    select
        control_resources.control_id,
        resource_coverage.interval_start,
        resource_coverage.interval_end,
        count(*) as expected,
        count(case when resource_coverage.is_covered then 1 end) as actual,
        {{ sorted_list('resource_coverage.gap_cause', '; ') }} as gap_cause
    from control_resources
    inner join resource_coverage
        on resource_coverage.source = control_resources.source and resource_coverage.resource = control_resources.resource
    group by control_resources.control_id, resource_coverage.interval_start, resource_coverage.interval_end

),

occasions as (

    select
        months.control_id,
        months.interval_start,
        count(items.control_id) as items
    from months
    left join items
        on
            items.control_id = months.control_id
            and items.occurred_at < months.interval_end
            and (items.occurred_at >= months.interval_start or items.lasted_to > months.interval_start)
    group by months.control_id, months.interval_start

),

final as (

    select
        months.control_id,
        months.interval_start,
        months.interval_end,
        months.expected,
        months.actual,
        months.expected = months.actual as collected,
        case
            when months.expected <> months.actual then 'not_collected'
            when occasions.items > 0 then 'operated'
            else 'no_occurrence'
        end as status,
        months.gap_cause
    from months
    inner join occasions
        on occasions.control_id = months.control_id and occasions.interval_start = months.interval_start

)

select * from final
