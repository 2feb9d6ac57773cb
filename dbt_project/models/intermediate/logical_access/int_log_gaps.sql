-- Times for which an activity log holds nothing that was collected: before, between and after the committed windows, and gaps the collector recorded.
with collections as (

    select * from {{ ref('stg_ledger__collections') }}
    where (source = 'okta' and resource = 'system_log') or (source = 'github' and resource = 'activity')

),

instances as (

    select * from {{ ref('int_source_instances') }}
    where source in ('okta', 'github')

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

windows as (

    select
        instance,
        window_start_at,
        window_end_at
    from collections
    where kind = 'committed' and permission not in ('denied', 'not_available')

),

followed as (

    select
        instance,
        max(window_end_at) over (partition by instance order by window_end_at rows between unbounded preceding and 1 preceding) as gap_from,
        window_start_at as gap_to
    from windows

),

recorded as (

    select
        instance,
        gap_from_at as gap_from,
        gap_to_at as gap_to
    from {{ ref('stg_ledger__gaps') }}
    where (source = 'okta' and resource = 'system_log') or (source = 'github' and resource = 'activity')

),

tails as (

    select
        instances.instance,
        max(windows.window_end_at) as gap_from,
        max(engagement.evidence_cutoff_at) as gap_to
    from instances
    cross join engagement
    left join windows
        on windows.instance = instances.instance
    group by instances.instance

),

gaps as (

    select * from followed
    union all
    select * from recorded
    union all
    select * from tails

),

final as (

    select
        gaps.instance,
        coalesce(gaps.gap_from, engagement.period_start_at) as gap_from,
        gaps.gap_to
    from gaps
    cross join engagement
    where coalesce(gaps.gap_from, engagement.period_start_at) < gaps.gap_to

)

select * from final
