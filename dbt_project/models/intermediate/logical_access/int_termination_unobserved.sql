-- Per leaver: connected systems whose list of accounts was never seen complete after removal was due.
with terminations as (

    select * from {{ ref('int_terminations') }}
    where exclusion is null and is_due

),

systems as (

    select * from {{ ref('int_access_systems') }}
    where is_connected

),

account_lists as (

    select
        instance,
        resource,
        max(collected_at) as observed_until,
    from {{ ref('int_account_lists') }}
    group by instance, resource

),

observations as (

    select
        instance,
        min(observed_until) as observed_until,
    from account_lists
    group by instance

),

final as (

    select
        terminations.item_key,
        count(*) as unobserved_instances,
    from terminations
    cross join systems
    left join observations
        on observations.instance = systems.instance
    where observations.observed_until is null or observations.observed_until <= terminations.due_at
    group by terminations.item_key

)

select * from final
