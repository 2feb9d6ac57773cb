-- Accounts as the lists of the systems show them, by unbroken run of snapshots: the same shape as what an account holds. An account that is
-- deactivated is not present.
with okta_users as (

    select * from {{ ref('stg_okta__users_intervals') }}
    where status <> 'DEPROVISIONED'

),

github_members as (

    select * from {{ ref('stg_github__members_intervals') }}

),

jira_users as (

    select * from {{ ref('stg_jira__users_intervals') }}
    where is_active

),

accounts as (

    select
        'okta' as system,
        instance,
        user_id as account_id,
        seen_from,
        seen_to,
        gone_at
    from okta_users
    union all
    select
        'github',
        instance,
        user_id,
        seen_from,
        seen_to,
        gone_at
    from github_members
    union all
    select
        'jira',
        instance,
        account_id,
        seen_from,
        seen_to,
        gone_at
    from jira_users

),

final as (

    select
        concat(instance, ':', account_id) as account_key,
        system,
        instance,
        'account' as kind,
        account_id as external_id,
        seen_from as valid_from,
        gone_at as valid_to,
        seen_to as last_seen_at
    from accounts

)

select * from final
