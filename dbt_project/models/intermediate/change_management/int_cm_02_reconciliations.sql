with

items as (

    select * from {{ ref('int_cm_02_reconciliation_items') }}

),

stated as (

    select 'frame' as reconciliation, 'population of CM-01: all changes' as left_source, 'population of CM-02: the same changes' as right_source, 'same_platform' as independence
    union all
    select 'required_checks' as reconciliation, 'platform: checks that applied to the branch at each snapshot' as left_source, 'history of the rulesets as of the snapshot: the same checks' as right_source, 'same_platform' as independence

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
        'CM-02' as control_id,
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
