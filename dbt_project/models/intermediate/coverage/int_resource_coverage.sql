-- Month by month, whether each resource of each source instance is covered, and why not.
with months as (

    select * from {{ ref('int_period_months') }}

),

uncovered as (

    select * from {{ ref('int_uncovered_intervals') }}

),

declared as (

    select * from {{ ref('stg_ledger__gaps') }}

),

expected as (

    select
        instances.source,
        instances.instance,
        resources.resource,
        resources.kind,
        resources.role
    from {{ ref('int_expected_instances') }} as instances
    inner join {{ ref('resources') }} as resources on resources.source = instances.source

),

causes as (

    select
        uncovered.source,
        uncovered.instance,
        uncovered.resource,
        uncovered.gap_from,
        uncovered.gap_to,
        coalesce(max(declared.cause), 'no successful collection') as cause
    from uncovered
    left join declared
        on
            declared.source = uncovered.source
            and declared.instance = uncovered.instance
            and declared.resource = uncovered.resource
            and declared.gap_from_at < uncovered.gap_to
            and declared.gap_to_at > uncovered.gap_from
    group by uncovered.source, uncovered.instance, uncovered.resource, uncovered.gap_from, uncovered.gap_to

),

final as (

    select
        expected.source,
        expected.instance,
        expected.resource,
        expected.kind,
        expected.role,
        months.interval_start,
        months.interval_end,
        count(causes.gap_from) = 0 as is_covered,
        min(greatest(causes.gap_from, months.interval_start)) as gap_from,
        max(least(causes.gap_to, months.interval_end)) as gap_to,
        case
            when count(causes.gap_from) > 0
                then concat(expected.instance, ' ', expected.resource, ': ', {{ sorted_list('causes.cause', ', ') }})
        end as gap_cause
    from expected
    cross join months
    left join causes
        on
            causes.source = expected.source
            and causes.instance = expected.instance
            and causes.resource = expected.resource
            and causes.gap_from < months.interval_end
            and causes.gap_to > months.interval_start
    group by
        expected.source,
        expected.instance,
        expected.resource,
        expected.kind,
        expected.role,
        months.interval_start,
        months.interval_end

)

select * from final
