-- When an account stood in the register of service accounts, itself or through the account of the identity provider that it signs in with.
with registrations as (

    select * from {{ ref('stg_registers__service_accounts') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}

),

links as (

    select * from {{ ref('int_account_idp_links') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

direct as (

    select
        accounts.account_key,
        registrations.kind,
        registrations.owner_worker_id as owner_person_id,
        registrations.purpose,
        {{ start_of_day('registrations.registered_on', 'engagement.zone') }} as registered_from,
        least({{ end_of_day('registrations.valid_to', 'engagement.zone') }}, registrations.gone_at) as registered_to,
        registrations.instance,
        registrations.record_key,
        registrations.collection_id,
        registrations.collected_at,
        registrations.payload_sha256,
    from registrations
    cross join engagement
    inner join accounts
        on
            accounts.system = registrations.system
            and accounts.instance = registrations.system_instance
            and accounts.account_id = registrations.account_id

),

inherited as (

    select
        links.account_key,
        direct.kind,
        direct.owner_person_id,
        direct.purpose,
        direct.registered_from,
        direct.registered_to,
        direct.instance,
        direct.record_key,
        direct.collection_id,
        direct.collected_at,
        direct.payload_sha256,
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
        false as is_inherited,
    from direct
    union all
    select
        *,
        true as is_inherited,
    from inherited

)

select * from final
