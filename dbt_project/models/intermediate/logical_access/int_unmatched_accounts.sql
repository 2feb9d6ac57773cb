-- Accounts that belong to nobody known and may be a leaver's: the leaver is one of the people that they may belong to, the name fits, or
-- the leaver has no account at all. As long as they stand here, the removal of that leaver's access is not proven.
with terminations as (

    select * from {{ ref('int_terminations') }}
    where exclusion is null

),

accounts as (

    select * from {{ ref('int_accounts') }}
    where native_kind in ('human', 'guest')

),

stretches as (

    select * from {{ ref('int_account_people') }}

),

candidates as (

    select * from {{ ref('int_account_candidates') }}

),

registrations as (

    select * from {{ ref('int_account_registrations') }}
    where is_certain

),

usability as (

    select * from {{ ref('int_account_usability') }}

),

okta_users as (

    select * from {{ ref('stg_okta__users') }}

),

holders as (

    select distinct person_id
    from stretches
    where person_id is not null

),

names as (

    select
        item_key,
        {{ text_match('display_name', '([^ ]+)$') }} as last_name,
        {{ text_match('display_name', '^(.*) [^ ]+$') }} as other_names
    from terminations

),

leavers as (

    select
        terminations.item_key,
        terminations.person_id,
        terminations.terminated_at,
        coalesce(terminations.terminated_at, terminations.occurred_at) as left_at,
        terminations.horizon_at,
        {{ name_key('terminations.display_name') }} as full_name,
        {{ name_key("concat_ws('', names.last_name, names.other_names)") }} as reversed_name,
        {{ name_key("concat_ws('', left(terminations.display_name, 1), names.last_name)") }} as short_name,
        holders.person_id is not null as has_account
    from terminations
    inner join names
        on names.item_key = terminations.item_key
    left join holders
        on holders.person_id = terminations.person_id

),

unresolved as (

    select
        accounts.account_key,
        accounts.system,
        accounts.instance,
        accounts.login,
        stretches.resolution,
        stretches.valid_from,
        stretches.valid_to,
        {{ name_key(text_match('accounts.login', '^([^@+]+)')) }} as login_name,
        {{ name_key(text_match('accounts.email', '^([^@+]+)')) }} as email_name,
        {{ name_key('okta_users.display_name') }} as display_name,
        usability.active_from,
        usability.disabled_at
    from accounts
    inner join stretches
        on stretches.account_key = accounts.account_key and stretches.person_id is null
    inner join usability
        on usability.account_key = accounts.account_key
    left join okta_users
        on okta_users.instance = accounts.instance and okta_users.user_id = accounts.account_id

),

matched as (

    select
        leavers.item_key,
        unresolved.account_key,
        unresolved.system,
        unresolved.instance,
        unresolved.login,
        unresolved.resolution,
        case
            when candidates.account_key is not null then 'candidate'
            when leavers.full_name in (unresolved.login_name, unresolved.email_name, unresolved.display_name) then 'name'
            when leavers.reversed_name in (unresolved.login_name, unresolved.email_name, unresolved.display_name) then 'name'
            when unresolved.login_name like concat_ws('', leavers.full_name, '%') then 'name'
            when unresolved.login_name like concat_ws('', leavers.reversed_name, '%') then 'name'
            when leavers.short_name in (unresolved.login_name, unresolved.email_name) then 'short name'
            when not leavers.has_account then 'leaver without account'
        end as reason
    from leavers
    inner join unresolved
        on
            unresolved.active_from < leavers.horizon_at
            and (unresolved.disabled_at is null or unresolved.disabled_at > leavers.left_at)
            and (unresolved.valid_from is null or unresolved.valid_from < leavers.horizon_at)
            and (unresolved.valid_to is null or unresolved.valid_to > leavers.left_at)
    left join candidates
        on
            candidates.account_key = unresolved.account_key
            and candidates.person_id = leavers.person_id
            and unresolved.resolution = 'ambiguous'
            and (candidates.valid_from is null or unresolved.valid_to is null or candidates.valid_from < unresolved.valid_to)
            and (candidates.valid_to is null or unresolved.valid_from is null or candidates.valid_to > unresolved.valid_from)
    left join registrations
        on
            registrations.account_key = unresolved.account_key
            and registrations.registered_from <= leavers.left_at
            and (registrations.registered_to is null or registrations.registered_to > leavers.left_at)
    where registrations.account_key is null

),

final as (

    select distinct
        item_key,
        account_key,
        system,
        instance,
        login,
        resolution,
        reason
    from matched
    where reason is not null

)

select * from final
