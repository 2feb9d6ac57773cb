with accounts as (

    select * from {{ ref('int_termination_accounts') }}

),

tokens as (

    select * from {{ ref('int_termination_tokens') }}

),

activity as (

    select * from {{ ref('int_termination_activity') }}

),

-- Removal told by a snapshot alone lies between the last one that showed the account and the first that did not: where the due instant
-- lies between them too, nobody can say.
removals as (

    select
        *,
        case
            when is_due is null then null
            when not is_due or not is_active_at_horizon then false
            when observed_until <= due_at then null
            when removed_at is null and proven_until <= due_at then null
            else true
        end as is_not_removed,
        case
            when is_due is null then null
            when not is_due then false
            when proven_until > due_at then true
            when removed_at > earliest_due_at then null
            else false
        end as is_late
    from accounts

),

final as (

    select
        removals.item_key,
        removals.account_key,
        removals.system,
        removals.instance,
        removals.account_id,
        removals.login,
        removals.account_kind,
        removals.resolution,
        removals.is_privileged,
        removals.active_from,
        removals.suspended_from,
        removals.terminated_at,
        removals.due_at,
        removals.removed_at,
        removals.removal_evidence,
        removals.proven_until as last_seen_active_at,
        {{ seconds_between('removals.terminated_at', 'removals.removed_at') }} / 3600 as hours_from_termination,
        removals.horizon_at as followed_until,
        removals.reactivated_at,
        cast(tokens.tokens as bigint) as tokens,
        cast(tokens.tokens_after_due as bigint) as tokens_after_due,
        cast(activity.sessions_after_termination as bigint) as sessions_after_termination,
        cast(activity.activity_after_due as bigint) as activity_after_due,
        activity.last_activity_at,
        removals.is_not_removed,
        removals.is_late,
        coalesce(removals.is_late and (removals.is_privileged is not false or removals.proven_until > removals.high_at), false) as is_late_high,
        case
            when activity.activity_after_due > 0 or activity.sessions_after_termination > 0 then true
            when not activity.is_log_complete then null
            else false
        end as is_active_after,
        removals.reactivated_at is not null as is_reactivated,
        case
            when tokens.tokens_after_due > 0 then true
            when tokens.tokens_unknown > 0 then null
            when tokens.is_token_list_observed or not (removals.is_late or removals.is_not_removed) then false
        end as is_token_left,
        coalesce(
            least(coalesce(removals.not_deactivated_until, removals.horizon_at), removals.horizon_at) > removals.suspension_due_at, false
        ) as is_suspended_only
    from removals
    inner join tokens
        on tokens.item_key = removals.item_key and tokens.account_key = removals.account_key
    inner join activity
        on activity.item_key = removals.item_key and activity.account_key = removals.account_key

)

select * from final
