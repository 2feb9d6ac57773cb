with records as (

    select * from {{ latest_records('raw_registers', 'service_accounts') }} as records

),

final as (

    select
        {{ json_text('payload', '$.system') }} as system,
        {{ json_text('payload', '$.instance') }} as system_instance,
        {{ json_text('payload', '$.account_id') }} as account_id,
        {{ json_date('payload', '$.registered_on') }} as registered_on,
        {{ json_text('payload', '$.kind') }} as kind,
        {{ json_text('payload', '$.owner_worker_id') }} as owner_worker_id,
        {{ json_text('payload', '$.purpose') }} as purpose,
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
