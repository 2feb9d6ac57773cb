-- Every account that a snapshot of an in-scope system ever showed, with its latest facts, and those made and gone between two of Okta's
-- lists, of which the log alone tells. GitHub and Jira do not say when an account was made.
with okta_users as (

    select * from {{ ref('stg_okta__users') }}

),

logged as (

    select
        events.instance,
        events.target_id as user_id,
        max_by(events.target_login, events.occurred_at) as login,
        min(case when events.event_type = 'user.lifecycle.create' then events.occurred_at end) as created_at
    from {{ ref('stg_okta__system_log_targets') }} as events
    left join okta_users
        on okta_users.instance = events.instance and okta_users.user_id = events.target_id
    where
        events.target_type = 'User'
        and events.outcome = 'SUCCESS'
        and events.event_type in ('user.lifecycle.create', 'user.lifecycle.activate', 'user.lifecycle.reactivate')
        and okta_users.user_id is null
    group by events.instance, events.target_id

),

github_users as (

    select
        instance,
        user_id,
        login,
        user_type,
        seen_from,
        seen_to,
        'member' as kind
    from {{ ref('stg_github__members_intervals') }}
    union all
    select
        instance,
        user_id,
        login,
        user_type,
        seen_from,
        seen_to,
        'outside_collaborator'
    from {{ ref('stg_github__outside_collaborators_intervals') }}
    union all
    select
        instance,
        user_id,
        login,
        user_type,
        seen_from,
        seen_to,
        'repository_collaborator'
    from {{ ref('stg_github__repository_collaborators_intervals') }}

),

github as (

    select
        instance,
        user_id,
        max_by(login, seen_to) as login,
        max_by(user_type, seen_to) as user_type,
        min(seen_from) as first_seen_at,
        bool_or(kind = 'member') as is_member
    from github_users
    group by instance, user_id

),

jira as (

    select
        instance,
        account_id,
        max_by(display_name, seen_to) as login,
        max_by(email, seen_to) as email,
        max_by(account_type, seen_to) as account_type,
        min(seen_from) as first_seen_at
    from {{ ref('stg_jira__users_intervals') }}
    group by instance, account_id

),

accounts as (

    select
        'okta' as system,
        instance,
        user_id as account_id,
        login,
        email,
        case when lower(user_type) in ('guest', 'external') then 'guest' else 'human' end as native_kind,
        created_at,
        first_collected_at as first_seen_at
    from okta_users
    union all
    select
        'okta',
        instance,
        user_id,
        login,
        cast(null as string),
        'human',
        created_at,
        {{ null_instant() }}
    from logged
    union all
    select
        'github',
        instance,
        user_id,
        login,
        cast(null as string),
        case
            when lower(user_type) = 'bot' or login like '%[bot]' then 'bot'
            when not is_member then 'guest'
            else 'human'
        end,
        {{ null_instant() }},
        first_seen_at
    from github
    union all
    select
        'jira',
        instance,
        account_id,
        login,
        email,
        case account_type when 'app' then 'bot' when 'customer' then 'guest' else 'human' end,
        {{ null_instant() }},
        first_seen_at
    from jira

),

final as (

    select
        concat(instance, ':', account_id) as account_key,
        system,
        instance,
        account_id,
        login,
        email,
        native_kind,
        created_at,
        first_seen_at
    from accounts

)

select * from final
