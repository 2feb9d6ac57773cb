with tables as (

    select * from {{ source('raw_ledger', 'collection_tables') }}

),

final as (

    select
        collection_id,
        source,
        instance,
        resource,
        table_name,
        rows as row_count,
        distinct_keys,
        files
    from tables

)

select * from final
