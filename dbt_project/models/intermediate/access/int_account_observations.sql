-- What is known of an account's state at an instant: from Okta's log, from the time of the last status change that a snapshot
-- carries, and from the snapshots themselves. An account that a complete snapshot no longer shows was off by then.
with okta_users as (

    select
        *,
        concat_ws('', instance, ':', user_id) as account_key,
        case status when 'DEPROVISIONED' then 'off' when 'SUSPENDED' then 'suspended' else 'on' end as state,
        -- a user who changes while the list is read stands in it twice: the sighting that goes on comes last
        lead(seen_from) over (
            partition by instance, user_id order by seen_from nulls last, gone_at nulls last, payload_sha256 nulls last
        ) as next_seen_from
    from {{ ref('stg_okta__users_intervals') }}

),

okta_events as (

    select
        concat_ws('', instance, ':', target_id) as account_key,
        occurred_at,
        case
            when event_type in ('user.lifecycle.deactivate', 'user.lifecycle.delete.initiated', 'user.lifecycle.delete.completed') then 'off'
            when event_type = 'user.lifecycle.suspend' then 'suspended'
            when
                event_type in ('user.lifecycle.create', 'user.lifecycle.activate', 'user.lifecycle.reactivate', 'user.lifecycle.unsuspend')
                then 'on'
        end as state
    from {{ ref('stg_okta__system_log_targets') }}
    where target_type = 'User' and outcome = 'SUCCESS'

),

account_lists as (

    select
        instance,
        collected_at
    from {{ ref('stg_ledger__collections') }}
    where source = 'okta' and resource = 'users' and kind = 'committed' and permission not in ('denied', 'not_available')

),

-- An account of which the log alone tells was gone by the first list after it was last made or switched on.
never_listed as (

    select
        okta_events.account_key,
        max(okta_events.occurred_at) as last_on_at
    from okta_events
    left join okta_users
        on okta_users.account_key = okta_events.account_key
    where okta_events.state = 'on' and okta_users.account_key is null
    group by okta_events.account_key

),

never_listed_ends as (

    select
        never_listed.account_key,
        min(account_lists.collected_at) as gone_at
    from never_listed
    inner join account_lists
        on
            never_listed.account_key like concat_ws('', account_lists.instance, ':%')
            and account_lists.collected_at > never_listed.last_on_at
    group by never_listed.account_key

),

presence as (

    select
        concat_ws('', instance, ':', user_id) as account_key,
        seen_from,
        seen_to,
        gone_at
    from {{ ref('stg_github__members_intervals') }}
    union all
    select
        concat_ws('', instance, ':', user_id),
        seen_from,
        seen_to,
        gone_at
    from {{ ref('stg_github__outside_collaborators_intervals') }}
    union all
    select
        concat_ws('', instance, ':', user_id),
        seen_from,
        seen_to,
        gone_at
    from {{ ref('stg_github__repository_collaborators_intervals') }}
    union all
    select
        concat_ws('', instance, ':', account_id),
        seen_from,
        seen_to,
        gone_at
    from {{ ref('stg_jira__users_intervals') }}
    where is_active

),

running as (

    select
        account_key,
        seen_from,
        gone_at,
        max(coalesce(gone_at, {{ text_to_instant("'9999-12-31T00:00:00Z'") }})) over (
            partition by account_key order by seen_from nulls last, coalesce(gone_at, {{ text_to_instant("'9999-12-31T00:00:00Z'") }}) nulls last
            rows between unbounded preceding and current row
        ) as gone_by_now
    from presence

),

ends as (

    select
        account_key,
        gone_by_now,
        lead(seen_from) over (
            partition by account_key order by seen_from nulls last, coalesce(gone_at, {{ text_to_instant("'9999-12-31T00:00:00Z'") }}) nulls last
        ) as next_seen_from
    from running

),

observations as (

    select account_key, occurred_at as observed_at, state, 'event' as evidence from okta_events
    where state is not null
    union all
    select account_key, seen_from, state, 'snapshot' from okta_users
    union all
    select account_key, seen_to, state, 'snapshot' from okta_users
    union all
    select account_key, status_changed_at, state, 'snapshot' from okta_users
    where status_changed_at <= seen_from
    union all
    select account_key, created_at, 'on', 'snapshot' from okta_users
    where created_at <= seen_from
    union all
    select account_key, gone_at, 'off', 'snapshot' from okta_users
    where gone_at is not null and (next_seen_from is null or next_seen_from > gone_at)
    union all
    select account_key, gone_at, 'off', 'snapshot' from never_listed_ends
    union all
    select account_key, seen_from, 'on', 'snapshot' from presence
    union all
    select account_key, seen_to, 'on', 'snapshot' from presence
    union all
    select account_key, gone_by_now, 'off', 'snapshot' from ends
    where gone_by_now < {{ text_to_instant("'9999-12-31T00:00:00Z'") }} and (next_seen_from is null or next_seen_from > gone_by_now)

),

final as (

    select distinct
        observations.account_key,
        observations.observed_at,
        observations.state,
        observations.evidence
    from observations
    inner join {{ ref('int_accounts_listed') }} as accounts on accounts.account_key = observations.account_key

)

select * from final
