-- Every account that a snapshot of an in-scope system ever showed, with its latest facts, and those made and gone between two of Okta's
-- lists, of which the log alone tells. GitHub and Jira do not say when an account was made.
with okta_users as (

    select * from {{ ref('stg_okta__users') }}

),

logged_events as (

    select
        events.instance,
        events.target_id as user_id,
        events.target_login as login,
        case when events.event_type = 'user.lifecycle.create' then events.occurred_at end as created_at,
        row_number() over (
            partition by events.instance, events.target_id
            order by
                events.occurred_at nulls last,
                case events.event_type when 'user.lifecycle.create' then 0 else 1 end nulls last,
                events.event_id nulls last,
                events.target_no nulls last
        ) as position
    from {{ ref('stg_okta__system_log_targets') }} as events
    left join okta_users
        on okta_users.instance = events.instance and okta_users.user_id = events.target_id
    where
        events.target_type = 'User'
        and events.outcome = 'SUCCESS'
        and events.event_type in ('user.lifecycle.create', 'user.lifecycle.activate', 'user.lifecycle.reactivate')
        and okta_users.user_id is null

),

logged as (

    select
        instance,
        user_id,
        {{ max_by('login', 'position') }} as login,
        min(created_at) as created_at
    from logged_events
    group by instance, user_id

),

github_users as (

    select
        instance,
        user_id,
        login,
        user_type,
        record_key,
        payload_sha256,
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
        record_key,
        payload_sha256,
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
        record_key,
        payload_sha256,
        seen_from,
        seen_to,
        'repository_collaborator'
    from {{ ref('stg_github__repository_collaborators_intervals') }}

),

-- The lists of one run bear one instant, and who renames an account while they are read stands in them under both names: the one
-- that was first seen later is the newer.
github_ordered as (

    select
        *,
        row_number() over (
            partition by instance, user_id
            order by seen_to nulls last, seen_from nulls last, kind nulls last, record_key nulls last, payload_sha256 nulls last
        ) as position
    from github_users

),

github as (

    select
        instance,
        user_id,
        {{ max_by('login', 'position') }} as login,
        {{ max_by('user_type', 'position') }} as user_type,
        min(seen_from) as first_seen_at,
        bool_or(kind = 'member') as is_member
    from github_ordered
    group by instance, user_id

),

jira_ordered as (

    select
        *,
        row_number() over (
            partition by instance, account_id order by seen_to nulls last, seen_from nulls last, payload_sha256 nulls last
        ) as position
    from {{ ref('stg_jira__users_intervals') }}

),

jira as (

    select
        instance,
        account_id,
        {{ max_by('display_name', 'position') }} as login,
        {{ max_by('email', 'position') }} as email,
        {{ max_by('account_type', 'position') }} as account_type,
        min(seen_from) as first_seen_at
    from jira_ordered
    group by instance, account_id

),

accounts as (

    select
        'okta' as system,
        instance,
        user_id as account_id,
        login,
        email,
        case when {{ lower_case('user_type') }} in ('guest', 'external') then 'guest' else 'human' end as native_kind,
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
            when {{ lower_case('user_type') }} = 'bot' or login like '%[bot]' then 'bot'
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
        concat_ws('', instance, ':', account_id) as account_key,
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
