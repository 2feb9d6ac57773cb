-- Accounts that belong to nobody known and may be a leaver's: the name fits, or the leaver has no account at all. As long as they stand
-- here, the removal of that leaver's access is not proven.
with terminations as (

    select * from {{ ref('int_terminations') }}
    where exclusion is null

),

accounts as (

    select * from {{ ref('int_accounts') }}

),

usability as (

    select * from {{ ref('int_account_usability') }}

),

okta_users as (

    select * from {{ ref('stg_okta__users') }}

),

holders as (

    select distinct person_id
    from accounts
    where person_id is not null

),

leavers as (

    select
        terminations.item_key,
        terminations.terminated_at,
        terminations.horizon_at,
        lower(translate(terminations.display_name, ' .-_''', '')) as full_name,
        lower(translate(concat(left(terminations.display_name, 1), {{ text_match('terminations.display_name', '([^ ]+)$') }}), ' .-_''', '')) as short_name,
        holders.person_id is not null as has_account,
    from terminations
    left join holders
        on holders.person_id = terminations.person_id

),

unresolved as (

    select
        accounts.account_key,
        accounts.system,
        accounts.instance,
        accounts.login,
        accounts.resolution,
        lower(translate({{ text_match('accounts.login', '^([^@+]+)') }}, ' .-_''', '')) as login_name,
        lower(translate({{ text_match('accounts.email', '^([^@+]+)') }}, ' .-_''', '')) as email_name,
        lower(translate(okta_users.display_name, ' .-_''', '')) as display_name,
        usability.active_from,
        usability.disabled_at,
    from accounts
    inner join usability
        on usability.account_key = accounts.account_key
    left join okta_users
        on okta_users.instance = accounts.instance and okta_users.user_id = accounts.account_id
    where accounts.person_id is null and accounts.account_kind in ('human', 'guest')

),

final as (

    select
        leavers.item_key,
        unresolved.account_key,
        unresolved.system,
        unresolved.instance,
        unresolved.login,
        unresolved.resolution,
        case
            when leavers.full_name in (unresolved.login_name, unresolved.email_name, unresolved.display_name) then 'name'
            when unresolved.login_name like concat(leavers.full_name, '%') then 'name'
            when leavers.short_name in (unresolved.login_name, unresolved.email_name) then 'short name'
            else 'leaver without account'
        end as reason,
    from leavers
    inner join unresolved
        on
            unresolved.active_from < leavers.horizon_at
            and (unresolved.disabled_at is null or unresolved.disabled_at > leavers.terminated_at)
            and (
                leavers.full_name in (unresolved.login_name, unresolved.email_name, unresolved.display_name)
                or unresolved.login_name like concat(leavers.full_name, '%')
                or leavers.short_name in (unresolved.login_name, unresolved.email_name)
                or not leavers.has_account
            )

)

select * from final
