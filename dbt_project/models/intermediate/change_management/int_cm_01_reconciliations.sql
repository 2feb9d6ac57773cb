with

items as (

    select * from {{ ref('int_cm_01_reconciliation_items') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

covered_intervals as (

    select * from {{ ref('int_covered_intervals') }}

),

-- how independent the other record is: all of it is kept by the code host; git's history is chained by its own hashes
stated as (

    select
        'first_parent_commits' as reconciliation,
        'git: first-parent commits from the head at the start to the head at the end' as left_source,
        'changes: commits that belong to exactly one' as right_source,
        'same_platform' as independence,
        'history' as left_resource
    union all
    select
        'merged_requests',
        'platform: requests merged into production branches',
        'git: requests whose merge is on the branch',
        'same_platform',
        'pull_requests'
    union all
    select
        'pushes',
        'platform: pushes and merges recorded on production branches',
        'git: heads after them that are commits of the branch',
        'same_platform',
        'activity'
    union all
    select
        'deployments',
        'platform: production deployments',
        'population: deployments whose commits all lie in changes of a production branch',
        'same_platform',
        'deployments'
    union all
    select
        'repositories',
        'platform: repositories of the organization pushed, merged or deployed to',
        'git: repositories read',
        'same_platform',
        'repositories'
    union all
    select
        'branch_heads',
        'git: heads collected',
        'git: heads that continue from the one before, or whose rewrite is an item',
        'same_platform',
        'history'
    union all
    select
        'request_numbers',
        'git: numbers of request refs',
        'platform: numbers of requests',
        'same_platform',
        'history'

),

-- a source that was not collected for the period agrees with nothing
covered as (

    select distinct covered_intervals.resource
    from covered_intervals
    cross join engagement
    where
        covered_intervals.source in ('git', 'github')
        and covered_intervals.covered_from <= engagement.period_start_at
        and covered_intervals.covered_to >= engagement.period_end_at

),

counted as (

    select
        reconciliation,
        count(case when is_left then 1 end) as expected,
        count(case when is_right then 1 end) as actual
    from items
    group by reconciliation

),

final as (

    select
        'CM-01' as control_id,
        stated.reconciliation,
        stated.left_source,
        stated.right_source,
        stated.independence,
        coalesce(counted.expected, 0) as expected,
        coalesce(counted.actual, 0) as actual,
        case when covered.resource is not null then coalesce(counted.expected, 0) - coalesce(counted.actual, 0) end as difference
    from stated
    left join covered on covered.resource = stated.left_resource
    left join counted on counted.reconciliation = stated.reconciliation

)

select * from final
