-- What was collected more than once and did not read the same, field by field, and register lines dated before they can have stood
-- there. Every version is in the vault.
with restatements as (

    select * from {{ ref('int_restatements') }}

),

back_dated_lines as (

    select * from {{ ref('int_back_dated_lines') }}

),

changes as (

    select * from restatements
    union all
    select * from back_dated_lines

),

final as (

    select
        instance,
        source,
        table_name,
        record_key,
        kind,
        field,
        before,
        after,
        before_collection_id,
        after_collection_id,
        after_collected_at,
        before_sha256,
        after_sha256
    from changes

)

select * from final
