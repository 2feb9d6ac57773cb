with records as (

    select * from {{ latest_records('raw_registers', 'control_owners') }} as records

),

final as (

    select
        {{ json_text('payload', '$.control_id') }} as control_id,
        {{ json_date('payload', '$.valid_from') }} as valid_from,
        {{ json_text('payload', '$.owner_worker_id') }} as owner_worker_id,
        {{ json_text('payload', '$.owner') }} as owner,
        {{ json_text('payload', '$.owner_email') }} as owner_email,
        {{ json_text('payload', '$.backup_email') }} as backup_email,
        {{ json_date('payload', '$.valid_to') }} as valid_to,
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
