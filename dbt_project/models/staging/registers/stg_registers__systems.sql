with records as (

    select * from {{ latest_records('raw_registers', 'systems') }} as records

),

final as (

    select
        {{ json_text('payload', '$.system') }} as system,
        {{ json_text('payload', '$.instance') }} as system_instance,
        {{ json_text('payload', '$.name') }} as name,
        {{ json_text('payload', '$.owner_worker_id') }} as owner_worker_id,
        {{ json_date('payload', '$.in_scope_from') }} as in_scope_from,
        {{ json_date('payload', '$.in_scope_to') }} as in_scope_to,
        {{ json_text('payload', '$.privileged_roles') }} as privileged_roles,
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
