with items as (

    select * from {{ ref('int_la_03_reconciliation_items') }}

),

stated as (

    select
        'grants_to_net_change' as reconciliation,
        'every system, lists: accounts and access that a snapshot shows and the one before did not' as left_source,
        'identity provider, log: given in between and not taken back; other systems: the population' as right_source,
        'same_platform' as independence
    union all
    select
        'hires_to_grants',
        'HRIS and contractor register: hires and rehires of the period',
        'population: people with at least one grant, with an account they kept, or registered as needing none',
        'other_system'
    union all
    select
        'approved_requests_to_access',
        'service desk: access approved in the period',
        'systems: access granted or held, or something else granted on the request, which the population shows',
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
        'LA-03' as control_id,
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
