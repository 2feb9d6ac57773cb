with items as (

    select * from {{ ref('int_la_04_reconciliation_items') }}

),

stated as (

    select
        'headcount_roll_forward' as reconciliation,
        'HRIS, spells: begin, hires and rehires less terminations' as left_source,
        'HRIS, directory: active at the end' as right_source,
        'same_platform' as independence
    union all
    select
        'hris_to_payroll',
        'HRIS: people employed, by month',
        'payroll register: people paid, by month',
        'other_owner'
    union all
    select
        'contracts_roll_forward',
        'contractor register: contracts ever registered',
        'contractor register: contracts still there at the end',
        'same_platform'
    union all
    select
        'deactivations_to_terminations',
        'identity provider: accounts switched off in the period',
        'HRIS and contractor register: a termination on record of that person',
        'other_system'

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
        'LA-04' as control_id,
        stated.reconciliation,
        stated.left_source,
        stated.right_source,
        stated.independence,
        coalesce(counted.expected, 0) as expected,
        coalesce(counted.actual, 0) as actual,
        coalesce(counted.expected, 0) - coalesce(counted.actual, 0) as difference
    from stated
    left join counted
        on counted.reconciliation = stated.reconciliation

)

select * from final
