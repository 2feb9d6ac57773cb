-- What an account did on a platform, by the platform's own record. The dates inside git commits are never used.
with okta_log as (

    select * from {{ ref('stg_okta__system_log') }}
    where actor_type = 'User' and outcome in ('SUCCESS', 'ALLOW')

),

okta_users as (

    select distinct
        instance,
        user_id,
        last_login_at
    from {{ ref('stg_okta__users_intervals') }}
    where last_login_at is not null

),

ref_updates as (

    select * from {{ ref('stg_github__activity') }}

),

reviews as (

    select * from {{ ref('stg_github__pull_request_reviews') }}

),

pull_requests as (

    select * from {{ ref('stg_github__pull_requests') }}

),

credentials as (

    select distinct
        instance,
        login,
        last_accessed_at
    from {{ ref('stg_github__credential_authorizations_intervals') }}
    where last_accessed_at is not null

),

accounts as (

    select * from {{ ref('int_accounts_listed') }}

),

activity as (

    select
        concat(instance, ':', actor_id) as account_key,
        occurred_at,
        case
            when api_token_id is not null then 'api'
            when event_type in ('user.session.start', 'user.authentication.sso') then 'interactive'
            else 'login'
        end as kind,
        'okta.system_log' as source
    from okta_log
    where
        api_token_id is not null
        or event_type in ('user.session.start', 'user.authentication.sso')
        or event_type like 'user.authentication.%'
    union all
    select
        concat(instance, ':', user_id),
        last_login_at,
        'interactive',
        'okta.users'
    from okta_users
    union all
    select
        concat(instance, ':', actor_id),
        occurred_at,
        'push',
        'github.activity'
    from ref_updates
    union all
    select
        concat(instance, ':', author_id),
        submitted_at,
        'api',
        'github.pull_request_reviews'
    from reviews
    union all
    select
        concat(instance, ':', author_id),
        created_at,
        'api',
        'github.pull_requests'
    from pull_requests
    union all
    select
        concat(instance, ':', merged_by_id),
        merged_at,
        'api',
        'github.pull_requests'
    from pull_requests
    union all
    select
        accounts.account_key,
        credentials.last_accessed_at,
        'api',
        'github.credential_authorizations'
    from credentials
    inner join accounts
        on accounts.system = 'github' and accounts.instance = credentials.instance and lower(accounts.login) = lower(credentials.login)

),

final as (

    select distinct
        activity.account_key,
        activity.occurred_at,
        activity.kind,
        activity.source
    from activity
    inner join accounts on accounts.account_key = activity.account_key
    where activity.occurred_at is not null

)

select * from final
