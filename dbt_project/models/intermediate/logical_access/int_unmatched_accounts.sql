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

-- every name that a leaver may go by
leaver_names as (

    select item_key, left_at, horizon_at, full_name as name, true as is_full from leavers
    union
    select item_key, left_at, horizon_at, reversed_name, true from leavers
    union
    select item_key, left_at, horizon_at, short_name, false from leavers

),

account_names as (

    select account_key, valid_from, login_name as name, true as is_address from unresolved
    union
    select account_key, valid_from, email_name, true from unresolved
    union
    select account_key, valid_from, display_name, false from unresolved

),

-- a login that begins with a name: its beginnings in the lengths of the leavers' names, which can be looked up
beginnings as (

    select
        unresolved.account_key,
        unresolved.valid_from,
        lengths.length,
        left(unresolved.login_name, lengths.length) as beginning
    from unresolved
    cross join (
        select distinct length(name) as length from leaver_names
        where is_full
    ) as lengths

),

matched as (

    select
        leavers.item_key,
        leavers.left_at,
        leavers.horizon_at,
        unresolved.account_key,
        unresolved.valid_from,
        1 as reason_no,
        'candidate' as reason
    from unresolved
    inner join candidates
        on
            candidates.account_key = unresolved.account_key
            and (candidates.valid_from is null or unresolved.valid_to is null or candidates.valid_from < unresolved.valid_to)
            and (candidates.valid_to is null or unresolved.valid_from is null or candidates.valid_to > unresolved.valid_from)
    inner join leavers
        on leavers.person_id = candidates.person_id
    where unresolved.resolution = 'ambiguous'
    union all
    select
        leaver_names.item_key,
        leaver_names.left_at,
        leaver_names.horizon_at,
        account_names.account_key,
        account_names.valid_from,
        2 as reason_no,
        'name' as reason
    from leaver_names
    inner join account_names
        on account_names.name = leaver_names.name
    where leaver_names.is_full
    union all
    select
        leaver_names.item_key,
        leaver_names.left_at,
        leaver_names.horizon_at,
        beginnings.account_key,
        beginnings.valid_from,
        2 as reason_no,
        'name' as reason
    from leaver_names
    inner join beginnings
        on beginnings.beginning = leaver_names.name and beginnings.length = length(leaver_names.name)
    where leaver_names.is_full
    union all
    select
        leaver_names.item_key,
        leaver_names.left_at,
        leaver_names.horizon_at,
        account_names.account_key,
        account_names.valid_from,
        3 as reason_no,
        'short name' as reason
    from leaver_names
    inner join account_names
        on account_names.name = leaver_names.name and account_names.is_address
    where not leaver_names.is_full
    union all
    select
        leavers.item_key,
        leavers.left_at,
        leavers.horizon_at,
        unresolved.account_key,
        unresolved.valid_from,
        4 as reason_no,
        'leaver without account' as reason
    from leavers
    cross join unresolved
    where not leavers.has_account

),

overlapping as (

    select
        matched.item_key,
        matched.left_at,
        unresolved.account_key,
        unresolved.system,
        unresolved.instance,
        unresolved.login,
        unresolved.resolution,
        matched.reason
    from matched
    inner join unresolved
        on
            unresolved.account_key = matched.account_key
            and unresolved.valid_from is not distinct from matched.valid_from
            and unresolved.active_from < matched.horizon_at
            and (unresolved.disabled_at is null or unresolved.disabled_at > matched.left_at)
            and (unresolved.valid_from is null or unresolved.valid_from < matched.horizon_at)
            and (unresolved.valid_to is null or unresolved.valid_to > matched.left_at)
    qualify row_number() over (
        partition by matched.item_key, unresolved.account_key, unresolved.valid_from order by matched.reason_no nulls last
    ) = 1

),

final as (

    select distinct
        overlapping.item_key,
        overlapping.account_key,
        overlapping.system,
        overlapping.instance,
        overlapping.login,
        overlapping.resolution,
        overlapping.reason
    from overlapping
    left join registrations
        on
            registrations.account_key = overlapping.account_key
            and registrations.registered_from <= overlapping.left_at
            and {{ or_for_ever('registrations.registered_to') }} > overlapping.left_at
    where registrations.account_key is null

)

select * from final
