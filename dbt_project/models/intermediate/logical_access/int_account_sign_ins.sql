-- Everything known of the use of an account: its own activity, and sign-ins through the identity provider to the application of that
-- system (its name in the provider's catalogue begins with the system's).
with activity as (

    select * from {{ ref('int_account_activity') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}

),

targets as (

    select * from {{ ref('stg_okta__system_log_targets') }}
    where event_type = 'user.authentication.sso' and outcome = 'SUCCESS'

),

apps as (

    select * from {{ ref('stg_okta__apps') }}

),

sign_ins as (

    select
        app_targets.instance,
        app_targets.occurred_at,
        lower(apps.name) as app_name,
        user_targets.target_id as user_id
    from targets as app_targets
    inner join targets as user_targets
        on
            user_targets.instance = app_targets.instance
            and user_targets.event_id = app_targets.event_id
            and user_targets.target_type = 'User'
    inner join apps
        on apps.instance = app_targets.instance and apps.app_id = app_targets.target_id
    where app_targets.target_type = 'AppInstance'

),

through_idp as (

    select
        accounts.account_key,
        sign_ins.occurred_at
    from sign_ins
    inner join accounts as idp_accounts
        on idp_accounts.instance = sign_ins.instance and idp_accounts.account_id = sign_ins.user_id
    inner join accounts
        on
            accounts.person_id = idp_accounts.person_id
            and accounts.instance <> idp_accounts.instance
            and sign_ins.app_name like concat(accounts.system, '%')

),

final as (

    select
        account_key,
        occurred_at,
        kind
    from activity
    union all
    select
        account_key,
        occurred_at,
        'interactive'
    from through_idp

)

select * from final
