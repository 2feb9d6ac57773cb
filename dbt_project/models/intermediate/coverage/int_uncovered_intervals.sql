-- What is missing of the period, by resource of every source instance of the engagement; a resource that was never collected is
-- missing altogether.
with engagement as (

    select * from {{ ref('int_engagement') }}

),

expected as (

    select
        instances.source,
        instances.instance,
        resources.resource,
        resources.kind,
        resources.retention_days,
        resources.role,
        engagement.period_start_at,
        engagement.period_end_at
    from {{ ref('int_expected_instances') }} as instances
    inner join {{ ref('resources') }} as resources on resources.source = instances.source
    cross join engagement

),

covered as (

    select
        expected.source,
        expected.instance,
        expected.resource,
        covered.covered_from,
        covered.covered_to
    from expected
    inner join {{ ref('int_covered_intervals') }} as covered
        on
            covered.source = expected.source
            and covered.instance = expected.instance
            and covered.resource = expected.resource
            and covered.covered_to > expected.period_start_at
            and covered.covered_from < expected.period_end_at

),

ends as (

    -- the period's start and end as intervals without length, so that the holes lie between neighbours
    select source, instance, resource, covered_from, covered_to from covered
    union all
    select source, instance, resource, period_start_at, period_start_at from expected
    union all
    select source, instance, resource, period_end_at, period_end_at from expected

),

holes as (

    select
        source,
        instance,
        resource,
        max(covered_to) over (
            partition by source, instance, resource order by covered_from, covered_to rows between unbounded preceding and 1 preceding
        ) as gap_from,
        covered_from as gap_to
    from ends

),

final as (

    select
        expected.source,
        expected.instance,
        expected.resource,
        expected.kind,
        expected.role,
        holes.gap_from,
        holes.gap_to
    from holes
    inner join expected
        on expected.source = holes.source and expected.instance = holes.instance and expected.resource = holes.resource
    where holes.gap_from < holes.gap_to

)

select * from final
