-- Per resource of every source instance of the engagement: how it was collected and the longest part of the period that no
-- collection covers. What only supplementary rules read is disclosed on the items and not asserted (null).
with expected as (

    select
        instances.source,
        instances.instance,
        resources.resource,
        resources.kind,
        resources.retention_days,
        resources.role,
        engagement.snapshot_max_gap_days
    from {{ ref('int_source_instances') }} as instances
    inner join {{ ref('resources') }} as resources on resources.source = instances.source
    cross join {{ ref('int_engagement') }} as engagement

),

collections as (

    select
        source,
        instance,
        resource,
        count(*) filter (where kind = 'committed') as collections,
        count(*) filter (where kind = 'failed') as failed,
        count(*) filter (where kind in ('committed', 'failed') and permission = 'denied') as not_permitted
    from {{ ref('stg_ledger__collections') }}
    group by source, instance, resource

),

uncovered as (

    select
        *,
        {{ seconds_between('gap_from', 'gap_to') }} / 86400 as gap_days
    from {{ ref('int_uncovered_intervals') }}
    qualify row_number() over (partition by source, instance, resource order by gap_days desc, gap_from asc) = 1

),

final as (

    select
        expected.source,
        expected.instance,
        expected.resource,
        case when expected.kind = 'snapshot' then expected.snapshot_max_gap_days else expected.retention_days end as retention_days,
        coalesce(collections.collections, 0) as collections,
        coalesce(collections.failed, 0) as failed,
        cast(coalesce(uncovered.gap_days, 0) as double) as longest_gap_days,
        uncovered.gap_from,
        uncovered.gap_to,
        coalesce(collections.not_permitted, 0) as not_permitted,
        case
            when uncovered.gap_days is null then true
            when expected.role <> 'supplementary' then false
        end as is_within_retention
    from expected
    left join collections
        on
            collections.source = expected.source
            and collections.instance = expected.instance
            and collections.resource = expected.resource
    left join uncovered
        on
            uncovered.source = expected.source
            and uncovered.instance = expected.instance
            and uncovered.resource = expected.resource

)

select * from final
