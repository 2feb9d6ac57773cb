with items as (

    select * from {{ ref('int_la_01_reconciliation_items') }}

),

stated as (

    select
        'account_list_totals' as reconciliation,
        'platform: total reported and rows on all pages of every list of accounts' as left_source,
        'vault: distinct accounts in that list' as right_source,
        'same_platform' as independence
    union all
    select
        'active_accounts_roll_forward',
        'identity provider, log: active at the begin, created and reactivated, less deactivated',
        'identity provider, list: active at the end',
        'same_platform'
    union all
    select
        'idp_assignments_to_members',
        'identity provider: accounts assigned to GitHub',
        'GitHub: members',
        'other_system'
    union all
    select
        'members_to_idp_assignments',
        'GitHub: members',
        'identity provider: accounts assigned to GitHub, or the population shows the account outside it',
        'other_system'
    union all
    select
        'systems_in_scope',
        'register: systems in scope, by month',
        'collector: systems connected and every list of accounts collected that month',
        'other_owner'

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
        'LA-01' as control_id,
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
