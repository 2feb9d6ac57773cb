-- For how long each resource is covered by committed collections. A window covers itself, from the end of what the source no longer
-- had; a snapshot covers the time since the one before it, when that is not longer ago than the engagement allows, and the first
-- one covers its own day. What the source did not let us see covers nothing, nor does a register that is not there, unless it is one
-- that need not exist; nor do the stamps of this tool itself.
with engagement as (

    select * from {{ ref('int_engagement') }}

),

collections as (

    select collections.*
    from {{ ref('stg_ledger__collections') }} as collections
    left join {{ ref('resources') }} as resources
        on resources.source = collections.source and resources.resource = collections.resource
    where
        collections.kind = 'committed'
        and collections.permission <> 'denied'
        and collections.source <> 'itgc'
        and not (
            collections.permission = 'not_available'
            and collections.source in ('registers', 'hris_csv')
            and coalesce(resources.role, 'key') <> 'optional'
        )

),

gaps as (

    select
        collection_id,
        max(gap_to_at) as had_from_at
    from {{ ref('stg_ledger__gaps') }}
    group by collection_id

),

windows as (

    select
        collections.source,
        collections.instance,
        collections.resource,
        greatest(collections.window_start_at, coalesce(gaps.had_from_at, collections.window_start_at)) as covered_from,
        collections.window_end_at as covered_to
    from collections
    left join gaps on gaps.collection_id = collections.collection_id
    where collections.window_start_at is not null

),

snapshots as (

    select
        collections.source,
        collections.instance,
        collections.resource,
        collections.collected_at,
        lag(collections.collected_at) over (
            partition by collections.source, collections.instance, collections.resource order by collections.collected_at nulls last, collections.n nulls last
        ) as previous_at,
        {{ start_of_day(local_date('collections.collected_at', 'engagement.zone'), 'engagement.zone') }} as day_start_at,
        engagement.snapshot_max_gap_days
    from collections
    cross join engagement
    where collections.window_start_at is null

),

-- Without repeats: of two pieces alike the windows below could begin an island with the one and count it with the other.
pieces as (

    select
        source,
        instance,
        resource,
        covered_from,
        covered_to
    from windows
    where covered_from < covered_to
    union
    select
        source,
        instance,
        resource,
        case
            when previous_at is not null and {{ seconds_between('previous_at', 'collected_at') }} <= snapshot_max_gap_days * 86400 then previous_at
            else day_start_at
        end,
        collected_at
    from snapshots

),

chained as (

    select
        *,
        max(covered_to) over (
            partition by source, instance, resource order by covered_from nulls last, covered_to nulls last rows between unbounded preceding and 1 preceding
        ) as reached
    from pieces

),

islands as (

    select
        *,
        count(*) filter (where reached is null or covered_from > reached) over (
            partition by source, instance, resource order by covered_from nulls last, covered_to nulls last rows between unbounded preceding and current row
        ) as island_no
    from chained

),

final as (

    select
        source,
        instance,
        resource,
        min(covered_from) as covered_from,
        max(covered_to) as covered_to
    from islands
    group by source, instance, resource, island_no

)

select * from final
