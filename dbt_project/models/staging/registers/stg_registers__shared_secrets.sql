with records as (

    select * from {{ latest_records('raw_registers', 'shared_secrets') }} as records

),

final as (

    select
        {{ json_text('payload', '$.secret_id') }} as secret_id,
        {{ json_text('payload', '$.worker_id') }} as worker_id,
        {{ json_text('payload', '$.system') }} as system,
        {{ json_text('payload', '$.name') }} as name,
        {{ json_date('payload', '$.known_from') }} as known_from,
        {{ json_timestamp('payload', '$.rotated_at') }} as rotated_at,
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
