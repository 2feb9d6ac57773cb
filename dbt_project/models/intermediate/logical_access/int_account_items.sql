-- The population of LA-01: one account of a system in scope for one interval of the period in which it existed.
with accounts as (

    select * from {{ ref('int_accounts') }}

),

usability as (

    select * from {{ ref('int_account_usability') }}

),

systems as (

    select * from {{ ref('int_access_systems') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

registrations as (

    select
        account_key,
        max(kind) as kind
    from {{ ref('int_account_registrations') }}
    cross join engagement
    where
        registered_from < engagement.period_end_at
        and (registered_to is null or registered_to > engagement.period_start_at)
    group by account_key

),

items as (

    select
        accounts.account_key,
        accounts.system,
        accounts.instance,
        accounts.account_id,
        accounts.login,
        accounts.email,
        accounts.person_id,
        accounts.owner_person_id,
        accounts.resolution,
        accounts.is_privileged,
        accounts.created_at,
        accounts.first_seen_at,
        coalesce(registrations.kind, accounts.account_kind) as account_kind,
        usability.active_from,
        usability.active_to,
        usability.suspended_from,
        greatest(usability.active_from, engagement.period_start_at) as occurred_at,
        least(coalesce(usability.proven_until, engagement.period_end_at), engagement.period_end_at) as last_active_at,
        least(coalesce(usability.proven_until, usability.observed_until), engagement.period_end_at) as observed_until,
        engagement.zone
    from accounts
    inner join usability
        on usability.account_key = accounts.account_key
    inner join systems
        on systems.system = accounts.system and systems.instance = accounts.instance
    cross join engagement
    left join registrations
        on registrations.account_key = accounts.account_key
    where
        usability.active_from < engagement.period_end_at
        and (usability.active_to is null or usability.active_to > engagement.period_start_at)

),

final as (

    select
        concat(instance, ':', account_id, '/', {{ instant_to_text('occurred_at') }}) as item_key,
        account_key,
        system,
        instance,
        account_id,
        login,
        email,
        account_kind,
        account_kind in ('service', 'break_glass', 'bot', 'shared') as is_non_human,
        person_id,
        owner_person_id,
        resolution,
        is_privileged,
        created_at,
        first_seen_at,
        active_from,
        active_to,
        suspended_from,
        occurred_at,
        {{ local_date('occurred_at', 'zone') }} as occurred_on,
        greatest(last_active_at, occurred_at) as evaluated_to,
        greatest(observed_until, occurred_at) as observed_until,
        last_active_at > occurred_at as is_active
    from items

)

select * from final
