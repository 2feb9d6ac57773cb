with items as (

    select * from {{ ref('int_account_items') }}

),

records as (

    select * from {{ ref('int_access_records') }}

),

registrations as (

    select * from {{ ref('int_account_registrations') }}

),

final as (

    select
        items.item_key,
        records.source,
        records.instance,
        records.resource,
        records.record_key,
        records.collection_id,
        records.collected_at,
        records.payload_sha256
    from items
    inner join records
        on records.account_key = items.account_key
    union
    select
        items.item_key,
        records.source,
        records.instance,
        records.resource,
        records.record_key,
        records.collection_id,
        records.collected_at,
        records.payload_sha256
    from items
    inner join records
        on records.person_id = items.person_id
    union
    select
        items.item_key,
        'registers',
        registrations.instance,
        'service_accounts',
        registrations.record_key,
        registrations.collection_id,
        registrations.collected_at,
        registrations.payload_sha256
    from items
    inner join registrations
        on registrations.account_key = items.account_key

)

select * from final
