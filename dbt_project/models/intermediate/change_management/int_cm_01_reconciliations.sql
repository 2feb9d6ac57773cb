with

items as (

    select * from {{ ref('int_cm_01_reconciliation_items') }}

),

-- how independent the other record is: all of it is kept by the code host; git's history is chained by its own hashes
stated as (

    select 'first_parent_commits' as reconciliation, 'git: first-parent commits that reached production branches' as left_source, 'population: commits in exactly one change' as right_source, 'same_platform' as independence
    union all
    select 'merged_requests' as reconciliation, 'platform: requests merged into production branches' as left_source, 'git: requests whose merge is on the branch' as right_source, 'same_platform' as independence
    union all
    select 'pushes' as reconciliation, 'platform: pushes and merges recorded on production branches' as left_source, 'git: heads after them that are commits of the branch' as right_source, 'same_platform' as independence
    union all
    select 'deployments' as reconciliation, 'platform: production deployments' as left_source, 'population: deployments whose commits all lie in changes of a production branch' as right_source, 'same_platform' as independence
    union all
    select 'repositories' as reconciliation, 'platform: repositories deployed, pushed or merged to' as left_source, 'git: repositories read' as right_source, 'same_platform' as independence
    union all
    select 'branch_heads' as reconciliation, 'git: heads collected' as left_source, 'git: heads that continue from the one before, or whose rewrite is an item' as right_source, 'same_platform' as independence
    union all
    select 'request_numbers' as reconciliation, 'git: numbers of request refs' as left_source, 'platform: numbers of requests' as right_source, 'same_platform' as independence

),

counted as (

    select
        reconciliation,
        count(case when is_left then 1 end) as expected,
        count(case when is_right then 1 end) as actual,
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
        coalesce(counted.expected, 0) - coalesce(counted.actual, 0) as difference,
    from stated
    left join counted on counted.reconciliation = stated.reconciliation

)

select * from final
