with records as (

    select * from {{ latest_records('raw_registers', 'quarantine') }} as records

),

final as (

    select
        {{ json_text('payload', '$.file') }} as file,
        {{ json_bigint('payload', '$.line') }} as line,
        {{ json_text('payload', '$.reason') }} as reason,
        {{ json_text('payload', '$.row') }} as row,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        gone_at,
        versions
    from records

)

select * from final
