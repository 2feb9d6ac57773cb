-- When an account stood in the register of service accounts, itself or through the account of the identity provider that it signs in with.
-- A line holds from the collection that first shows it; what the first collection of the register shows reaches back to its own date.
-- For the time before, a line entered later is only a claim: back to its date, or to the last collection that showed the line otherwise.
with lists as (

    select
        instance,
        min(collected_at) as first_list_at
    from {{ ref('stg_ledger__collections') }}
    where
        source = 'registers'
        and resource = 'service_accounts'
        and kind = 'committed'
        and permission not in ('denied', 'not_available')
    group by instance

),

versions as (

    select
        *,
        lag(seen_to) over (partition by instance, record_key order by seen_from) as previous_seen_to
    from {{ ref('stg_registers__service_accounts_intervals') }}

),

dated as (

    select
        versions.*,
        {{ start_of_day('versions.registered_on', 'engagement.zone') }} as stated_from,
        {{ end_of_day('versions.valid_to', 'engagement.zone') }} as stated_to,
        case when versions.seen_from > lists.first_list_at then versions.seen_from end as shown_from
    from versions
    cross join {{ ref('int_engagement') }} as engagement
    left join lists
        on lists.instance = versions.instance

),

registrations as (

    select
        *,
        greatest(stated_from, shown_from) as registered_from,
        least(stated_to, gone_at) as registered_to,
        true as is_certain
    from dated
    union all
    select
        *,
        greatest(stated_from, previous_seen_to),
        least(stated_to, shown_from),
        false
    from dated
    where shown_from is not null

),

accounts as (

    select * from {{ ref('int_accounts') }}

),

links as (

    select * from {{ ref('int_account_idp_links') }}

),

direct as (

    select
        accounts.account_key,
        registrations.kind,
        registrations.owner_worker_id as owner_person_id,
        registrations.purpose,
        registrations.registered_from,
        registrations.registered_to,
        registrations.is_certain,
        registrations.instance,
        registrations.record_key,
        registrations.collection_id,
        registrations.collected_at,
        registrations.payload_sha256
    from registrations
    inner join accounts
        on
            accounts.system = registrations.system
            and accounts.instance = registrations.system_instance
            and accounts.account_id = registrations.account_id
    where registrations.registered_to is null or registrations.registered_to > registrations.registered_from

),

inherited as (

    select
        links.account_key,
        direct.kind,
        direct.owner_person_id,
        direct.purpose,
        direct.registered_from,
        direct.registered_to,
        direct.is_certain,
        direct.instance,
        direct.record_key,
        direct.collection_id,
        direct.collected_at,
        direct.payload_sha256
    from links
    inner join direct
        on direct.account_key = links.idp_account_key
    left join direct as own
        on own.account_key = links.account_key
    where own.account_key is null

),

final as (

    select
        *,
        false as is_inherited
    from direct
    union all
    select
        *,
        true as is_inherited
    from inherited

)

select * from final
