with

items as (

    select * from {{ ref('int_cm_02_reconciliation_items') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

covered_intervals as (

    select * from {{ ref('int_covered_intervals') }}

),

stated as (

    select
        'frame' as reconciliation,
        'frame of changes: items tested for CM-01' as left_source,
        'the same frame: items tested for CM-02, each once' as right_source,
        'same_platform' as independence,
        cast(null as string) as left_resource
    union all
    select
        'required_checks',
        'platform: checks that applied to the branch at each snapshot',
        'history of the rulesets as of the snapshot: the same checks',
        'same_platform',
        'branch_protection'

),

-- a source that was not collected for the period agrees with nothing
covered as (

    select distinct covered_intervals.resource
    from covered_intervals
    cross join engagement
    where
        covered_intervals.source = 'github'
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
        'CM-02' as control_id,
        stated.reconciliation,
        stated.left_source,
        stated.right_source,
        stated.independence,
        coalesce(counted.expected, 0) as expected,
        coalesce(counted.actual, 0) as actual,
        case
            when stated.left_resource is null or covered.resource is not null then coalesce(counted.expected, 0) - coalesce(counted.actual, 0)
        end as difference
    from stated
    left join covered on covered.resource = stated.left_resource
    left join counted on counted.reconciliation = stated.reconciliation

)

select * from final
