-- Per leaver: systems in scope whose list of accounts was never seen complete after removal was due, or that nobody collects at all.
with terminations as (

    select * from {{ ref('int_terminations') }}
    where exclusion is null and is_due

),

systems as (

    select
        systems.instance,
        {{ start_of_day('systems.in_scope_from', 'engagement.zone') }} as in_scope_from_at,
        {{ end_of_day('systems.in_scope_to', 'engagement.zone') }} as in_scope_to_at
    from {{ ref('int_access_systems') }} as systems
    cross join {{ ref('int_engagement') }} as engagement

),

account_lists as (

    select
        instance,
        resource,
        max(collected_at) as observed_until
    from {{ ref('int_account_lists') }}
    group by instance, resource

),

observations as (

    select
        instance,
        min(observed_until) as observed_until
    from account_lists
    group by instance

),

final as (

    select
        terminations.item_key,
        count(*) as unobserved_instances
    from terminations
    cross join systems
    left join observations
        on observations.instance = systems.instance
    where
        (observations.observed_until is null or observations.observed_until <= terminations.due_at)
        and (systems.in_scope_from_at is null or systems.in_scope_from_at <= terminations.due_at)
        and (systems.in_scope_to_at is null or systems.in_scope_to_at > terminations.terminated_at)
    group by terminations.item_key

)

select * from final
