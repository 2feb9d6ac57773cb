with terminations as (

    select * from {{ ref('int_terminations') }}
    where exclusion is null

),

accounts as (

    select * from {{ ref('int_termination_accounts') }}

),

records as (

    select * from {{ ref('int_access_records') }}

),

spells as (

    select
        terminations.item_key,
        records.source,
        records.instance,
        records.resource,
        records.record_key,
        records.collection_id,
        records.collected_at,
        records.payload_sha256
    from terminations
    inner join records
        on records.instance = terminations.instance and records.person_id = terminations.person_id

),

listed as (

    select
        accounts.item_key,
        records.source,
        records.instance,
        records.resource,
        records.record_key,
        records.collection_id,
        records.collected_at,
        records.payload_sha256
    from accounts
    inner join records
        on records.account_key = accounts.account_key

),

final as (

    select * from spells
    union
    select * from listed

)

select * from final
