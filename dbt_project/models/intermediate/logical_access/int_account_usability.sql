-- How long an account could be used, and how well that is known. An end told by an event or by the platform's own status change is exact.
-- An end told only by absence from a snapshot lies between the last snapshot that showed the account (proven_until) and the first that
-- did not (disabled_at).
with accounts as (

    select * from {{ ref('int_accounts') }}

),

intervals as (

    select * from {{ ref('int_account_intervals') }}

),

account_lists as (

    select * from {{ ref('int_account_lists') }}

),

snapshots as (

    select distinct
        instance,
        collected_at
    from account_lists

),

lists as (

    select
        instance,
        resource,
        max(collected_at) as observed_until
    from account_lists
    group by instance, resource

),

observations as (

    select
        instance,
        min(observed_until) as observed_until
    from lists
    group by instance

),

ends as (

    select
        intervals.*,
        accounts.instance,
        observations.observed_until,
        coalesce(intervals.ended_by = 'snapshot' and snapshots.collected_at is not null, false) as is_absence
    from intervals
    inner join accounts
        on accounts.account_key = intervals.account_key
    left join observations
        on observations.instance = accounts.instance
    left join snapshots
        on snapshots.instance = accounts.instance and snapshots.collected_at = intervals.active_to

),

final as (

    select
        account_key,
        instance,
        active_from,
        active_to,
        suspended_from,
        least(active_to, suspended_from) as disabled_at,
        case
            when suspended_from is not null then least(active_to, suspended_from)
            when is_absence then last_seen_at
            else active_to
        end as proven_until,
        case when is_absence then last_seen_at else active_to end as not_deactivated_until,
        case
            when suspended_from is not null then 'suspension'
            when is_absence then 'snapshot'
            when ended_by = 'snapshot' then 'status change'
            else ended_by
        end as end_evidence,
        last_activity_at,
        observed_until
    from ends

)

select * from final
